"""The events of an answer as server-sent events."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from bot.encoding import event_json
from bot.running import Running

NOT_BUFFERED = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def wants_stream(accept: str) -> bool:
    """Whether an Accept header names the event stream, and does not rule it out with q=0."""
    for each in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in each.split(";"))
        if kind == "text/event-stream":
            return not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", part) for part in parameters)
    return False


def event_stream(running: Running, after: int = -1) -> StreamingResponse:
    """A response with the events behind number `after`; the answer goes on for a while when its reader goes away."""
    return StreamingResponse(_encoded(running, after), media_type="text/event-stream", headers=NOT_BUFFERED)


async def _encoded(running: Running, after: int) -> AsyncGenerator[bytes]:
    async with aclosing(running.read(after)) as events:
        async for numbered in events:
            if numbered is None:
                yield KEEPALIVE_COMMENT
            else:
                yield encode(numbered[0], *event_json(numbered[1]))


def encode(number: int, name: str, data: object) -> bytes:
    """One event; its id is its number in the answer."""
    return format_sse_event(data_str=json.dumps(data, ensure_ascii=False), event=name, id=str(number))
