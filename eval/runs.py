"""A run as one JSON Lines file: a line of identity, a line for each result, and at the end a line of metrics.

Lines are added as results come, so that a run that was broken off can go on; what was torn off in the middle of a
line is run again.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Never, TypeVar

from pydantic import TypeAdapter, ValidationError

from eval.case import Identity, Metric, Result, Run
from index import BadConfiguration

DECIMALS = 6  # of a metric: enough to tell runs apart, too few to show the order of a sum

_IDENTITY = TypeAdapter(Identity)
_RESULT = TypeAdapter(Result)
_METRICS = TypeAdapter(tuple[Metric, ...])

Value = TypeVar("Value")


def start_run(path: Path, identity: Identity, results: tuple[Result, ...] = ()) -> None:
    """Begin a run's file, with the results that an earlier attempt has left."""
    _replace(path, [_line("identity", asdict(identity)), *(_line("result", asdict(each)) for each in results)])


def append_result(path: Path, result: Result) -> None:
    """Add a result to a run's file."""
    with path.open("a", encoding="ascii", newline="\n") as lines:
        lines.write(_line("result", asdict(result)))


def write_run(path: Path, run: Run) -> None:
    """Write a finished run; the file is either the old one or the whole new one."""
    results = (_line("result", asdict(each)) for each in run.results)
    _replace(path, [_line("identity", asdict(run.identity)), *results, metrics_line(run.metrics)])


def bare(run: Run) -> Run:
    """A run as a baseline: scores without what a person reads of failures."""
    return replace(run, results=tuple(replace(each, details={}, latency_ms={}, usage={}) for each in run.results))


def metrics_line(metrics: tuple[Metric, ...]) -> str:
    """The last line of a run: two runs with the same metrics give the same bytes."""
    rows = [
        {key: round(value, DECIMALS) if isinstance(value, float) else value for key, value in asdict(metric).items()}
        for metric in sorted(metrics, key=lambda metric: metric.name)
    ]
    return _line("metrics", rows)


def read_run(path: Path) -> Run:
    """A finished run. Raises BadConfiguration naming the file and line of what is malformed."""
    rows = list(_rows(path, _text(path)))
    identity, results = _begun(path, rows[:-1] if len(rows) > 1 else rows)
    number, last = rows[-1]
    if "metrics" not in last:
        raise BadConfiguration(f"{path}:{number}: the run is not finished: its last line has no metrics.")
    return Run(identity, results, _value(path, number, _METRICS, last, "metrics"))


def read_partial(path: Path) -> tuple[Identity, tuple[Result, ...]]:
    """What a run that was broken off has: its identity and the results before the torn line, if one is torn.

    Raises BadConfiguration naming the file and line of what is malformed.
    """
    whole, _, _torn = _text(path).rpartition("\n")
    rows = [(number, row) for number, row in _rows(path, whole) if "metrics" not in row]
    return _begun(path, rows)


def _line(name: str, value: Any) -> str:
    # ASCII only: half a surrogate pair, which a model may write, has no UTF-8.
    return json.dumps({name: value}, ensure_ascii=True, allow_nan=False, sort_keys=True) + "\n"


def _replace(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    beside.write_text("".join(lines), "ascii", newline="\n")
    beside.replace(path)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise BadConfiguration(f"The run {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadConfiguration(f"{path}: this is not a run: it is not text.") from error


def _rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines as values, each with its number."""
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        try:
            row = json.loads(line, parse_constant=_not_a_number)
        except (ValueError, RecursionError) as error:
            raise BadConfiguration(f"{path}:{number}: this line is not JSON: {error}.") from error
        if not isinstance(row, dict) or len(row) != 1:
            raise BadConfiguration(f"{path}:{number}: a line has one field: identity, result or metrics.")
        yield number, row


def _begun(path: Path, rows: list[tuple[int, dict[str, Any]]]) -> tuple[Identity, tuple[Result, ...]]:
    if not rows:
        raise BadConfiguration(f"{path}:1: the run has no identity.")
    (number, first), *rest = rows
    identity = _value(path, number, _IDENTITY, first, "identity")
    return identity, tuple(_value(path, number, _RESULT, row, "result") for number, row in rest)


def _value(path: Path, number: int, kind: TypeAdapter[Value], row: dict[str, Any], name: str) -> Value:
    if name not in row:
        raise BadConfiguration(f"{path}:{number}: expected {name}, not {next(iter(row))!r}.")
    try:
        return kind.validate_python(row[name])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, (name, *first["loc"])))
        raise BadConfiguration(f"{path}:{number}: {place}: {first['msg']}.") from error


def _not_a_number(text: str) -> Never:
    raise ValueError(f"{text} is no number")
