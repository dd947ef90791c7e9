"""The archive: what ingest does to what is there, and that nothing derived is ever needed to get it back."""

import shutil
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from index import (
    Archive,
    ArchiveBusy,
    ArchiveDamaged,
    Article,
    BadArticle,
    BadConfiguration,
    ModelMismatch,
    ModelUnavailable,
    UnknownArticle,
)
from tests.conftest import ROOT, WordEmbedder, article, day

HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."
ORCHARD = "Apple growers lost half of their crop to frost. The ministry promised aid."


def test_new_articles_are_found(archive: Archive) -> None:
    report = archive.ingest([article("bridge", HARBOUR), article("apples", ORCHARD)])
    assert (report.new, report.failed) == (2, 0)
    found = archive.search("What do the bridge repairs cost?", 5)
    assert found[0].article.id == "bridge"
    assert set(found[0].found_by) == {"words", "vectors"}


def test_every_sentence_of_every_passage_is_the_stored_text(archive: Archive) -> None:
    archive.ingest([article("bridge", "\n\n".join([HARBOUR] * 60))])
    body = archive.versions("bridge")[-1].article.body
    found = archive.search("bridge", 50)
    assert len(found) > 3
    for evidence in found:
        assert evidence.passage.text == body[evidence.passage.start : evidence.passage.end]
        for span in evidence.passage.sentences:
            assert evidence.passage.quote(span) == body[span.start : span.end]


def test_the_same_again_is_unchanged_and_costs_no_embedding(archive: Archive, words: WordEmbedder) -> None:
    archive.ingest([article("bridge", HARBOUR)])
    before = words.embedded
    report = archive.ingest([article("bridge", HARBOUR, source="elsewhere.txt")])
    assert (report.unchanged, words.embedded) == (1, before)


def test_a_change_makes_a_new_version_and_the_old_text_is_no_longer_found(archive: Archive) -> None:
    archive.ingest([article("bridge", HARBOUR)])
    report = archive.ingest([article("bridge", HARBOUR.replace("12 million", "15 million"))])
    assert report.updated == 1
    versions = archive.versions("bridge")
    assert [version.current for version in versions] == [False, True]
    assert "12 million" in versions[0].article.body
    assert all("12 million" not in found.passage.text for found in archive.search("12 million crowns", 10))


def test_the_same_text_by_the_same_publisher_is_a_duplicate(archive: Archive) -> None:
    first = article("one", HARBOUR, title="Bridge", publisher="The Bell")
    report = archive.ingest([first, article("two", HARBOUR, title="Bridge", publisher="The Bell")])
    assert (report.new, report.duplicates) == (1, 1)


def test_wire_copies_of_several_publishers_are_kept_but_count_as_one_source(archive: Archive) -> None:
    copies = [
        article("late", HARBOUR, publisher="The Bell", published_at=day("2026-09-02")),
        article("early", HARBOUR, publisher="Wire", published_at=day("2026-09-01")),
    ]
    assert archive.ingest(copies).new == 2
    assert [found.article.id for found in archive.search("bridge repairs", 10)] == ["early"]


def test_one_id_for_two_different_articles_is_refused_and_changes_nothing(archive: Archive) -> None:
    archive.ingest([article("1", HARBOUR, source="a.jsonl#1")])
    report = archive.ingest([article("1", ORCHARD, source="b.jsonl#1")])
    assert report.errors == (
        ("b.jsonl#1", "field id: '1' is already the id of an article from a.jsonl#1; give this one another id"),
    )
    assert archive.versions("1")[-1].article.body == HARBOUR


def test_a_bad_article_is_reported_and_the_rest_goes_on(archive: Archive) -> None:
    report = archive.ingest([BadArticle("x.txt", "is empty"), article("bridge", HARBOUR)])
    assert (report.new, report.errors) == (1, (("x.txt", "is empty"),))


def test_a_removed_article_is_gone_from_everywhere(archive: Archive) -> None:
    archive.ingest([article("bridge", HARBOUR), article("apples", ORCHARD)])
    archive.remove("bridge")
    assert [found.article.id for found in archive.search("bridge repairs", 10)] == ["apples"]
    with pytest.raises(UnknownArticle, match="No article has the id 'bridge'"):
        archive.versions("bridge")
    assert archive.problems() == []


