"""An archive moved and backed up: the same articles, ids and answers on the other side, and nothing embedded again."""

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.shell import app
from index import (
    Archive,
    ArchiveDamaged,
    BadArticle,
    BadConfiguration,
    BadRequest,
    Evidence,
    Filter,
    Given,
    ModelMismatch,
    back_up,
    restore,
)
from tests.conftest import WordEmbedder, article, day

BRIDGE = (
    "The harbour bridge will close on Monday. Its repairs cost 12 million crowns, the mayor said. Ferries will run."
)
APPLES = "Apple growers lost half of their crop to frost. The ministry of agriculture promised loans in May."
THEN = Filter(as_of=day("2026-09-02"))


@pytest.fixture
def full(archive: Archive) -> Archive:
    """Two versions, a copy, a retraction and an answer."""
    archive.ingest([article("bridge", BRIDGE, publisher="Wire", published_at=day("2026-09-01"), section="News")])
    archive.ingest(
        [
            article(
                "bridge", BRIDGE.replace("12", "15"), publisher="Wire", section="News",
                published_at=day("2026-09-01"), modified_at=day("2026-09-03"), published_origin="json-ld",
            ),
            article("copy", BRIDGE.replace("12", "15"), publisher="Post", published_at=day("2026-09-04")),
            article("apples", APPLES),
            article("wrong", "A fish was made mayor of the city, and nobody minded at all."),
        ]
    )  # fmt: skip
    archive.retract("wrong", "It was made up.")
    archive.answers.save(Given("ans_1", "conv_1", "Is it closed?", json.dumps({"citations": []})))
    return archive


def told(found: list[Evidence]) -> list[tuple[object, ...]]:
    # Not the scores: Tantivy counts words of deleted passages until it merges them away.
    return [(each.article, each.passage.text, each.passage.start, each.copies, each.correction) for each in found]


def asked(archive: Archive) -> list[list[tuple[object, ...]]]:
    questions = ("harbour bridge repairs", "frost and apples", "mayor")
    return [told(archive.search(question, 5, chosen)) for question in questions for chosen in (Filter(), THEN)]


def held(archive: Archive) -> dict[str, list[tuple[object, ...]]]:
    return {
        each.article.id: [
            (version.number, version.article, version.seen_at, version.first_seen_at, version.replaced_at)
            for version in archive.versions(each.article.id)
        ]
        for each in archive.articles()
    }


def test_an_exported_archive_is_the_same_on_the_other_side(full: Archive, tmp_path: Path) -> None:
    assert full.export(tmp_path / "moved.jsonl") == 6
    embedder = WordEmbedder()
    with Archive(tmp_path / "other", embedder) as other:
        report = other.import_(tmp_path / "moved.jsonl")
        assert (report.new, report.errors) == (3, ())
        assert embedder.embedded == 0
        assert held(other) == held(full)
        assert asked(other) == asked(full)
        assert other.retractions() == full.retractions()
        assert other.answers.get("ans_1") == full.answers.get("ans_1")
        assert other.problems() == []
        before = embedder.embedded
        again = other.import_(tmp_path / "moved.jsonl")
        assert (again.new, again.unchanged, again.errors) == (0, 3, ())
        assert (held(other), other.retractions()) == (held(full), full.retractions())
        assert other.ingest([article("apples", APPLES)]).unchanged == 1
        assert embedder.embedded == before
        assert other.export(tmp_path / "back.jsonl") == 6
    assert sorted((tmp_path / "back.jsonl").open()) == sorted((tmp_path / "moved.jsonl").open())


