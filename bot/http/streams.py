"""The events of an answer as server-sent events."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from bot.answer import Answer
from bot.encoding import event_json, replay
from bot.events import AnswerCompleted, AnswerFailed, Event, SentenceProven
from bot.http.problems import Problem, place
from bot.running import GRACE_S, Running

NOT_BUFFERED = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
FIRST_S = 5.0  # a stream begins after that, even without a sentence
# What the OpenAPI document says of a stream.
EVENTS: dict[str, Any] = {
    "text/event-stream": {
        "itemSchema": {
            "type": "object",
            "properties": {
                "event": {"type": "string", "examples": ["answer.created", "sentence", "answer.completed"]},
                "data": {"type": "string", "description": "JSON; of `answer.completed` the answer."},
                "id": {"type": "string", "description": "The event's number in the answer, for `Last-Event-ID`."},
            },
            "required": ["data"],
        }
    }
}


def wants_stream(accept: str) -> bool:
    """Whether an Accept header names the event stream, and does not rule it out with q=0."""
    for each in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in each.split(";"))
        if kind == "text/event-stream":
            return not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", part) for part in parameters)
    return False


def event_stream(running: Running, after: int = -1) -> Response:
    """The events behind number `after`; the answer goes on for a while when its reader goes away."""
    return _stream(_encoded(running, after), after, len(running.events), ended=running.ended)


def replayed(answer: dict[str, Any], after: int = -1) -> Response:
    """The events of a completed answer, from its JSON."""
    events = replay(answer)

    async def encoded() -> AsyncGenerator[bytes]:
        for number, (name, data) in enumerate(events[after + 1 :], after + 1):
            yield encode(number, name, data)

    return _stream(encoded(), after, len(events), ended=True)


async def completed(running: Running, request: Request, grace: float = GRACE_S) -> Answer:
    """The whole answer. Raises Problem when there is none; a caller that goes away no longer counts as its reader."""
    reading, leaving = asyncio.ensure_future(_last(running, grace)), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({reading, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            raise Problem(499, "The caller went away.", code="CallerGone")
        return whole(reading.result())
    finally:
        reading.cancel()
        leaving.cancel()


async def begun(running: Running) -> None:
    """Wait a little for the first sentence. Raises Problem when there is none: then a status can still say so."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FIRST_S), aclosing(running.read(grace=FIRST_S)) as events:
            async for numbered in events:
                if numbered is not None and isinstance(numbered[1], SentenceProven):
                    return
    if running.ended:
        whole(running.events[-1])


def whole(last: Event) -> Answer:
    """The answer, from the event that an answer ended with. Raises Problem when it is not complete."""
    match last:
        case AnswerCompleted(answer):
            return answer
        case AnswerFailed(_, code, message):
            raise Problem(503, message, code=code)
    raise Problem(409, "The answer was cancelled before it was complete.", code="Cancelled")


def encode(number: int, name: str, data: object) -> bytes:
    """One event; its id is its number in the answer."""
    return format_sse_event(data_str=json.dumps(data, ensure_ascii=False), event=name, id=str(number))


def _stream(events: AsyncGenerator[bytes], after: int, known: int, *, ended: bool) -> Response:
    if after >= known:
        wrong = f"The answer has no event {after} yet: its last is {known - 1}."
        raise Problem(422, wrong, errors=[place("header", "last-event-id", wrong)])
    if ended and after == known - 1:
        return Response(status_code=204)  # tells a browser's EventSource to stay away
    return StreamingResponse(events, media_type="text/event-stream", headers=NOT_BUFFERED)


async def _encoded(running: Running, after: int) -> AsyncGenerator[bytes]:
    async with aclosing(running.read(after)) as events:
        async for numbered in events:
            yield KEEPALIVE_COMMENT if numbered is None else encode(numbered[0], *event_json(numbered[1]))


async def _last(running: Running, grace: float) -> Event:
    async with aclosing(running.read(grace=grace)) as events:
        async for _ in events:
            pass
    return running.events[-1]


async def _gone(request: Request) -> None:
    """Until the caller goes away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
