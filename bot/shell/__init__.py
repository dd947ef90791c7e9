"""The shell: `dateline …`. Each command wires the real parts, calls the engine or the archive, and renders."""

import os
import sys
from importlib.metadata import entry_points
from io import TextIOWrapper

import typer

from bot.shell import articles, commands, keys, moving, slack
from bot.shell.output import show_error

app = typer.Typer(
    name="dateline",
    help="Answers questions about your news articles and proves every sentence with a verbatim quote.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
commands.add_to(app)
app.add_typer(articles.app, name="articles")
app.add_typer(keys.app, name="keys")
moving.add_to(app, articles.app)
app.add_typer(slack.app, name="slack")
# Rooms that stand on this one bring their commands with them: `eval` must not be imported from here.
for more in entry_points(group="dateline.commands"):
    app.add_typer(more.load(), name=more.name)


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 the work failed or was partly refused, 2 wrong usage or settings."""
    from index.errors import DatelineError

    # NumPy's products are small here: waking a second thread costs a fifth of a search. Read when NumPy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # A terminal that cannot show a character gets its code instead of an error.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except DatelineError as error:
        sys.exit(show_error(error, as_json="--json" in sys.argv))
    except OSError as error:
        sys.stderr.write(f"dateline: {error.strerror or error}: {error.filename or 'output'}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
