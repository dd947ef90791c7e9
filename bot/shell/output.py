"""What the shell prints: one JSON document on stdout, or text; progress and errors on stderr."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from index.errors import BadConfiguration, BadRequest, DatelineError, ModelMismatch, UnknownArticle

if TYPE_CHECKING:
    from rich.console import Console


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
    """A progress bar on stderr with rate and time left, only on a terminal; call the value once per thing done."""
    if not sys.stderr.isatty():
        yield lambda: None
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
