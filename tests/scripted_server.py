"""A real HTTP server on loopback that speaks like an OpenAI-compatible one and sends exactly what it is told to."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

SSE = "text/event-stream"
JSON = "application/json"


@dataclass
class Request:
    """What was asked; `closed` is set when the client went away before the reply had ended."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    closed: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Scripted:
    """A reply: bytes are sent as they are, numbers are seconds to wait. `whole` is false for one that breaks off."""

    parts: Sequence[bytes | float] = ()
    status: int = 200
    kind: str = SSE
    headers: tuple[tuple[str, str], ...] = ()
    whole: bool = True
    repeat: int = 1


Script = Scripted | Callable[[Request], Scripted]


class ScriptedServer:
    """Sends its replies in order, the last one again and again, and remembers what it was asked.

    Like most compatible servers it has no Responses API (404, no turn of the script) unless it is told to have one.
    """

    def __init__(self, *script: Script, responses: bool = False) -> None:
        self.requests: list[Request] = []
        self.not_found: list[Request] = []
        self._responses = responses
        self.url = ""
        self.most_at_once = 0
        self._at_once = 0
        self._script = script

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            if request.path.endswith("/responses") and not self._responses:
                self.not_found.append(request)
                await _send(refuses(404, "Not Found"), reader, writer, request)
                return
            script = self._script[min(len(self.requests), len(self._script) - 1)]
            self.requests.append(request)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            try:
                reply = script(request) if callable(script) else script
                await _send(reply, reader, writer, request)
            finally:
                self._at_once -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.close()


@contextmanager
def serving(*script: Script, responses: bool = False) -> Iterator[ScriptedServer]:
    """The server, on a free port, until the block ends."""
    server = ScriptedServer(*script, responses=responses)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    starting = asyncio.start_server(server.answer, "127.0.0.1", 0)
    listening = asyncio.run_coroutine_threadsafe(starting, loop).result(5)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_stop(listening), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def event(**chunk: Any) -> bytes:
    """One server-sent event."""
    return f"data: {json.dumps(chunk)}\n\n".encode()


def delta(content: Any, **more: Any) -> bytes:
    """One piece of a reply."""
    return event(id="c", object="chat.completion.chunk", choices=[{"index": 0, "delta": {"content": content, **more}}])


def says(*pieces: str | float, usage: tuple[int, int] | None = (100, 20), whole: bool = True) -> Scripted:
    """A streamed reply in these pieces; numbers are seconds to wait."""
    parts: list[bytes | float] = [delta(piece) if isinstance(piece, str) else piece for piece in pieces]
    if whole and usage:
        parts.append(event(choices=[], usage={"prompt_tokens": usage[0], "completion_tokens": usage[1]}))
    if whole:
        parts.append(b"data: [DONE]\n\n")
    return Scripted(parts, whole=whole)


def responds(*pieces: str | float, usage: tuple[int, int] = (100, 20), cached: int = 0) -> Scripted:
    """The same reply as the Responses API streams it, after some thinking."""

    def at(kind: str, **more: Any) -> bytes:
        return f"event: {kind}\n".encode() + event(type=kind, **more)

    where = {"item_id": "m", "output_index": 1, "content_index": 0, "sequence_number": 3}
    parts: list[bytes | float] = [
        at("response.created", response={"id": "r", "status": "in_progress"}, sequence_number=0),
        at("response.output_item.added", item={"type": "reasoning", "id": "t"}, output_index=0, sequence_number=1),
        at("response.reasoning_text.delta", delta="Let me think. [1.1]", **where),
    ]
    parts += [
        at("response.output_text.delta", delta=each, **where) if isinstance(each, str) else each for each in pieces
    ]
    counted = {"input_tokens": usage[0], "output_tokens": usage[1], "total_tokens": sum(usage)}
    counted["input_tokens_details"] = {"cached_tokens": cached, "cache_write_tokens": 0}  # type: ignore[assignment]
    ended = {"id": "r", "status": "completed", "usage": counted}
    return Scripted([*parts, at("response.completed", response=ended, sequence_number=9)])


def refuses(status: int, message: str = "no", **headers: str) -> Scripted:
    """An error as OpenAI words it."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": None}}).encode()
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Scripted([body], status, JSON, named)


def embeds(dimension: int, wait: float = 0.0, *, backwards: bool = False) -> Callable[[Request], Scripted]:
    """Embeds each text as (its length, 1, 0, …), the list turned around if asked to."""

    def reply(request: Request) -> Scripted:
        rows = [
            {"object": "embedding", "index": at, "embedding": [float(len(text)), 1.0, *[0.0] * (dimension - 2)]}
            for at, text in enumerate(request.body["input"])
        ]
        body = {"object": "list", "data": rows[::-1] if backwards else rows, "model": "m"}
        return Scripted([wait, json.dumps(body).encode()], kind=JSON)

    return reply


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.split(": ", 1) for line in head[1:] if ": " in line)
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(head[0].split()[1], headers, json.loads(body or b"{}"))


async def _send(reply: Scripted, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request) -> None:
    gone = asyncio.create_task(reader.read(1))

    def mark(task: asyncio.Task[bytes]) -> None:
        request.closed.set()
        if not task.cancelled():
            task.exception()  # a reset connection is closed, too

    gone.add_done_callback(mark)
    lines = [f"HTTP/1.1 {reply.status} Scripted", f"Content-Type: {reply.kind}", "Transfer-Encoding: chunked"]
    lines += ["Connection: close", *(f"{name}: {value}" for name, value in reply.headers)]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    try:
        for part in (part for _ in range(reply.repeat) for part in reply.parts):
            if request.closed.is_set():
                return
            if isinstance(part, bytes):
                writer.write(b"%x\r\n%s\r\n" % (len(part), part))
                await writer.drain()
            else:
                await asyncio.wait([gone], timeout=part)
        if reply.whole:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
    except ConnectionError:
        request.closed.set()
    finally:
        if not gone.done():
            gone.remove_done_callback(mark)
            gone.cancel()


async def _stop(listening: asyncio.Server) -> None:
    listening.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
