"""The commands `slack`, which answers Slack in Socket Mode, and `slack manifest`."""

from typing import Annotated

import typer

from bot.shell.output import console, print_json

app = typer.Typer(help="Answer in Slack through connections of our own; `manifest` prints the app's manifest.")


@app.callback(invoke_without_command=True)
def slack(context: typer.Context) -> None:
    """Answer Slack in Socket Mode: nothing needs to reach this machine. Behind an address of yours, use `serve`."""
    if context.invoked_subcommand is not None:
        return
    from bot.polling import following, polling
    from bot.shell.start import start
    from bot.slack import run_socket
    from bot.wiring import open_archive, writer

    settings = start()
    with open_archive(settings) as archive, following(archive), polling(archive, settings):
        screen = console(stderr=True)
        run_socket(
            archive,
            writer(settings),
            settings,
            lambda: screen.print("Dateline listens to Slack (stop with Ctrl-C)"),
        )


@app.command()
def manifest(
    host: Annotated[
        str | None, typer.Option(help="The host name Slack reaches the server at; without it, for Socket Mode.")
    ] = None,
    minimal: Annotated[bool, typer.Option("--minimal", help="Ask for no history of channels.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A manifest is JSON in any case.")] = False,
) -> None:
    """Print the app's manifest, to be pasted at https://api.slack.com/apps → Create New App → From a manifest."""
    from bot.slack.manifest import manifest as made

    print_json(made(host, minimal=minimal))
