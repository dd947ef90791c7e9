"""The commands under `dateline keys`: create, list, revoke. They work beside a running server."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.shell.commands import Json
from bot.shell.output import console, print_json

if TYPE_CHECKING:
    from index import Key, Keys

app = typer.Typer(help="The API keys that a server asks for.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is, or what for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do: ask, search, write, metrics; may be repeated.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="It expires after so many days.")] = None,
    as_json: Json = False,
) -> None:
    """Mint a key that may ask and search. It is shown once; the archive keeps a digest only."""
    from datetime import UTC, datetime, timedelta

    expires_at = datetime.now(UTC) + timedelta(days=days) if days is not None else None
    key, token = _keys().create(name, scope or ["ask", "search"], expires_at)
    if as_json:
        print_json({**_key_json(key), "token": token})
    else:
        console().print(f"{token}\nIt is shown this once. From now on every request needs a key.", soft_wrap=True)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List every key that was minted, without its token."""
    found = _keys().minted()
    if as_json:
        print_json({"keys": [_key_json(each) for each in found]})
        return
    screen = console()
    for each in found:
        shown = _key_json(each)
        screen.print(
            f"{each.id}  {shown['state']:<8} {' '.join(each.scopes)}  {each.name}  (used {shown['used_at'] or 'never'})"
        )
    screen.print(f"{len(found)} keys")


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="A key's id, as `dateline keys list` shows it.")], as_json: Json = False
) -> None:
    """End a key. A running server refuses it from then on."""
    _keys().revoke(key_id)
    if as_json:
        print_json({"revoked": key_id})
    else:
        console().print(f"The key {key_id} is revoked.")


def _keys() -> "Keys":
    from bot.shell.start import start
    from index import open_keys

    settings = start()
    shared = settings.database_url
    return open_keys(settings.home, shared.get_secret_value() if shared else None)


def _key_json(key: "Key") -> dict[str, Any]:
    from datetime import UTC, datetime

    from bot.encoding import time_json

    live = key.is_live(datetime.now(UTC))
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "state": "live" if live else "revoked" if key.revoked_at else "expired",
        "created_at": time_json(key.created_at),
        "expires_at": time_json(key.expires_at),
        "revoked_at": time_json(key.revoked_at),
        "used_at": time_json(key.used_at),
    }
