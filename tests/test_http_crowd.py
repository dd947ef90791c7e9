"""Many at once, and those who do not behave: silent streams, slow readers, callers that vanish. Nothing of it stays."""

import json
import socket
import time
from collections.abc import Callable

import httpx
import pytest

from bot.extractive import ExtractiveWriter
from index import Archive
from tests.conftest import article, day
from tests.serving import Waiting, serving

HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."


@pytest.fixture
def harbour(archive: Archive) -> Archive:
    archive.ingest([article("bridge", HARBOUR, publisher="The Bell", published_at=day("2026-09-01"))])
    return archive


def connect(client: httpx.Client, path: str, body: object) -> socket.socket:
    """A caller that sends a request and reads nothing."""
    content = json.dumps(body).encode()
    caller = socket.create_connection((client.base_url.host, client.base_url.port or 0))
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"
    caller.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return caller


def wait_until(met: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_200_silent_streams_cost_nothing_and_leave_nothing(harbour: Archive) -> None:
    writer = Waiting(600)
    asked = {"model": "dateline", "stream": True, "messages": [{"role": "user", "content": "bridge repairs?"}]}
    with serving(harbour, writer) as client:
        callers = [connect(client, "/v1/chat/completions", asked) for _ in range(200)]
        wait_until(lambda: writer.written == 200)
        time.sleep(1)
        used = time.process_time()
        time.sleep(1)
        assert time.process_time() - used < 0.3
        assert client.post("/v1/search", json={"question": "bridge"}).status_code == 200
        for caller in callers:
            caller.close()
        wait_until(lambda: client.desk.running(None) == 0)


def test_readers_that_never_read_keep_nothing_running(harbour: Archive) -> None:
    with serving(harbour, ExtractiveWriter()) as client:
        callers = [connect(client, "/v1/answers", {"question": "bridge repairs?"}) for _ in range(20)]
        wait_until(lambda: len(harbour.answers.conversations(None, 100)) == 20)
        wait_until(lambda: client.desk.running(None) == 0)
        for caller in callers:
            caller.close()
