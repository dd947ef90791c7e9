"""A model's reply that is paid for, whether or not anybody waits for its end."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from bot.answer import Usage
from bot.chat import Chat, Message
from bot.spending import Purse
from index import ModelUnavailable, encoding_of, token_counter


@dataclass(slots=True)
class Bill:
    """The text of the last reply, and what all replies so far have used and cost."""

    reply: str = ""
    usage: Usage = field(default_factory=Usage)


async def paid(chat: Chat, messages: Sequence[Message], purse: Purse, bill: Bill) -> AsyncGenerator[str]:
    """The text of a reply in pieces; what it used is on the bill once the generator is closed.

    A reply that fails before its first word costs nothing. Raises ModelUnavailable.
    """
    told, failed, bill.reply = Usage(), False, ""
    try:
        async with aclosing(chat.stream(messages)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    told += piece
                else:
                    bill.reply += piece
                    yield piece
    except ModelUnavailable:
        failed = True
        raise
    finally:  # a reply that nobody waits for any more has cost, too
        if bill.reply or not failed:
            used = told if told != Usage() else _counted(chat.model, messages, bill.reply)
            bill.usage += await _pay(purse, used)


async def _pay(purse: Purse, usage: Usage) -> Usage:
    """The usage with what it cost. Who is cancelled meanwhile has paid all the same."""
    paying = asyncio.create_task(asyncio.to_thread(purse.pay, usage))
    cancelled = False
    while not paying.done():
        try:
            await asyncio.wait({paying})
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
    return paying.result()


def _counted(model: str, messages: Sequence[Message], reply: str) -> Usage:
    """The tokens, when the server does not tell them."""
    tokens = token_counter(encoding_of(model))
    return Usage(sum(len(tokens(each.text)) for each in messages), len(tokens(reply)))
