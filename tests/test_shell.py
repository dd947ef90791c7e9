"""The shell, run as people run it: commands, JSON contracts, exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.news_server import news_server
from tests.test_sources import item, page, rss

DATELINE = Path(sys.executable).with_name("dateline")
HARBOUR = "Harbour bridge to close\n\nThe harbour bridge will close on Monday. Repairs cost 12 million crowns.\n"


def dateline(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the test's own directory, with nothing of the user's settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DATELINE_", "OPENAI_"))}
    command = [str(DATELINE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**clean, **settings}, timeout=60)


def as_json(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    path = tmp_path / "bridge.txt"
    path.write_text(HARBOUR)
    assert dateline("ingest", str(path)).stdout == "1 new, 0 updated, 0 unchanged, 0 duplicates, 0 failed\n"
    return path


def test_help_names_the_commands() -> None:
    done = dateline("--help")
    assert done.returncode == 0
    for command in ("demo", "ingest", "ask", "serve", "articles", "status", "check"):
        assert command in done.stdout


def test_ingest_says_what_became_of_each_file(harbour: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("")
    done = dateline("ingest", str(tmp_path), "--json")
    assert done.returncode == 1  # partly refused
    report = json.loads(done.stdout)
    assert {name: report[name] for name in ("new", "updated", "unchanged", "duplicates", "failed")} == {
        "new": 0,
        "updated": 0,
        "unchanged": 1,
        "duplicates": 0,
        "failed": 1,
    }
    assert report["errors"][0]["source"].endswith("empty.txt")
    harbour.write_text(HARBOUR.replace("12", "15"))
    assert as_json(dateline("ingest", str(harbour), "--json"))["updated"] == 1


def test_an_answer_has_the_shape_of_the_contract(harbour: Path) -> None:
    answer = as_json(dateline("ask", "What do the bridge repairs cost?", "--json"))
    assert list(answer) == [
        "answer_id", "conversation_id", "question", "standalone_question", "status", "text", "as_of", "sentences",
        "citations", "sources", "writer", "model", "usage", "timings_ms",
    ]  # fmt: skip
    assert list(answer["citations"][0]) == [
        "index", "article_id", "title", "publisher", "byline", "published_at", "url", "quote", "start", "end",
        "highlight_url", "verdict",
    ]  # fmt: skip
    assert list(answer["sources"][0]) == [
        "article_id", "title", "publisher", "published_at", "url", "score", "outlets", "copies", "correction",
    ]  # fmt: skip
    assert answer["sentences"][0] == {
        "text": "Repairs cost 12 million crowns.",
        "citations": [1],
        "verdict": "verbatim",
    }
    assert answer["usage"] == {"prompt_tokens": 0, "completion_tokens": 0, "cost_usd": 0.0}


def test_an_answer_on_the_terminal_shows_the_quote_where_it_stands(harbour: Path) -> None:
    done = dateline("ask", "What do the bridge repairs cost?", COLUMNS="60")
    assert done.returncode == 0
    assert "Repairs cost 12 million crowns. [1]" in done.stdout
    assert "[1] Harbour bridge to close" in done.stdout
    assert "will close on Monday. Repairs cost 12 million crowns." in done.stdout.replace("\n    ", " ")
    assert max(map(len, done.stdout.splitlines())) <= 60


def test_nothing_found_is_no_failure(harbour: Path) -> None:
    answer = as_json(dateline("ask", "Who won the chess final?", "--json"))
    assert (answer["status"], answer["citations"]) == ("abstained", [])


def test_articles_are_listed_shown_and_removed(harbour: Path) -> None:
    listed = as_json(dateline("articles", "list", "--json"))
    assert listed["total"] == 1
    name = listed["articles"][0]["article_id"]
    assert as_json(dateline("articles", "show", name, "--json"))["versions"][0]["current"] is True
    assert "Repairs cost 12 million crowns." in dateline("articles", "show", name).stdout
    assert as_json(dateline("articles", "remove", name, "--json")) == {
        "removed": name,
        "reason": None,
        "affected": [],
    }
    gone = dateline("articles", "show", name)
    assert (gone.returncode, gone.stdout) == (1, "")
    assert f"No article has the id '{name}'" in gone.stderr


def test_status_and_check_tell_how_things_stand(harbour: Path) -> None:
    status = as_json(dateline("status", "--json"))
    assert (status["articles"], status["waiting_changes"], status["writer"]) == (1, 0, "extractive")
    assert as_json(dateline("check", "--json")) == {"problems": [], "repaired": False, "left": []}
    for path in Path(".dateline/words-0").iterdir():
        path.write_bytes(b"")
    mended = dateline("check")  # an index that cannot be read is built anew as soon as the archive is opened
    assert (mended.returncode, mended.stdout) == (0, "The archive is sound.\n")
    assert as_json(dateline("check", "--repair", "--json")) == {"problems": [], "repaired": True, "left": []}


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "message"),
    [
        (("ask", " "), {}, 2, "The question is empty"),
        (("ask", "q", "--k", "0"), {}, 2, "k must be between 1 and 100"),
        (("ask", "q", "--from", "soon"), {}, 2, "from is no date that can be read: 'soon'"),
        (("ask", "q", "--from", "2026-02-02", "--to", "2026-02-01"), {}, 2, "must be before"),
        (("ask", "q", "--publisher", "Nobody"), {}, 2, "The archive has nothing by 'Nobody'"),
        (("ask",), {}, 2, "Missing argument"),
        (
            ("status",),
            {"DATELINE_HOMES": "x"},
            2,
            "DATELINE_HOMES (environment) is unknown. Did you mean DATELINE_HOME?",
        ),
        (("status",), {"DATELINE_LLM_TIMEOUT_S": "-1"}, 2, "DATELINE_LLM_TIMEOUT_S is wrong"),
        (("status",), {"DATELINE_WRITER": "llm"}, 2, "neither OPENAI_API_KEY nor DATELINE_LLM_BASE_URL is set"),
        (("status",), {"DATELINE_EMBEDDING_MODEL": "text-embedding-3-small"}, 2, "set OPENAI_API_KEY"),
        (("status",), {"DATELINE_CHROMA_URL": "ftp://x"}, 2, "DATELINE_CHROMA_URL is wrong"),
        (("ask", "q", "--as-of", "9999-12-31"), {}, 2, "is in the future"),
        (("status",), {"DATELINE_HOME": "/dev/null"}, 2, "The data directory /dev/null cannot be used"),
        (("serve", "--port", "99999"), {}, 2, "65535"),
        (("ingest", ""), {}, 1, "The path is empty"),
        (("ingest", "~nobody-here/x"), {}, 1, "There is no such file or folder"),
        (("ingest", "nowhere"), {}, 1, "There is no such file or folder"),
        (("ingest", "http://127.0.0.1:9/1"), {}, 1, "not a public address"),
        (("ingest", "ftp://news.example/1"), {}, 1, "Only http and https"),
        (("ingest",), {}, 2, "Say what to ingest"),
        (("status",), {"DATELINE_FETCH_DELAY_S": "-1"}, 2, "DATELINE_FETCH_DELAY_S is wrong"),
        (("ingest", "http://127.0.0.1/"), {"DATELINE_FETCH_ALLOW_PRIVATE": "10.0.0.1/8"}, 2, "has host bits set"),
    ],
)
def test_wrong_usage_gets_its_code_and_its_reason(
    arguments: tuple[str, ...], settings: dict[str, str], code: int, message: str
) -> None:
    done = dateline(*arguments, **settings)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert message in " ".join(done.stderr.split())


def test_an_empty_key_is_no_key() -> None:
    assert as_json(dateline("status", "--json", OPENAI_API_KEY="", DATELINE_LLM_BASE_URL=""))["writer"] == "extractive"


def test_an_error_is_json_too_when_json_is_asked_for() -> None:
    done = dateline("ask", " ", "--json")
    assert json.loads(done.stdout)["error"]["code"] == "BadRequest"


def test_settings_are_read_from_the_file_too_and_misspelt_ones_named(tmp_path: Path) -> None:
    (tmp_path / "dateline.toml").write_text('home = "elsewhere"\n')
    assert as_json(dateline("status", "--json"))["home"] == "elsewhere"
    (tmp_path / "dateline.toml").write_text('hom = "elsewhere"\n')
    assert "DATELINE_HOM (dateline.toml) is unknown" in dateline("status").stderr
    (tmp_path / "dateline.toml").write_text("home = \n")
    assert "dateline.toml cannot be read" in dateline("status").stderr


def test_addresses_are_ingested_beside_files_and_dated_with_their_origin(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(HARBOUR)
    with news_server() as news:
        date = "<pubDate>Fri, 01 May 2026 10:00:00 GMT</pubDate>"
        news.put("/ferry", page("Ferry", body="The ferry sails again. It had been under repair since the storm."))
        feed = news.put("/feed", rss(item(f"{news.url}/ferry", "Ferry", date)), "application/rss+xml")
        local = {"DATELINE_FETCH_ALLOW_PRIVATE": "127.0.0.1", "DATELINE_FETCH_DELAY_S": "0"}
        report = as_json(dateline("ingest", str(tmp_path / "a.txt"), feed, "--json", **local))
    assert (report["new"], report["failed"], report["retracted"]) == (2, 0, 0)
    ferry, bridge = as_json(dateline("articles", "list", "--json"))["articles"]
    assert (ferry["title"], ferry["publisher"]) == ("Ferry", "The Bell")
    shown = as_json(dateline("articles", "show", ferry["article_id"], "--json"))
    assert (shown["published_at"], shown["published_origin"]) == ("2026-05-01T10:00:00Z", "feed")
    assert as_json(dateline("articles", "show", bridge["article_id"], "--json"))["published_origin"] is None


def test_standing_sources_are_watched_until_interrupted_and_their_health_is_shown(tmp_path: Path) -> None:
    with news_server() as news:
        news.put("/ferry", page("Ferry", body="The ferry sails again. It had been under repair since the storm."))
        links = item(f"{news.url}/ferry", "Ferry"), item(f"{news.url}/absent", "Absent")
        feed = news.put("/feed", rss(*links), "application/rss+xml")
        settings = f'sources = ["{feed}"]\nfetch_allow_private = ["127.0.0.1"]\nfetch_delay_s = 0\n'
        (tmp_path / "dateline.toml").write_text(settings)
        assert as_json(dateline("status", "--json"))["sources"][0]["health"] == "waiting"
        command = [str(DATELINE), "ingest", "--watch", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
            assert watching.stderr is not None
            said = [watching.stderr.readline() for _ in range(3)]
            watching.send_signal(signal.SIGINT)
            out, _ = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert said[0].startswith("Watching 1 sources")
    report = json.loads(out)
    assert (report["new"], report["failed"]) == (1, 1)
    (source,) = as_json(dateline("status", "--json"))["sources"]
    assert (source["source"], source["health"], source["pages"], source["pages_waiting"]) == (feed, "ok", 2, 0)
    assert source["last_success"] is not None
    assert f"ok       {feed}: last success" in " ".join(dateline("status", COLUMNS="200").stdout.split("\n"))


def test_every_command_that_ends_can_print_json() -> None:
    from bot.shell import app

    without = {path for path, options in _commands(typer.main.get_command(app)) if "--json" not in options}
    assert without == {"serve", "mcp"}


def _commands(command: Any, path: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command by its path, with its options."""
    for name, each in getattr(command, "commands", {}).items():
        yield from _commands(each, f"{path} {name}".strip())
    if path and not getattr(command, "commands", {}):
        yield path, {option for parameter in command.params for option in parameter.opts}


def test_progress_is_a_line_now_and_then_where_a_log_is_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bot.shell import output

    with output.progress("Ingesting", 4, unit="articles") as done:
        done()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(output, "A_LINE_EVERY_S", 0.001)
    with output.progress("Ingesting", 4_000, unit="articles") as done:
        done()
        time.sleep(0.01)
        done()
    assert re.fullmatch(r"Ingesting: 2 of 4,000 articles, [\d.]+/s, \d+ min left\n", capsys.readouterr().err)
