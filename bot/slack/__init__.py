"""Dateline in Slack: questions in direct messages, channels and threads, answered where they were asked.

The door: `slack_router` for a server that Slack calls, `run_socket` for one that calls Slack. Slack's libraries are
loaded by these, so a server without Slack does without them.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.engine import Writer
from bot.settings import Settings
from index import Archive, BadConfiguration

if TYPE_CHECKING:
    from fastapi import APIRouter

DRAIN_S = 20.0  # supervisors lose patience after thirty seconds or so
LEAST_KEY = 32  # characters of a key that seals tokens

__all__ = ["run_socket", "slack_router", "uses_slack"]


def uses_slack(settings: Settings) -> bool:
    """Whether a server is to answer Slack. Raises BadConfiguration when its settings do not fit together."""
    many = settings.slack_client_id is not None
    if settings.slack_signing_secret is None:
        if settings.slack_client_id or settings.slack_client_secret:
            raise BadConfiguration("DATELINE_SLACK_CLIENT_ID needs DATELINE_SLACK_SIGNING_SECRET.")
        return False
    if many == (settings.slack_bot_token is not None):
        raise BadConfiguration(
            "Slack needs either DATELINE_SLACK_BOT_TOKEN, for one workspace, or DATELINE_SLACK_CLIENT_ID, for several."
        )
    if many and settings.slack_client_secret is None:
        raise BadConfiguration("DATELINE_SLACK_CLIENT_ID needs DATELINE_SLACK_CLIENT_SECRET.")
    keys = settings.slack_token_keys.get_secret_value().split() if settings.slack_token_keys else []
    if many and (not keys or min(map(len, keys)) < LEAST_KEY):
        raise BadConfiguration(
            f"Workspaces' tokens are kept encrypted: set DATELINE_SLACK_TOKEN_KEYS to at least {LEAST_KEY} random "
            "characters, such as `openssl rand -hex 32` prints."
        )
    return True


def slack_router(
    archive: Archive,
    writer: Writer,
    settings: Settings,
    *,
    clock: Callable[[], float] = time.monotonic,
    drain_s: float = DRAIN_S,
) -> "APIRouter":
    """The routes that Slack calls. `clock` gives seconds, by which streams age.

    A server that stops goes on answering for `drain_s` seconds, and leaves the rest to the next one.
    """
    from bot.slack.app import create_bolt
    from bot.slack.install import oauth_flow
    from bot.slack.parts import create_slack
    from bot.slack.route import create_router

    assert settings.slack_signing_secret is not None
    secret = settings.slack_signing_secret.get_secret_value()
    slack = create_slack(archive, writer, settings, clock, drain_s)
    return create_router(create_bolt(slack, secret), slack.inbox, secret, oauth_flow(slack, settings))


def run_socket(archive: Archive, writer: Writer, settings: Settings, ready: Callable[[], None]) -> None:
    """Answer Slack through connections that we open, until interrupted. `ready` is called once they stand.

    Raises BadConfiguration when a token is missing.
    """
    import asyncio

    from bot.slack.socket import run

    if settings.slack_app_token is None or settings.slack_bot_token is None:
        raise BadConfiguration("Socket Mode needs DATELINE_SLACK_APP_TOKEN (xapp-…) and DATELINE_SLACK_BOT_TOKEN.")
    asyncio.run(run(archive, writer, settings, ready, DRAIN_S))
