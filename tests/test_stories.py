"""One event, many reports: articles of the days around it are one story, whatever order they come in."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from index import Archive, Article, MiniLM, UnknownArticle
from index.stories import NAMES, names
from tests.conftest import WordEmbedder, article, day

CAPSIZE = (
    "The ferry Kessary capsized off the Corbie Rocks, the coastguard of Skerrivane said. Capt. Maren Ostley counted "
    "eleven dead. The ship belongs to Greyhaven Lines, whose director Sybil Crane flew in from Port Arlen."
)
DIVERS = (
    "In the harbour the bells rang. Divers reached the car deck of the Kessary on the Corbie Rocks, Maren Ostley of "
    "the coastguard said, and Greyhaven Lines promised help. Sybil Crane laid a wreath in Skerrivane."
)
INQUIRY = (
    "A judge will ask why the ferry Kessary sank, the office of Maren Ostley said. Greyhaven Lines and Sybil Crane "
    "will be heard in Port Arlen. At the Corbie Rocks an alarm was silent, the coastguard of Skerrivane said."
)
APPLES = (
    "Growers in the valleys of Tolvane lost half of their apples, said Imogen Sarrat of the Orchard Union. The "
    "minister Bruno Castellane promised loans, and in Saltgate prices rose."
)


def told(name: str, body: str, date: str, **fields: object) -> Article:
    return article(name, body, published_at=day(date), publisher=name.capitalize(), **fields)


FERRY = (
    told("post", CAPSIZE, "2026-09-12"),
    told("daily", DIVERS, "2026-09-14"),
    told("wire", INQUIRY, "2026-09-18"),
    told("apples", APPLES, "2026-09-13"),
)


def others(archive: Archive, name: str) -> list[str]:
    return [each.article_id for each in archive.story(name).others]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 3, 1, 0), (2, 0, 3, 1)])
def test_reports_of_one_event_are_one_story_in_whatever_order_they_come(
    archive: Archive, order: tuple[int, ...]
) -> None:
    archive.ingest(FERRY[place] for place in order)
    assert others(archive, "post") == ["daily", "wire"]
    assert others(archive, "wire") == ["post", "daily"]
    assert len({archive.story(name).id for name in ("post", "daily", "wire")}) == 1
    assert others(archive, "apples") == []


def test_what_is_told_much_later_or_without_a_date_is_another_story(archive: Archive) -> None:
    archive.ingest([FERRY[0], told("late", DIVERS, "2026-09-30"), article("undated", DIVERS)])
    assert others(archive, "post") == others(archive, "late") == others(archive, "undated") == []


def test_copies_of_a_report_are_there_once(archive: Archive) -> None:
    copy = told("evening", f"{DIVERS} It rained.", "2026-09-15")
    archive.ingest([*FERRY, copy])
    assert others(archive, "post") == ["daily", "wire"]
    assert others(archive, "daily") == others(archive, "evening") == ["post", "wire"]


def test_an_article_that_is_rewritten_or_removed_leaves_its_story(archive: Archive) -> None:
    archive.ingest(FERRY)
    story = archive.story("daily").id
    archive.ingest([told("post", APPLES.replace("half", "a third"), "2026-09-12")])
    assert archive.story("post").id == archive.story("apples").id != story
    assert others(archive, "daily") == ["wire"]
    archive.remove("wire")
    assert others(archive, "daily") == []
    assert archive.story("daily").id == story
    with pytest.raises(UnknownArticle):
        archive.story("wire")


def test_a_story_keeps_its_name_when_its_only_article_is_corrected(archive: Archive) -> None:
    archive.ingest([FERRY[0]])
    before = archive.story("post").id
    archive.ingest([told("post", CAPSIZE.replace("eleven", "twelve"), "2026-09-12")])
    assert archive.story("post").id == before


def test_an_archive_of_an_older_dateline_gets_its_stories_when_it_is_opened(
    archive: Archive, words: WordEmbedder
) -> None:
    from index.tables import story_names, versions

    archive.ingest(FERRY)
    with archive._truth.begin() as truth:
        truth.execute(versions.update().values(story=None))
        truth.execute(story_names.delete())
    archive.close()
    with Archive(archive.home, words) as again:
        assert others(again, "post") == ["daily", "wire"]


def test_stories_are_found_in_postgresql_too(
    tmp_path: Path, words: WordEmbedder, database_url: str, chroma_url: str
) -> None:
    with Archive(tmp_path / "home", words, chroma_url, database_url) as archive:
        archive.ingest(FERRY)
        assert others(archive, "post") == ["daily", "wire"]
        archive.remove("daily")
        assert others(archive, "post") == ["wire"]


def test_the_shell_and_the_api_show_the_story(
    sample_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.http.articles import whole_article
    from bot.shell import app

    home = tmp_path / "samples"
    shutil.copytree(sample_home, home)
    monkeypatch.setenv("DATELINE_HOME", str(home))
    with Archive(home, MiniLM()) as archive:
        name = next(each.article.id for each in archive.articles() if each.article.title.startswith("At least 11 dead"))
        story = whole_article(name, archive)["story"]
    titles = [each["title"] for each in story["articles"]]
    assert "Ferry search ends with 24 dead as coastguard disputes the passenger count" in titles
    assert not [title for title in titles if "at least 11 dead" in title]
    shown = CliRunner().invoke(app, ["articles", "show", name])
    assert "same story, 2026-09-18" in shown.output
    document = json.loads(CliRunner().invoke(app, ["articles", "show", name, "--json"]).stdout)
    assert document["story"] == story


WORDS = st.sampled_from("The the Kessary ferry Arlen Monday of in said, sank. Skerrivane Daily’s Ostley was".split())


@given(st.lists(WORDS, max_size=40).map(" ".join), st.lists(WORDS, max_size=8).map(" ".join))
def test_names_stand_capital_within_a_sentence_and_nowhere_small(body: str, title: str) -> None:
    found = names(title, body, "The Daily")
    assert len(found) == len(set(found)) <= NAMES
    assert not set(found) & {"the", "ferry", "monday", "daily", "of", "was"}
    assert all(name.capitalize() in body for name in found)


def test_what_is_looked_up_for_every_article_is_found_by_an_index(archive: Archive) -> None:
    """Without one, the time a folder takes would grow with the square of its files."""
    archive.ingest(FERRY)
    lookups = (
        "SELECT article_id FROM versions WHERE source = 'a' AND current = 1",
        "SELECT id FROM versions WHERE body_digest = 'a' AND title = 'b' AND current = 1",
        "SELECT article_id FROM versions WHERE story = 'a' AND current = 1",
        "SELECT version_id FROM story_names WHERE key = 1 AND published_at BETWEEN '2026-01-01' AND '2026-01-08'",
        "SELECT version_id FROM bands WHERE key IN (1, 2)",
        "SELECT id FROM versions WHERE current AND publisher = 'a' AND correction IS NOT NULL AND published_at > '2'",
    )
    with archive._truth.connect() as truth:
        for lookup in lookups:
            plan = " ".join(str(row) for row in truth.exec_driver_sql(f"EXPLAIN QUERY PLAN {lookup}"))
            assert "SEARCH" in plan and "SCAN" not in plan, (lookup, plan)
            assert "published_at" not in lookup or "published_at>" in plan, (lookup, plan)
