"""Runs on disk: what is written is read back, what was torn off is left out, what is malformed is named by its line."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.case import Identity, Metric, Result, Run
from eval.run import INDEX, STORED_BY, archive_name, filled_archive
from eval.runs import append_result, metrics_line, read_partial, read_run, start_run, write_run
from eval.suite import read_dataset, read_suite
from index import BadConfiguration

IDENTITY = Identity(
    "smoke", "T0", "d" * 64, "c" * 64, "abc1234", {"llm": ""}, {"answer": 3}, {"k": "10"}, 7, "2026-11-23T09:30:00Z"
)
METRIC = Metric("correct", 0.5, 0.1, 0.9, 2)


def result(case_id: str, correct: float | None = 1.0, **details: Any) -> Result:
    usage = {"cost_usd": 0.0, "prompt_tokens": 0.0}
    return Result(case_id, "single", {"correct": correct, "confidence": 0.25}, {"total": 12.5}, usage, details)


RUN = Run(IDENTITY, (result("a", question="Who?"), result("b", None, quotes=["“x”\u2028y"])), (METRIC,))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "smoke.jsonl"


def test_a_run_is_read_back_as_it_was_written(path: Path) -> None:
    write_run(path, RUN)
    assert read_run(path) == RUN
    assert [next(iter(json.loads(line))) for line in path.read_text().splitlines()] == [
        "identity",
        "result",
        "result",
        "metrics",
    ]


def test_a_run_written_as_it_goes_is_the_run_written_at_once(path: Path, tmp_path: Path) -> None:
    start_run(path, IDENTITY)
    for each in RUN.results:
        append_result(path, each)
    assert read_partial(path) == (IDENTITY, RUN.results)
    write_run(tmp_path / "at-once.jsonl", RUN)
    assert path.read_bytes() + metrics_line(RUN.metrics).encode() == (tmp_path / "at-once.jsonl").read_bytes()
    with pytest.raises(BadConfiguration, match=r"smoke\.jsonl:3: the run is not finished"):
        read_run(path)


def test_a_finished_run_can_be_read_as_a_partial_one(path: Path) -> None:
    write_run(path, RUN)
    assert read_partial(path) == (IDENTITY, RUN.results)


def test_a_torn_last_line_is_run_again_wherever_it_was_torn(path: Path) -> None:
    start_run(path, IDENTITY, RUN.results)
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for length in range(last, len(whole)):
        path.write_bytes(whole[:length])
        assert read_partial(path) == (IDENTITY, RUN.results[:1])
    start_run(path, *read_partial(path))
    append_result(path, RUN.results[1])
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("number", "line", "said"),
    [
        (1, '{"result": {}}', "expected identity, not 'result'"),
        (1, '{"identity": {"suite": "smoke"}}', "identity.tier: Field required"),
        (2, '{"result": {"case_id": "a"', "not JSON"),
        (2, '{"result": {"case_id": 1}}', "result.case_id: Input should be a valid string"),
        (2, "[]", "one field"),
        (2, "", "not JSON"),
        (3, '{"metrics": [{"name": "x", "value": NaN}]}', "NaN is no number"),
        (3, '{"metrics": [{"name": "x"}]}', "metrics.0.value: Field required"),
        (3, "[" * 100_000, "not JSON"),
    ],
)
def test_a_malformed_line_is_named(path: Path, number: int, line: str, said: str) -> None:
    write_run(path, replace(RUN, results=RUN.results[:1]))
    lines = path.read_text().splitlines()
    lines[number - 1] = line
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(BadConfiguration) as caught:
        read_run(path)
    assert f"{path}:{number}: " in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"{"])
def test_what_is_no_run_is_refused(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    for read in (read_run, read_partial):
        with pytest.raises(BadConfiguration, match=r"smoke\.jsonl"):
            read(path)


def test_a_run_that_is_not_there_is_refused(path: Path) -> None:
    for read in (read_run, read_partial):
        with pytest.raises(BadConfiguration, match="cannot be read: No such file"):
            read(path)


def test_the_same_metrics_are_the_same_bytes() -> None:
    one, other = Metric("a", 0.1 + 0.2, 0.1, 0.5, 3), Metric("b", 1.0, 1 / 3, 1.0, 3)
    nearly = replace(one, value=0.3)
    assert metrics_line((one, other)) == metrics_line((other, nearly))
    assert '"low": 0.333333' in metrics_line((other,))


@settings(deadline=None)
@given(text=st.text(st.characters(categories=None)), number=st.floats(allow_nan=False, allow_infinity=False))
def test_any_text_and_number_come_back(tmp_path_factory: pytest.TempPathFactory, text: str, number: float) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    run = replace(RUN, results=(result("a", number, answer=text, nested=[[text]]),))
    write_run(path, run)
    assert read_run(path) == run


def test_an_archive_that_other_code_stored_is_not_taken_for_this_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    suite = read_suite("smoke")
    dataset = read_dataset(suite, None, None)
    named = archive_name(suite, dataset)
    assert all(list(INDEX.glob(pattern)) for pattern in STORED_BY)
    shutil.copytree(INDEX, tmp_path / "index", ignore=shutil.ignore_patterns("model", "__pycache__"))
    monkeypatch.setattr("eval.run.INDEX", tmp_path / "index")
    assert archive_name(suite, dataset) == named
    with (tmp_path / "index" / "passages.py").open("a") as file:
        file.write("# another code\n")
    assert archive_name(suite, dataset) != named


def test_an_archive_that_no_run_has_left_is_said_to_be_missing(tmp_path: Path) -> None:
    suite = read_suite("smoke")
    with pytest.raises(BadConfiguration, match=r"smoke-.* does not exist: run `dateline eval run smoke"):
        filled_archive(tmp_path, suite, read_dataset(suite, None, None))
    assert list(tmp_path.iterdir()) == []
