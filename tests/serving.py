"""The application over a real server on loopback, and what tests ask of it."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from bot.answer import ProvenSentence, Question, Quote, Usage
from bot.engine import LeftOut, Writer
from bot.http import create_app
from bot.http.server import Server
from bot.running import Desk
from bot.settings import Settings, read_settings
from index import Archive, Evidence

STREAM = {"Accept": "text/event-stream"}


class Waiting:
    """A writer that says each sentence of the best passage, waiting after each; `closed` once it was broken off."""

    name = "waiting"
    model: str | None = "waiting-1"

    def __init__(self, wait: float, usage: Usage | None = None) -> None:
        self.wait = wait
        self.usage = usage or Usage()
        self.written = 0
        self.closed = threading.Event()

    async def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence | LeftOut | Usage]:
        self.written += 1
        passage = evidence[0].passage
        try:
            for span in passage.sentences:
                yield ProvenSentence(passage.quote(span), (Quote(evidence[0], span),), "verbatim")
                await asyncio.sleep(self.wait)
            yield self.usage
        except BaseException:
            self.closed.set()
            raise


class Client(httpx.Client):
    """A client that can also tell its server to end, as a signal does."""

    server: Server
    desk: Desk

    def end_server(self) -> None:
        self.server.should_exit = True


@contextmanager
def serving(
    archive: Archive, writer: Writer, settings: Settings | None = None, *, port: int = 0, delay: float = 0, **more: Any
) -> Iterator[Client]:
    """A client of the application, which serves until the block ends."""
    app = create_app(archive, writer, settings or read_settings(), **more)
    with socket.create_server(("127.0.0.1", port)) as listening:
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
        server = Server(config, app.state.service.front, delay)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.005)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            with Client(base_url=address, trust_env=False, timeout=20) as client:
                client.server = server
                client.desk = app.state.service.desk
                yield client
        finally:
            server.should_exit = True
            thread.join(15)


def events(response: httpx.Response) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """The events of a stream as they come: number, name, data."""
    name, data = "", ""
    for line in response.iter_lines():
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            data = value
        elif field == "id":
            yield int(value), name, json.loads(data)


def ask(client: httpx.Client, question: str, **body: Any) -> dict[str, Any]:
    """The whole answer."""
    response = client.post("/v1/answers", json={"question": question, **body})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def pointer(response: httpx.Response) -> tuple[int, str]:
    """A problem's status and the place it points to, after looking at its form."""
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["detail"] and problem["title"] and problem["code"]
    first = problem.get("errors", [{"in": "", "pointer": ""}])[0]
    return response.status_code, first["in"] + first["pointer"]
