"""Questions that are no messages: the slash command, and the shortcut on somebody's message."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot.answer import LONGEST_QUESTION
from bot.slack.asked import Asked
from bot.slack.blocks import SHARE, Block, markdown, rungs, urls
from bot.slack.inbox import Inbox
from bot.slack.reply import BAD_BLOCKS
from bot.slack.text import linked, readable
from bot.slack.whisper import say
from index import Archive, Place

ASK_ABOUT = "ask_about_message"
LONGEST_INPUT = 3_000  # characters of a text field

ANYTHING = re.compile(".*")
Ack = Callable[..., Awaitable[Any]]
Body = dict[str, Any]

HELP = "Ask a question about the news: `/dateline Who is the mayor?` Only you see the answer, until you share it."


def listen(bolt: AsyncApp, inbox: Inbox, archive: Archive) -> None:
    """Register the command, the shortcut with its form, and the button that shares a private answer."""

    @bolt.command(ANYTHING)
    async def command(ack: Ack, body: Body, context: AsyncBoltContext) -> None:
        text = readable(body.get("text") or "", context.bot_user_id)
        if not text or text.lower() == "help":
            await ack(text=HELP, response_type="ephemeral")
            return
        trigger = body["trigger_id"]
        place = Place(_team(context), body["channel_id"], f"@{body['user_id']}")
        asked = Asked(place, body["user_id"], text, trigger, True, body["response_url"], context.enterprise_id)
        await inbox.take([f"command:{place.team}:{trigger}"], asked)
        await ack(text="Searching the archive…", response_type="ephemeral")

    @bolt.shortcut(ASK_ABOUT)
    async def shortcut(ack: Ack, body: Body, client: AsyncWebClient) -> None:
        inbox.errand(_open_form(client, body))
        await ack()

    @bolt.view(ASK_ABOUT)
    async def submitted(ack: Ack, body: Body, view: Body, context: AsyncBoltContext) -> None:
        question, where = (view["state"]["values"][name][name] for name in ("question", "where"))
        text = (question.get("value") or "").strip()
        if not text:
            await ack(response_action="errors", errors={"question": "Ask something, for example: Who is the mayor?"})
            return
        about = json.loads(view["private_metadata"])
        place = Place(_team(context), about["channel"], about["thread"])
        private = where["selected_option"]["value"] == "me"
        user = body["user"]["id"]
        asked = Asked(place, user, text, about["ts"], private, about["response_url"], context.enterprise_id)
        await inbox.take([f"view:{place.team}:{view['id']}"], asked)
        await ack()

    @bolt.action(SHARE)
    async def share(ack: Ack, body: Body, action: Body) -> None:
        inbox.errand(_share(body["response_url"], body["user"]["id"], action["value"], archive))
        await ack()


async def _open_form(client: AsyncWebClient, body: Body) -> None:
    """The form for a question about a message, with its words in it."""
    message = body["message"]
    about = {
        "channel": body["channel"]["id"],
        "thread": message.get("thread_ts") or message["ts"],
        "ts": message["ts"],
        "response_url": body["response_url"],
    }
    await client.views_open(trigger_id=body["trigger_id"], view=_form(readable(message.get("text") or ""), about))


def _form(text: str, about: dict[str, str]) -> Body:
    here, me = (
        {"text": {"type": "plain_text", "text": label}, "value": value}
        for label, value in (("In the message's thread", "thread"), ("To me alone", "me"))
    )
    question = {
        "type": "plain_text_input",
        "action_id": "question",
        "multiline": True,
        "max_length": min(LONGEST_INPUT, LONGEST_QUESTION),
        "initial_value": text[:LONGEST_INPUT],
    }
    where = {"type": "radio_buttons", "action_id": "where", "options": [here, me], "initial_option": here}
    return {
        "type": "modal",
        "callback_id": ASK_ABOUT,
        "title": {"type": "plain_text", "text": "Ask the news"},
        "submit": {"type": "plain_text", "text": "Ask"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "private_metadata": json.dumps(about),
        "blocks": [_input("question", "Your question", question), _input("where", "Where to answer", where)],
    }


def _input(name: str, label: str, element: Block) -> Block:
    return {"type": "input", "block_id": name, "label": {"type": "plain_text", "text": label}, "element": element}


async def _share(url: str, user: str, answer_id: str, archive: Archive) -> None:
    """Show a private answer to its channel, and take the private one away."""
    saved = await asyncio.to_thread(archive.answers.get, answer_id)
    if saved is None:
        await say(url, replace_original=False, text="That answer is not kept any more. Ask again.")
        return
    answer = json.loads(saved)
    question = linked(" ".join(answer["question"].split()), {})
    text = f"<@{user}> asked: {question}\n\n{linked(answer['text'], urls(answer['citations']))}"
    for rung in rungs(answer):
        whole = [markdown(text), *rung]
        refused = await say(url, response_type="in_channel", replace_original=False, text=question, blocks=whole)
        if refused not in BAD_BLOCKS:
            break
    if refused is None:
        await say(url, delete_original=True)


def _team(context: AsyncBoltContext) -> str:
    return context.team_id or context.enterprise_id or ""
