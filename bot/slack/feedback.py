"""What people think of an answer: a press of a button, and for a bad one, if they like, what was wrong."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.blocks import FEEDBACK, Block
from bot.slack.clerk import Clerk
from bot.slack.inbox import Inbox
from bot.slack.whisper import say
from index import Archive

TELL_MORE = "feedback_reason"
LONGEST_COMMENT = 2_000
REASONS = {
    "wrong": "It is wrong",
    "not_in_sources": "Its sources do not say so",
    "outdated": "It is outdated",
    "other": "Something else",
}
THANKS = "Thank you. Your opinion is kept with the answer."

Ack = Callable[..., Awaitable[Any]]
Body = dict[str, Any]


def listen(bolt: AsyncApp, inbox: Inbox, clerk: Clerk, archive: Archive) -> None:
    """Register the buttons below an answer and the form behind the bad one."""

    @bolt.action(re.compile(f"^{FEEDBACK}(_up|_down)?$"))
    async def pressed(ack: Ack, body: Body, action: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        answer_id, _, rating = action["value"].rpartition(":")
        judged: Literal["up", "down"] = "up" if rating == "up" else "down"
        known = await clerk.do(archive.answers.get, answer_id) is not None
        if known:
            await clerk.do(archive.answers.rate, answer_id, _who(context, body), judged, None)
        await ack()
        if known:
            inbox.errand(_thank(client, body, answer_id, more=judged == "down"))

    @bolt.view(TELL_MORE)
    async def told(ack: Ack, body: Body, view: Body, context: AsyncBoltContext) -> None:
        values = view["state"]["values"]
        chosen = (values["reason"]["reason"].get("selected_option") or {}).get("value", "")
        comment = (values["comment"]["comment"].get("value") or "").strip()
        reason = ": ".join(part for part in (chosen, comment) if part)
        answer_id = view["private_metadata"]
        await clerk.do(archive.answers.rate, answer_id, _who(context, body), "down", reason or None)
        await ack()


def _who(context: AsyncBoltContext, body: Body) -> str:
    return f"slack:{context.team_id or context.enterprise_id}:{body['user']['id']}"


async def _thank(client: AsyncWebClient, body: Body, answer_id: str, *, more: bool) -> None:
    """Ask what was wrong before the trigger is stale, and thank where only they see it."""
    if more:
        await client.views_open(trigger_id=body["trigger_id"], view=_form(answer_id))
    message, channel = body.get("message") or {}, (body.get("channel") or {}).get("id")
    if message.get("ts") and channel and not message.get("is_ephemeral"):
        try:
            thread = message.get("thread_ts") or message["ts"]
            await client.chat_postEphemeral(channel=channel, user=body["user"]["id"], thread_ts=thread, text=THANKS)
            return
        except SlackApiError:
            pass  # no member of the channel: the response address works everywhere
    if body.get("response_url"):
        await say(body["response_url"], replace_original=False, text=THANKS)


def _form(answer_id: str) -> Body:
    options = [{"text": _plain(label), "value": value} for value, label in REASONS.items()]
    reason = {"type": "radio_buttons", "action_id": "reason", "options": options}
    comment = {
        "type": "plain_text_input",
        "action_id": "comment",
        "multiline": True,
        "max_length": LONGEST_COMMENT,
    }
    return {
        "type": "modal",
        "callback_id": TELL_MORE,
        "title": _plain("What was wrong?"),
        "submit": _plain("Send"),
        "close": _plain("Skip"),
        "private_metadata": answer_id,
        "blocks": [_input("reason", "Reason", reason), _input("comment", "In your words", comment)],
    }


def _input(name: str, label: str, element: Block) -> Block:
    return {"type": "input", "block_id": name, "label": _plain(label), "element": element, "optional": True}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}