def test_a_later_export_brings_what_is_new_and_leaves_what_differs(full: Archive, tmp_path: Path) -> None:
    full.export(tmp_path / "first.jsonl")
    full.ingest(
        [article("apples", APPLES + " Prices rose."), article("more", "A whale swam into the harbour at dawn.")]
    )
    full.ingest([article("bridge", BRIDGE.replace("12", "17"), publisher="Wire")])
    full.export(tmp_path / "second.jsonl")
    with Archive(tmp_path / "other", WordEmbedder()) as other:
        other.import_(tmp_path / "first.jsonl")
        other.ingest([article("bridge", "Something else altogether was written here.", source="bridge.txt")])
        report = other.import_(tmp_path / "second.jsonl")
        assert (report.new, report.updated, report.unchanged) == (1, 1, 1)
        assert [reason.split(";")[0] for _, reason in report.errors] == [
            "The article 'bridge' is here already, with other versions"
        ]
        assert "Prices rose" in other.search("apple prices", 1)[0].passage.text
        assert other.problems() == []


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda line: line[: len(line) // 2], "not JSON"),
        (lambda line: line.replace("million crowns", "billion crowns"), "not what its digest says"),
        (lambda line: line.replace('"sentences":[[0', '"sentences":[[900'), "do not lie within"),
        (lambda line: line.replace('"vector":"', '"vector":"AAAA'), "vectors of a passage|damaged"),
        (lambda line: line.replace('"versions":[', '"versions":[],"x":['), "no versions"),
        (lambda line: "{}", "neither an article"),
        (lambda line: "[1]", "neither|damaged"),
    ],
)
def test_a_damaged_line_is_named_and_the_others_are_stored(full: Archive, tmp_path: Path, damage, reason) -> None:  # type: ignore[no-untyped-def]
    full.export(tmp_path / "moved.jsonl")
    lines = (tmp_path / "moved.jsonl").read_text("utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith('{"article":"bridge"'))
    lines[at] = damage(lines[at])
    (tmp_path / "moved.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    with Archive(tmp_path / "other", WordEmbedder()) as other:
        report = other.import_(tmp_path / "moved.jsonl")
        ((place, said),) = report.errors
        assert place == f"{tmp_path / 'moved.jsonl'}:{at + 1}"
        assert any(part in said for part in reason.split("|"))
        assert {each.article.id for each in other.articles()} == {"apples", "copy"}
        assert other.problems() == []


def test_what_is_no_export_is_refused_before_anything_is_stored(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"title": "An article", "text": "Of words."}\n')
    with pytest.raises(BadArticle, match="no exported archive"):
        archive.import_(tmp_path / "x.jsonl")
    (tmp_path / "y.jsonl").write_text('{"format": "dateline-archive-1", "model": "another"}\n')
    with pytest.raises(ModelMismatch, match="DATELINE_EMBEDDING_MODEL"):
        archive.import_(tmp_path / "y.jsonl")


def test_a_backup_is_taken_while_the_archive_is_written_and_restored_whole(full: Archive, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            full.ingest([article(f"n{number}", f"The parcel number{number} reached harbour{number} on time.")])

    writing = threading.Thread(target=write)
    writing.start()
    try:
        for number in range(3):
            assert back_up(full.home, tmp_path / f"{number}.backup") > 0
    finally:
        stop.set()
        writing.join()
    restore(tmp_path / "2.backup", tmp_path / "again")
    embedder = WordEmbedder()
    with Archive(tmp_path / "again", embedder) as again:
        known = held(full)
        assert {"bridge", "copy", "apples"} <= set(held(again)) <= set(known)
        assert all(versions == known[name] for name, versions in held(again).items())
        assert again.problems() == []
        assert embedder.embedded == 0
        assert "15 million" in again.search("harbour bridge repairs", 1)[0].passage.text
        assert again.answers.get("ans_1") is not None


def test_another_process_can_back_up_what_a_server_owns(full: Archive, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from bot.shell import main; main()", "backup", str(tmp_path / "b"), "--json"]
    environment = {"DATELINE_HOME": str(full.home), "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert json.loads(done.stdout)["bytes"] == (tmp_path / "b").stat().st_size


def test_a_backup_is_restored_only_whole_and_only_into_an_empty_directory(full: Archive, tmp_path: Path) -> None:
    back_up(full.home, tmp_path / "whole")
    (tmp_path / "garbage").write_bytes(b"no database at all" * 1000)
    content = (tmp_path / "whole").read_bytes()
    (tmp_path / "cut").write_bytes(content[: len(content) // 2])
    with closing(sqlite3.connect(tmp_path / "other")) as other:
        other.execute("CREATE TABLE things (name TEXT)")
    for name in ("garbage", "cut", "other"):
        with pytest.raises(ArchiveDamaged):
            restore(tmp_path / name, tmp_path / "home2")
        assert sorted(each.name for each in (tmp_path / "home2").iterdir()) == ["lock"]
    restore(tmp_path / "whole", tmp_path / "home2")
    with pytest.raises(BadRequest, match="is not empty"):
        restore(tmp_path / "whole", tmp_path / "home2")
    with pytest.raises(BadConfiguration, match="no archive"):
        back_up(tmp_path / "nowhere", tmp_path / "b")
    with pytest.raises(BadRequest, match="elsewhere"):
        back_up(full.home, full.home / "b")


def test_the_commands_move_an_archive(sample_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(sample_home, tmp_path / "a")
    run = CliRunner().invoke

    def at(home: str, *command: str) -> dict[str, object]:
        monkeypatch.setenv("DATELINE_HOME", str(tmp_path / home))
        done = run(app, [*command, "--json"])
        assert done.exit_code == 0, done.output
        return dict(json.loads(done.stdout))

    assert at("a", "articles", "export", "moved.jsonl")["articles"] == 44
    assert at("b", "articles", "import", "moved.jsonl")["new"] == 44
    at("a", "backup", "a.backup")
    assert at("c", "restore", "a.backup")["articles"] == 44
    question = ("ask", "What was Tarnholt's net loss?")
    a, b, c = (at(home, *question) for home in "abc")
    assert a["text"] == b["text"] == c["text"]
    assert a["citations"] == b["citations"] == c["citations"]


def test_what_is_imported_is_looked_at_for_copies_and_stories(
    full: Archive, words: WordEmbedder, tmp_path: Path
) -> None:
    full.export(tmp_path / "all.jsonl")
    early = article("early", BRIDGE.replace("12", "15"), publisher="Early", published_at=day("2026-09-01"))
    later = article("later", APPLES, publisher="Later", published_at=day("2026-12-01"))
    with Archive(tmp_path / "again", words) as there:
        there.ingest([early, later])
        there.import_(tmp_path / "all.jsonl")
        assert {each.article_id for each in there.carriers("copy")} == {"early", "bridge", "copy"}
        assert {each.article_id for each in there.carriers("apples")} == {"later", "apples"}
        assert there.story("bridge").id != there.story("apples").id
        there.import_(tmp_path / "all.jsonl")
        assert there.holdings().articles == 5


def test_backing_up_postgresql_is_left_to_its_own_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATELINE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    (tmp_path / "backup").write_text("")
    for command in ("backup", "restore"):
        refused = CliRunner().invoke(app, [command, str(tmp_path / "backup")])
        assert isinstance(refused.exception, BadConfiguration)
        for way_out in ("pg_dump", "pg_restore", "dateline articles export"):
            assert way_out in str(refused.exception)
    assert (tmp_path / "backup").read_text() == ""
