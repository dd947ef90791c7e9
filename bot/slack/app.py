"""What Slack sends, sorted: each listener claims or notes what it is about, and is done before Slack is answered.

Whatever calls Slack or the engine runs behind the acknowledgement, in the inbox's tasks.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack import asking, feedback, home
from bot.slack.asked import hear
from bot.slack.parts import Slack
from index import Place

ANYTHING = re.compile(".*")
Ack = Callable[..., Awaitable[Any]]
Body = dict[str, Any]


def create_bolt(slack: Slack, signing_secret: str) -> AsyncApp:
    """The Bolt application: over HTTP and in Socket Mode the same."""

    async def authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult | None:
        return await slack.workspaces.authorize(team_id, enterprise_id)

    bolt = AsyncApp(
        name="dateline",
        signing_secret=signing_secret,
        client=slack.workspaces.client(None),
        authorize=authorize,  # type: ignore[arg-type]  # None, "not installed here", is provided for
        # A question is in the truth before it is acknowledged; one that cannot be kept answers 500 and comes again.
        process_before_response=True,
    )
    _listen(bolt, slack)
    asking.listen(bolt, slack.inbox, slack.archive)
    feedback.listen(bolt, slack.inbox, slack.clerk, slack.archive)
    for constraint in (bolt.action, bolt.view, bolt.view_closed, bolt.shortcut, bolt.options):
        constraint(ANYTHING)(_acknowledge)
    return bolt


def _listen(bolt: AsyncApp, slack: Slack) -> None:
    @bolt.event(ANYTHING)
    async def event(body: Body, event: Body, context: AsyncBoltContext) -> None:
        match event["type"]:
            case "message" | "app_mention":
                await _message(slack, body, event, context)
            case "agent_session_stopped":
                team = context.team_id or context.enterprise_id or ""
                await slack.inbox.stop(Place(team, str(event.get("channel")), str(event.get("thread_ts"))))
            case "app_home_opened":
                slack.inbox.errand(home.opened(event, context, slack.archive, slack.writer))
            case "app_uninstalled" | "tokens_revoked":
                await _left(slack, body, event)


async def _message(slack: Slack, body: Body, event: Body, context: AsyncBoltContext) -> None:
    team, enterprise = context.team_id or context.enterprise_id or "", context.enterprise_id
    event_id, bot_user = str(body.get("event_id") or event.get("event_ts")), str(context.bot_user_id)
    heard = hear(event, event_id, team, enterprise, bot_user, slack.followed)
    if heard is None or not (heard.sure or await slack.inbox.takes_part(heard.asked.place)):
        return
    if heard.is_stop:
        # In a direct message each question is a thread of its own, so "stop" there means whatever is asked.
        asker = heard.asked.user if event.get("channel_type") == "im" else None
        await slack.inbox.stop(heard.asked.place, asker)
    else:
        await slack.inbox.take(heard.keys, heard.asked)


async def _left(slack: Slack, body: Body, event: Body) -> None:
    if event["type"] == "tokens_revoked" and not event.get("tokens", {}).get("bot"):
        return
    name = body.get("team_id") or body.get("enterprise_id")
    if name:
        await slack.inbox.leave(str(name))


async def _acknowledge(ack: Ack) -> None:
    await ack()