def test_when_the_embedder_fails_the_archive_stays_as_it_was(tmp_path: Path) -> None:
    class Failing(WordEmbedder):
        def embed(self, texts):  # type: ignore[no-untyped-def]
            if any("apple" in text.lower() for text in texts):
                raise ModelUnavailable("The server is away.")
            return super().embed(texts)

    with Archive(tmp_path / "home", Failing()) as archive:
        archive.ingest([article("bridge", HARBOUR)])
        with pytest.raises(ModelUnavailable):
            archive.ingest([article("bridge", ORCHARD)])
        assert archive.versions("bridge")[-1].article.body == HARBOUR
        assert archive.search("bridge", 1)[0].article.id == "bridge"
        assert archive.problems() == []


def test_another_model_is_refused_until_the_archive_is_embedded_again(tmp_path: Path) -> None:
    class Other(WordEmbedder):
        id = "words-32"
        dimension = 32

    home = tmp_path / "home"
    with Archive(home, WordEmbedder()) as archive:
        archive.ingest([article("bridge", HARBOUR), article("apples", ORCHARD)])
    with pytest.raises(ModelMismatch, match="dateline articles reembed"):
        Archive(home, Other())
    with Archive(home, Other(), reembed=True) as archive:
        archive.reembed()
    with Archive(home, Other()) as archive:
        assert archive.search("frost on apples", 1)[0].article.id == "apples"
        assert archive.problems() == []


def test_a_second_process_is_told_who_owns_the_archive(archive: Archive) -> None:
    code = f"""
        from pathlib import Path
        from index import Archive
        from tests.conftest import WordEmbedder
        try:
            Archive(Path({str(archive.home)!r}), WordEmbedder())
        except Exception as error:
            print(type(error).__name__, error)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.startswith("ArchiveBusy The archive in")
    assert "is in use by process" in done.stdout
    with pytest.raises(ArchiveBusy):
        Archive(archive.home, WordEmbedder())


@pytest.mark.parametrize("damage", ["truncated", "garbage"])
@pytest.mark.parametrize("index", ["chroma-0", "words-0"])
def test_a_damaged_index_is_named_and_rebuilt_without_embedding(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str, index: str
) -> None:
    home = tmp_path / "home"
    with Archive(home, WordEmbedder()) as archive:
        archive.ingest([article("bridge", HARBOUR), article("apples", ORCHARD)])
        assert archive.problems() == []
    for path in [path for path in (home / index).rglob("*") if path.is_file()]:
        path.write_bytes(b"" if damage == "truncated" else b"garbage" * 100)
    embedder = WordEmbedder()
    with Archive(home, embedder) as archive:
        named = " ".join([caplog.text, *archive.problems()])
        assert ("vector index" if index == "chroma-0" else "word index") in named
        archive.repair()
        assert archive.problems() == []
        assert archive.search("frost on apples", 1)[0].article.id == "apples"
    assert embedder.embedded == 1  # the question


@pytest.mark.parametrize("index", ["chroma-0", "words-0"])
def test_an_index_that_is_gone_is_rebuilt_at_the_next_start(tmp_path: Path, index: str) -> None:
    home = tmp_path / "home"
    with Archive(home, WordEmbedder()) as archive:
        archive.ingest([article("bridge", HARBOUR)])
    shutil.rmtree(home / index)
    with Archive(home, WordEmbedder()) as archive:
        assert archive.search("bridge", 1)[0].found_by == ("words", "vectors")
        assert archive.problems() == []


def test_a_new_truth_does_not_inherit_the_indexes_of_an_old_one(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Archive(home, WordEmbedder()) as archive:
        archive.ingest([article("bridge", HARBOUR)])
    for path in home.glob("truth.db*"):
        path.unlink()
    code = f"""
        from pathlib import Path
        from index import Archive
        from tests.conftest import WordEmbedder, article
        with Archive(Path({str(home)!r}), WordEmbedder()) as archive:
            archive.ingest([article("apples", "Frost hit the apples.")])
            print(archive.problems())
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip() == "[]"


def test_an_empty_archive_is_sound(archive: Archive) -> None:
    assert archive.problems() == []


