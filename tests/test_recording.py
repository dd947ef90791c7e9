"""Recorded replies: a replay asks nobody and measures the same; what is not recorded is unmeasured, never skipped."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot.chat import Chat
from bot.llm import LLMWriter
from bot.settings import Settings
from eval.case import Run
from eval.gate import judge as gate
from eval.recording import RecordedChat, Recording, Reply, begin, digest, read
from eval.run import Parts, run_suite
from eval.runs import metrics_line
from eval.suite import read_suite
from index import Archive, BadConfiguration, MiniLM
from tests.scripted_server import Request, Scripted, says, serving
from tests.test_shell import dateline

SMOKE = replace(read_suite("smoke"), demands=())
NOWHERE = "http://127.0.0.1:9/v1"
SOME = 5  # cases
FIRST = '{"asked_at": "2026-11-01T00:00:00Z"}'
LONG_AGO = datetime(2026, 11, 1, 12, tzinfo=UTC)


def quotes_the_first(request: Request) -> Scripted:
    """A model that answers with the first sentence it is given."""
    found = re.search(r"^\[1\.1\] (.+)$", request.body["messages"][-1]["content"], re.MULTILINE)
    assert found is not None
    return says(f"{found[1].rstrip('.')} [1.1].")


def parts(home: Path, url: str, recording: Recording, model: str = "scripted") -> Parts:
    def made(_settings: Settings, own: Path) -> tuple[Archive, LLMWriter]:
        shutil.copytree(home, own, dirs_exist_ok=True)
        return Archive(own, MiniLM()), LLMWriter(url, "none", model, chat=partial(RecordedChat, recording))

    return made


def run(home: Path, work: Path, url: str, recording: Recording, **more: str) -> Run:
    made = parts(home, url, recording, **more)
    return run_suite(SMOKE, None, work, limit=SOME, recording=recording, parts=made)[1]


Recorded = tuple[Path, Run]


@pytest.fixture(scope="module")
def recorded(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("recorded")
    with serving(quotes_the_first) as server:
        done = run(sample_home, folder, server.url, begin(folder / "replies.jsonl", LONG_AGO, resume=False))
        assert len(server.requests) >= SOME
    return folder / "replies.jsonl", done


def test_a_replay_asks_nobody_and_measures_the_same_twice(
    recorded: Recorded, sample_home: Path, tmp_path: Path
) -> None:
    path, live = recorded
    again, once_more = (run(sample_home, tmp_path / name, NOWHERE, read(path)) for name in "ab")
    assert (live.identity.tier, again.identity.tier) == ("T2", "T1")
    assert not any(each.unmeasured for each in again.results)
    assert metrics_line(again.metrics) == metrics_line(once_more.metrics) == metrics_line(live.metrics)
    assert [each.usage for each in again.results] == [each.usage for each in live.results]
    assert gate(SMOKE, again, None).code == 0


def test_the_same_replies_make_the_same_file(recorded: Recorded, sample_home: Path, tmp_path: Path) -> None:
    with serving(quotes_the_first) as server:
        run(sample_home, tmp_path, server.url, begin(tmp_path / "r.jsonl", LONG_AGO, resume=False))
    assert (tmp_path / "r.jsonl").read_bytes() == recorded[0].read_bytes()
    keys = [json.loads(line)["reply"]["key"] for line in recorded[0].read_text().splitlines()[1:]]
    assert keys == sorted(set(keys))


def test_replies_of_another_model_leave_every_case_unmeasured(
    recorded: Recorded, sample_home: Path, tmp_path: Path
) -> None:
    done = run(sample_home, tmp_path, NOWHERE, read(recorded[0]), model="another")
    given = gate(SMOKE, done, None)
    assert given.code == 3
    assert f"{SOME} of {SOME} cases are unmeasured" in given.reason
    assert "no reply of 'another' to this prompt" in given.reason


def test_one_missing_reply_is_one_unmeasured_case(recorded: Recorded, sample_home: Path, tmp_path: Path) -> None:
    lines = recorded[0].read_text().splitlines(keepends=True)
    (tmp_path / "torn.jsonl").write_text("".join(lines[:-1]))
    done = run(sample_home, tmp_path, NOWHERE, read(tmp_path / "torn.jsonl"))
    lost = [each for each in done.results if each.unmeasured]
    assert len(lost) == 1
    assert all(each.scores for each in done.results if not each.unmeasured)
    assert gate(SMOKE, done, None).code == 3


def test_a_recording_that_was_broken_off_goes_on(recorded: Recorded, sample_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    lines = recorded[0].read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:3]))
    with serving(quotes_the_first) as server:
        run(sample_home, tmp_path, server.url, begin(path, datetime.now(UTC), resume=True))
        assert len(server.requests) == len(lines) - 3
    assert path.read_bytes() == recorded[0].read_bytes()


def test_a_recording_stays_as_it_is_until_the_first_new_reply(recorded: Recorded, tmp_path: Path) -> None:
    shutil.copy(recorded[0], tmp_path / "r.jsonl")
    done = dateline("eval", "run", "smoke", "--record", "r.jsonl")
    assert (done.returncode, "set DATELINE_LLM_MODEL" in done.stderr) == (2, True)
    assert (tmp_path / "r.jsonl").read_bytes() == recorded[0].read_bytes()
    recording = begin(tmp_path / "r.jsonl", LONG_AGO, resume=False)
    recording.add(Reply("k", "m", "New."))
    assert read(tmp_path / "r.jsonl").replies == {"k": Reply("k", "m", "New.")}


def test_a_reply_that_broke_off_is_not_recorded(tmp_path: Path) -> None:
    import asyncio

    from bot.chat import Message, Timeouts
    from index import ModelUnavailable

    recording = begin(tmp_path / "r.jsonl", LONG_AGO, resume=False)
    with serving(says("The bridge ", whole=False)) as server:
        chat = RecordedChat(recording, server.url, "none", "scripted", 100, Timeouts(5, 5, 5))

        async def ask() -> list[object]:
            return [piece async for piece in chat.stream([Message("user", "Well?")])]

        with pytest.raises(ModelUnavailable):
            asyncio.run(ask())
    assert (tmp_path / "r.jsonl").read_text() == ""


@pytest.mark.parametrize(
    "change",
    [
        lambda body: {**body, "model": "other"},
        lambda body: {**body, "max_tokens": 7},
        lambda body: {**body, "temperature": 1},
        lambda body: {**body, "messages": [*body["messages"], {"role": "user", "content": "And?"}]},
        lambda body: {**body, "messages": [{**each, "content": each["content"] + " "} for each in body["messages"]]},
    ],
)
def test_all_that_decides_a_reply_is_in_its_key(change: Callable[[dict[str, object]], dict[str, object]]) -> None:
    from bot.chat import Message, Timeouts

    body = Chat(NOWHERE, "none", "m", 100, Timeouts()).request([Message("user", "Who?")])
    assert digest(change(body)) != digest(body)
    assert digest(dict(reversed(body.items()))) == digest(body)
    assert digest(Chat("http://127.0.0.1:1/v1", "other", "m", 100, Timeouts(1)).request([Message("user", "Who?")])) == (
        digest(body)
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["{"], r"r\.jsonl:1: .*this line is no asked_at"),
        (['{"reply": {}}'], r"r\.jsonl:1: .*this line is no asked_at"),
        (['{"asked_at": "yesterday"}'], r"r\.jsonl:1: "),
        (
            ['{"asked_at": "2026-11-01T00:00:00Z"}', '{"reply": {"key": "k", "model": "m"}}'],
            r"r\.jsonl:2: Field required",
        ),
        ([FIRST, "[]"], r"r\.jsonl:2: this line is no reply"),
        (["é"], "it is not ASCII"),
    ],
)
def test_a_malformed_recording_is_named_by_its_line(tmp_path: Path, lines: list[str], said: str) -> None:
    (tmp_path / "r.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(BadConfiguration, match=said):
        read(tmp_path / "r.jsonl")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "smoke", "--record", "a", "--replay", "b"), "give one of them"),
        (("gate", "smoke", "--record", "a", "--replay", "b"), "give one of them"),
        (("run", "smoke", "--replay", "nowhere.jsonl"), "nowhere.jsonl cannot be read: No such file"),
        (("run", "smoke", "--record", "a"), "set DATELINE_LLM_MODEL"),
        (("gate", "smoke", "smoke", "--record", "a"), "A recording is of one suite"),
    ],
)
def test_wrong_usage_is_named(arguments: tuple[str, ...], message: str) -> None:
    done = dateline("eval", *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert message in " ".join((done.stdout + done.stderr).split())


def test_the_shell_records_and_replays(tmp_path: Path) -> None:
    """Through the real command, settings and client; a replay is of the model's name, and needs no server."""
    folder = tmp_path / "tiny"
    (folder / "articles").mkdir(parents=True)
    (folder / "articles" / "bridge.txt").write_text("Bridge to close\n\nThe harbour bridge will close on Monday.\n")
    (folder / "suite.toml").write_text("[metrics.correct]\nfloor = 0.1\n")
    case = {"id": "1", "kind": "single", "question": "When will the harbour bridge close?", "refuse": False}
    (folder / "cases.jsonl").write_text(json.dumps({**case, "expected": [["Monday"]], "articles": ["bridge"]}) + "\n")
    with serving(quotes_the_first) as server:
        model = {"DATELINE_LLM_BASE_URL": server.url, "DATELINE_LLM_MODEL": "m"}
        live = dateline("eval", "run", str(folder), "--record", "r.jsonl", "--json", **model)
        assert (live.returncode, len(server.requests)) == (0, 1), live.stderr
    spent = json.loads(live.stdout)["spent"]
    assert (spent["prompt_tokens"], spent["completion_tokens"]) == (100, 20)
    assert dateline("eval", "gate", str(folder), "--replay", "r.jsonl", **model).returncode == 0
    missed = dateline("eval", "gate", str(folder), "--replay", "r.jsonl", **{**model, "DATELINE_LLM_MODEL": "n"})
    assert (missed.returncode, "1 of 1 cases are unmeasured" in missed.stdout) == (3, True)
