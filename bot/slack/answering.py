"""One question from Slack to its answer in Slack: the engine's events, shown as they come."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from bot.answer import Question
from bot.encoding import answer_json, event_json
from bot.engine import Writer, ask
from bot.events import AnswerCompleted, AnswerFailed, Event, SearchCompleted, SearchStarted, SentenceProven
from bot.slack.blocks import Block, rungs, urls
from bot.slack.text import escape, linked
from index import Archive, BadRequest

TICK_S = 0.25  # how often it is looked whether waiting text is due

log = logging.getLogger(__name__)


class Shown(Protocol):
    """Where an answer appears: a message in a thread, or a private one."""

    async def task(self, name: str, title: str, *, done: bool) -> None:
        """Show a step of the work."""

    async def add(self, text: str) -> None:
        """More text."""

    async def send_if_due(self) -> None:
        """Send what has waited long enough."""

    async def finish(self, rungs: Sequence[Sequence[Block]]) -> None:
        """End, with blocks below."""

    async def fail(self, text: str) -> None:
        """End by saying what went wrong."""

    async def break_off(self, text: str) -> None:
        """End in the middle of whatever was being sent."""


async def show(
    question: Question, archive: Archive, writer: Writer, shown: Shown, *, share: bool = False
) -> dict[str, Any] | None:
    """Answer a question where it is to be shown; the answer as JSON, None when it failed and that was said."""
    links: dict[int, str | None] = {}
    try:
        async with aclosing(_ticking(ask(question, archive, writer))) as events:
            async for event in events:
                match event:
                    case None:
                        await shown.send_if_due()
                    case SearchStarted():
                        await shown.task("search", "Searching the archive", done=False)
                    case SearchCompleted(sources, _):
                        found = f"Read {len(sources)} article{'' if len(sources) == 1 else 's'}"
                        await shown.task("search", found, done=True)
                    case SentenceProven():
                        _, said = event_json(event)
                        links |= urls(said["new_citations"])
                        await shown.add(linked(said["delta"], links))
                    case AnswerCompleted(answer):
                        value = answer_json(answer)
                        await shown.finish(rungs(value, share=share))
                        return value
                    case AnswerFailed(answer_id, code, message):
                        log.warning("answer %s failed: %s", answer_id, message)
                        await shown.fail(_apology(code, answer_id))
    except BadRequest as error:  # a sentence for whoever asked
        await shown.fail(escape(str(error)))
    return None


def _apology(code: str, reference: str) -> str:
    """What went wrong, without the innards: a failure's own message is for whoever runs Dateline, and is in the log."""
    if code == "ModelUnavailable":
        return f"The model that writes answers is not available. Try again in a minute. (ref {reference})"
    return f"I could not answer that. (ref {reference})"


async def _ticking(events: AsyncGenerator[Event]) -> AsyncGenerator[Event | None]:
    """The events, and None whenever for a moment none came."""
    async with aclosing(events):
        coming = asyncio.ensure_future(anext(events, None))
        try:
            while True:
                done, _ = await asyncio.wait({coming}, timeout=TICK_S)
                if not done:
                    yield None
                    continue
                event = coming.result()
                if event is None:
                    return
                yield event
                coming = asyncio.ensure_future(anext(events, None))
        finally:
            coming.cancel()
            await asyncio.wait({coming})