def test_a_file_that_gains_a_url_is_still_the_same_article(archive: Archive) -> None:
    archive.ingest([article("a-1", HARBOUR, source="up/a.md")])
    report = archive.ingest([article("a-2", ORCHARD, source="up/a.md", url="https://bell.example/1")])
    assert (report.updated, report.new) == (1, 0)
    assert [version.current for version in archive.versions("a-1")] == [False, True]


@pytest.mark.parametrize("name", ["wh?at", "p%20q é#x", "two words"])
def test_any_legal_path_can_be_the_data_directory(tmp_path: Path, name: str) -> None:
    with Archive(tmp_path / name, WordEmbedder()) as archive:
        archive.ingest([article("bridge", HARBOUR)])
    assert (tmp_path / name / "truth.db").is_file()


def test_a_data_directory_that_is_a_file_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(BadConfiguration, match="DATELINE_HOME"):
        Archive(tmp_path / "home", WordEmbedder())


def test_an_unclean_end_is_noticed_and_mended_at_the_next_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Archive(home, WordEmbedder()) as archive:
        archive.ingest([article("bridge", HARBOUR)])
    (home / "derived-being-written").write_text("as a killed process leaves it")
    shutil.rmtree(home / "words-0")
    with Archive(home, WordEmbedder()) as archive:
        assert archive.search("bridge", 1)[0].found_by == ("words", "vectors")
        assert archive.problems() == []


def test_a_truth_that_is_no_database_is_said_and_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "truth.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(ArchiveDamaged, match="cannot be read"):
        Archive(home, WordEmbedder())
    assert (home / "truth.db").read_bytes().startswith(b"this is not")


def test_articles_are_listed_newest_first_and_undated_last(archive: Archive) -> None:
    def dated(name: str, date: str | None) -> Article:
        return article(name, f"{ORCHARD} {name}", published_at=day(date) if date else None)

    archive.ingest([dated("undated", None), dated("old", "2026-01-01"), dated("new", "2026-02-01")])
    assert [each.article.id for each in archive.articles()] == ["new", "old", "undated"]


def test_an_archive_of_an_older_dateline_is_opened_and_gets_what_it_lacks(tmp_path: Path, words: WordEmbedder) -> None:
    home = tmp_path / "home"
    with Archive(home, words) as archive:
        archive.ingest([article("bridge", HARBOUR)])
    with closing(sqlite3.connect(home / "truth.db")) as truth:
        for table in ("polls", "retractions"):
            truth.execute(f"DROP TABLE {table}")
        for column in ("published_origin", "modified_origin"):
            truth.execute(f"ALTER TABLE versions DROP COLUMN {column}")
        truth.commit()
    embedded = words.embedded
    for _ in range(2):
        with Archive(home, words) as archive:
            assert archive.ingest([article("bridge", HARBOUR)]).unchanged == 1
            assert archive.versions("bridge")[0].article.published_origin is None
            assert archive.retractions() == []
    assert words.embedded == embedded


def test_what_is_retracted_is_gone_and_its_reason_kept(archive: Archive) -> None:
    archive.ingest([article("bridge", HARBOUR, url="https://a.example/1")])
    archive.retract("bridge", "The feed says that it was withdrawn.")
    assert archive.search("bridge repairs", 3) == []
    (kept,) = archive.retractions()
    assert (kept.article_id, kept.url, kept.reason) == (
        "bridge", "https://a.example/1", "The feed says that it was withdrawn.",
    )  # fmt: skip
    with pytest.raises(UnknownArticle):
        archive.retract("bridge", "again")
    assert archive.ingest([article("bridge", HARBOUR, url="https://a.example/1")]).new == 1


def test_a_search_ends_well_while_articles_are_replaced_and_deleted(archive: Archive) -> None:
    archive.ingest([article(f"kept{number}", HARBOUR.replace("12", str(number))) for number in range(3)])
    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(_replace_and_delete, archive)
        searches = 0
        while not changing.done():
            assert archive.search("bridge repairs", 10)
            searches += 1
        changing.result()
    assert searches > 10


def _replace_and_delete(archive: Archive) -> None:
    for number in range(8):
        archive.ingest([article("bridge", f"{HARBOUR} Ferry {number} runs.")])
        archive.remove("bridge")
