"""The parts of Dateline in Slack, made from the settings."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.engine import Writer
from bot.settings import Settings
from bot.slack.clerk import Clerk
from bot.slack.inbox import Inbox
from bot.slack.workspaces import Seal, Workspaces
from index import Archive


@dataclass(frozen=True, slots=True)
class Slack:
    """What the listeners work with. `followed` are channels where replies in our threads need no mention."""

    archive: Archive
    writer: Writer
    workspaces: Workspaces
    seal: Seal | None
    clerk: Clerk
    inbox: Inbox
    followed: Collection[str]


def create_slack(
    archive: Archive, writer: Writer, settings: Settings, clock: Callable[[], float], drain_s: float
) -> Slack:
    """The parts over an open archive and a writer."""
    keys = settings.slack_token_keys
    seal = Seal(keys.get_secret_value().split()) if keys else None
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else None
    clerk = Clerk()
    workspaces = Workspaces(archive.slack, clerk, str(settings.slack_api_url), token, seal)
    inbox = Inbox(archive, writer, workspaces, clerk, clock, drain_s)
    return Slack(archive, writer, workspaces, seal, clerk, inbox, settings.slack_threads)
