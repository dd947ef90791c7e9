"""Cases added from a question or an answer that went wrong: nothing is asked of them before a person completes them."""

import json
from pathlib import Path

import pytest

from bot.settings import read_settings
from bot.wiring import open_archive
from eval.suite import read_dataset, read_suite
from index import BadConfiguration
from tests.test_shell import as_json, dateline


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    (tmp_path / "mine" / "articles").mkdir(parents=True)
    (tmp_path / "mine" / "suite.toml").write_text('description = "mine"\n')
    (tmp_path / "mine" / "articles" / "bridge.txt").write_text("Bridge to close\n\nThe harbour bridge closes Monday.\n")
    return tmp_path / "mine" / "cases.jsonl"


def last(cases: Path) -> dict[str, object]:
    added: dict[str, object] = json.loads(cases.read_text("utf-8").splitlines()[-1])
    return added


def test_a_wrong_answer_becomes_a_case_with_what_was_said_and_quoted(cases: Path) -> None:
    dateline("ingest", str(cases.parent / "articles"))
    answer = as_json(dateline("ask", "When does the harbour bridge close?", "--json"))
    done = dateline("eval", "add", "--answer", answer["answer_id"], "--cases", str(cases))
    assert done.returncode == 0, done.stderr
    added = last(cases)
    assert added["question"] == "When does the harbour bridge close?"
    assert (added["incomplete"], added["refuse"], added["expected"]) == (True, None, [])
    assert added["answered"] == {
        "answer_id": answer["answer_id"],
        "as_of": answer["as_of"],
        "status": "answered",
        "text": answer["text"],
        "quotes": [{"title": each["title"], "quote": each["quote"]} for each in answer["citations"]],
    }


def test_an_incomplete_case_is_refused_by_its_file_and_line_until_it_is_completed(cases: Path) -> None:
    assert dateline("eval", "add", "When does the bridge close?", "--cases", str(cases)).returncode == 0
    suite = read_suite(str(cases.parent))
    with pytest.raises(BadConfiguration, match=r"cases\.jsonl:1: the case added-\w+ is incomplete: say what is right"):
        read_dataset(suite, None, None)
    case = {**last(cases), "refuse": False, "expected": [["Monday"]], "articles": ["bridge"]}
    cases.write_text(json.dumps(case) + "\n")
    with pytest.raises(BadConfiguration, match="is incomplete"):
        read_dataset(suite, None, None)
    del case["incomplete"]
    cases.write_text(json.dumps(case) + "\n")
    (read,) = read_dataset(suite, None, None).cases
    assert (read.question, read.expected) == ("When does the bridge close?", (("Monday",),))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Give either a question, or --answer ID"),
        (("Who?", "--answer", "ans_1"), "Give either a question, or --answer ID"),
        (("--answer", "ans_1"), "has no answer 'ans_1'"),
    ],
)
def test_what_cannot_be_added_is_named(cases: Path, arguments: tuple[str, ...], message: str) -> None:
    done = dateline("eval", "add", *arguments, "--cases", str(cases))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert message in done.stderr
    assert not cases.exists()


def test_a_folder_that_is_not_there_is_named() -> None:
    done = dateline("eval", "add", "Who?", "--cases", "nowhere/cases.jsonl")
    assert (done.returncode, "nowhere/cases.jsonl cannot be written" in done.stderr) == (2, True)


def test_answers_that_were_rated_down_become_cases_once(cases: Path) -> None:
    dateline("ingest", str(cases.parent / "articles"))
    liked, disliked = (as_json(dateline("ask", "When does the harbour bridge close?", "--json")) for _ in range(2))
    with open_archive(read_settings()) as archive:
        archive.answers.rate(liked["answer_id"], "local", "up", None)
        archive.answers.rate(disliked["answer_id"], "local", "down", "It closed on Tuesday.")
    for _ in range(2):
        assert dateline("eval", "add", "--disliked", "--cases", str(cases)).returncode == 0
    (line,) = cases.read_text("utf-8").splitlines()
    said = json.loads(line)["answered"]
    assert said["answer_id"] == disliked["answer_id"]
    assert said["ratings"] == [{"rating": "down", "reason": "It closed on Tuesday."}]
