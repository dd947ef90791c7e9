"""What was said in a thread before a question: our conversation there, and what people said since our last answer."""

import asyncio
import logging
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.answer import LONGEST_QUESTION
from bot.slack.asked import Asked
from bot.slack.reply import UNREACHED, code
from bot.slack.text import readable
from index import Archive, Thread

MOST = 20  # messages; what is older is another matter
LOOKED_AT = 200

log = logging.getLogger(__name__)


async def before(asked: Asked, archive: Archive, client: AsyncWebClient) -> tuple[str | None, tuple[str, ...]]:
    """The conversation to go on with, if there is one, and what others said since, newest last."""
    if asked.private:
        return None, ()  # a command stands alone
    thread = await asyncio.to_thread(archive.slack.thread, asked.place)
    conversation = thread.conversation_id if thread is not None else None
    if conversation is not None and not await asyncio.to_thread(archive.answers.questions, conversation, asked.owner):
        conversation = None  # it was deleted
    if asked.place.thread == asked.ts or asked.place.channel.startswith("D"):
        return conversation, ()  # nothing came before; in a direct message everything is said to us
    return conversation, await _said(asked, thread.last_ts if thread is not None else "0", client)


async def remember(asked: Asked, conversation_id: str, archive: Archive) -> None:
    """Keep that a question of a thread was answered."""
    if not asked.private:
        await asyncio.to_thread(archive.slack.remember, asked.place, Thread(conversation_id, asked.ts))


async def left_behind(asked: Asked, bot_user: str | None, archive: Archive, client: AsyncWebClient) -> str | None:
    """The message of an earlier try that Slack made, and of which the process that died did not hear any more."""
    known = await asyncio.to_thread(archive.slack.replies, asked.place)
    for each in await _replies(asked, asked.ts, None, client):
        if each.get("bot_id") and each["ts"] not in known and each.get("user") == bot_user:
            return str(each["ts"])
    return None


async def _said(asked: Asked, since: str, client: AsyncWebClient) -> tuple[str, ...]:
    """People's messages between two moments."""
    between = [
        readable(each.get("text", ""))[:LONGEST_QUESTION]
        for each in await _replies(asked, since, asked.ts, client)
        if each.get("user") and not each.get("bot_id")
    ]
    return tuple(text for text in between if text)[-MOST:]


async def _replies(asked: Asked, after: str, until: str | None, client: AsyncWebClient) -> list[dict[str, Any]]:
    """A thread's messages between two moments. A workspace that gives no history costs these, not the answer."""
    place = asked.place
    try:
        found = await client.conversations_replies(
            channel=place.channel, ts=place.thread, oldest=after, latest=until, limit=LOOKED_AT
        )
    except (SlackApiError, *UNREACHED) as error:
        log.info("the thread of a question cannot be read (%s)", code(error))
        return []
    # Slack gives the thread's root along, whenever it was written.
    last = float(until or "inf")
    return [each for each in found.get("messages") or () if float(after) < float(each["ts"]) < last]
