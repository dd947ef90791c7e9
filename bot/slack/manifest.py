"""The app's manifest: what is pasted at api.slack.com to make the app, for a host of yours."""

import json
import re
from pathlib import Path
from typing import Any

from index import BadRequest

_FILE = Path(__file__).with_name("manifest.json")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?", re.IGNORECASE)
# What people write in channels can be read with these; without them mentions, direct messages and commands still work.
CHANNEL_HISTORY = {"channels", "groups", "mpim"}


def manifest(host: str | None, *, minimal: bool = False) -> dict[str, Any]:
    """The manifest for a server that Slack reaches at `host`, or for Socket Mode without one.

    `minimal` asks for no history of channels. Raises BadRequest when `host` is no host name.
    """
    if host is not None:
        host = host.removeprefix("https://").rstrip("/")
        if not _HOST.fullmatch(host):
            raise BadRequest("host", f"{host!r} is no host name. Give it as in --host dateline.example.org.")
    value: dict[str, Any] = json.loads(_FILE.read_text("utf-8").replace("HOST", host or "HOST"))
    if host is None:
        _through_sockets(value)
    if minimal:
        scopes, events = value["oauth_config"]["scopes"], value["settings"]["event_subscriptions"]
        scopes["bot"] = [each for each in scopes["bot"] if each not in {f"{kind}:history" for kind in CHANNEL_HISTORY}]
        events["bot_events"] = [each for each in events["bot_events"] if each not in _channel_messages()]
    return value


def bot_scopes() -> list[str]:
    """The scopes that are asked for when the app is installed."""
    scopes: list[str] = manifest(None)["oauth_config"]["scopes"]["bot"]
    return scopes


def _channel_messages() -> set[str]:
    return {f"message.{kind}" for kind in CHANNEL_HISTORY}


def _through_sockets(value: dict[str, Any]) -> None:
    value["settings"]["socket_mode_enabled"] = True
    del value["oauth_config"]["redirect_urls"]
    del value["settings"]["event_subscriptions"]["request_url"]
    del value["settings"]["interactivity"]["request_url"]
    for command in value["features"]["slash_commands"]:
        del command["url"]
