"""What the shell prints: one JSON document on stdout, or text; progress and errors on stderr."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from index.errors import BadConfiguration, BadRequest, DatelineError, ModelMismatch, UnknownArticle

if TYPE_CHECKING:
    from rich.console import Console

A_LINE_EVERY_S = 60  # of progress, where a log is written to instead of a terminal


def print_json(value: Any) -> None:
    """The one JSON document of a command."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def show_error(error: DatelineError, *, as_json: bool) -> int:
    """Print an error; the exit code that says whose turn it is."""
    if as_json:
        print_json({"error": {"code": type(error).__name__, "message": str(error)}})
    else:
        sys.stderr.write(f"dateline: {error}\n")
    wrong_usage = isinstance(error, BadConfiguration | ModelMismatch | BadRequest)
    return 2 if wrong_usage and not isinstance(error, UnknownArticle) else 1


def console(*, stderr: bool = False) -> "Console":
    """A rich console that neither guesses colours for bare numbers nor reads our text as markup."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


@contextmanager
def progress(what: str, total: int | None, *, unit: str) -> Iterator[Callable[[], None]]:
    """Rate and time left on stderr: a bar on a terminal, else a line a minute; call the value once per thing done."""
    if not sys.stderr.isatty():
        yield _lines(what, total, unit)
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.finished_speed or task.speed or 0:.1f} {unit}/s")

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), Rate(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def _lines(what: str, total: int | None, unit: str) -> Callable[[], None]:
    """Progress for a log. The rate is that since the last line, or the first thing done."""
    done, told, at = 0, 1, 0.0

    def advance() -> None:
        nonlocal done, told, at
        done += 1
        at = at or time.monotonic()
        took = time.monotonic() - at
        if took >= A_LINE_EVERY_S:
            rate = (done - told) / took
            of, left = ("", "") if total is None else (f" of {total:,}", f", {(total - done) / rate / 60:.0f} min left")
            sys.stderr.write(f"{what}: {done:,}{of} {unit}, {rate:.1f}/s{left}\n")
            told, at = done, time.monotonic()

    return advance
