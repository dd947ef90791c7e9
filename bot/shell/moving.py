"""The commands that move an archive: `articles export`, `articles import`, `backup`, `restore`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.shell.commands import Json, show_report
from bot.shell.output import console, print_json, progress

if TYPE_CHECKING:
    from bot.settings import Settings

File = Annotated[Path, typer.Argument(help="The file to write.")]
GivenFile = Annotated[Path, typer.Argument(help="The file to read.")]


def add_to(app: typer.Typer, articles: typer.Typer) -> None:
    """Register the commands."""
    app.command()(backup)
    app.command()(restore)
    articles.command("export")(export)
    articles.command("import")(import_)


def export(file: File, as_json: Json = False) -> None:
    """Write all articles with versions, vectors, retractions and answers to a JSON Lines file."""
    from bot.shell.start import start
    from bot.wiring import open_archive

    with open_archive(start()) as archive:
        total = archive.holdings().articles
        with progress("Exporting", total, unit="articles") as done:
            written = archive.export(file, done)
    if as_json:
        print_json({"file": str(file), "articles": total, "lines": written})
    else:
        console().print(f"{file} has {total} articles in {written} lines.")


def import_(file: GivenFile, as_json: Json = False) -> None:
    """Read an exported file into the archive; nothing is embedded again, and what is there already is left alone."""
    from bot.shell.start import start
    from bot.wiring import open_archive
    from index import count_sources

    with open_archive(start()) as archive, progress("Importing", count_sources([str(file)]), unit="lines") as done:
        report = archive.import_(file, done)
    show_report(report, as_json=as_json)
    if report.failed:
        raise typer.Exit(1)


def backup(file: File, as_json: Json = False) -> None:
    """Copy the archive to one file, also while a server uses it."""
    from bot.shell.start import start
    from index import back_up

    settings = start()
    _refuse_postgresql(settings)
    size = back_up(settings.home, file)
    if as_json:
        print_json({"file": str(file), "bytes": size})
    else:
        console().print(f"{file} holds the archive, {size / 1e6:.1f} MB, checked.")


def restore(file: GivenFile, as_json: Json = False) -> None:
    """Put a backup into an empty DATELINE_HOME and build its indexes; nothing is embedded again."""
    from bot.shell.start import start
    from bot.wiring import open_archive
    from index import restore as put

    settings = start()
    _refuse_postgresql(settings)
    put(file, settings.home)
    with open_archive(settings) as archive:
        held = archive.holdings()
    if as_json:
        print_json({"home": str(settings.home), "articles": held.articles, "passages": held.passages})
    else:
        console().print(f"{settings.home} holds {held.articles} articles again.")


def _refuse_postgresql(settings: "Settings") -> None:
    """Raise BadConfiguration where the archive is in a database that has tools of its own for this."""
    if settings.database_url is None:
        return
    from index import BadConfiguration

    raise BadConfiguration(
        "The archive is in PostgreSQL (DATELINE_DATABASE_URL): back it up with `pg_dump`, also while servers run, and "
        "restore it with `pg_restore` into an empty database. To move the articles to an archive in a file, or from "
        "one, use `dateline articles export` and `dateline articles import`."
    )
