"""Socket Mode: Slack sends its events through connections that we open, so nothing needs to reach this machine."""

import asyncio
import signal
import time
from collections.abc import Callable

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from bot.engine import Writer
from bot.settings import Settings
from bot.slack.app import create_bolt
from bot.slack.parts import create_slack
from index import Archive


async def run(archive: Archive, writer: Writer, settings: Settings, ready: Callable[[], None], drain_s: float) -> None:
    """Answer until interrupted; what is being answered then is finished first."""
    assert settings.slack_app_token is not None
    slack = create_slack(archive, writer, settings, time.monotonic, drain_s)
    bolt = create_bolt(slack, "")  # what comes through our own connection carries no signature
    handler = AsyncSocketModeHandler(
        bolt, settings.slack_app_token.get_secret_value(), web_client=slack.workspaces.client(None)
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await slack.inbox.open()
    try:
        await handler.connect_async()  # type: ignore[no-untyped-call]
        ready()
        await stop.wait()
        await handler.close_async()  # type: ignore[no-untyped-call]
    finally:
        await slack.inbox.close()
