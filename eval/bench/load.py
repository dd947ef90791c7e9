"""A server under load: `python -m eval.bench.load --home HOME --data DIR`, HOME an archive of multihop_rag.

A real `dateline serve` with the extractive writer, asked over loopback. Two trials, one after the other:

* load: so many streams at once for so long, each asking the next question as soon as one has ended. A stream counts as
  lost when it does not end with answer.completed. Memory is resident, after the first answers and at the end.
* nobody: streams whose readers never read, and clients that go away in the middle; then what is left of them: open
  files, threads and memory of the server, and whether it still answers.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiohttp

from eval.datasets import multihop_rag

STREAM = {"Accept": "text/event-stream"}
TICKS = os.sysconf("SC_CLK_TCK")
WARM = 50  # answers until caches are full


class Server:
    """A `dateline serve` of its own, and what it uses, read from /proc."""

    def __init__(self, home: Path) -> None:
        settings = {**os.environ, "DATELINE_HOME": str(home), "DATELINE_WRITER": "extractive"}
        command = [sys.executable, "-c", "from bot.shell import main; main()", "serve", "--port", "0"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=settings)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := re.search(r"listens on (http://\S+)", line):
                self.url = found[1]
                return
        raise RuntimeError("the server did not start")

    def cpu(self) -> float:
        """Seconds of CPU so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> float:
        """Resident megabytes."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def held(self) -> dict[str, float]:
        """What it holds open."""
        files = len(list(Path(f"/proc/{self._process.pid}/fd").iterdir()))
        threads = len(list(Path(f"/proc/{self._process.pid}/task").iterdir()))
        return {"files": files, "threads": threads, "mb": round(self.memory(), 1)}

    def end(self) -> float:
        """Seconds it took to end after SIGTERM."""
        started = time.perf_counter()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(140)
        return time.perf_counter() - started


async def asked(client: aiohttp.ClientSession, question: str) -> tuple[float, float, str]:
    """Seconds to the first sentence and to the end, and the event it ended with."""
    started = time.perf_counter()
    first, last = 0.0, "nothing"
    async with client.post("/v1/answers", json={"question": question}, headers=STREAM) as response:
        if response.status != 200:
            return 0.0, 0.0, f"status {response.status}"
        async for line in response.content:
            if line.startswith(b"event: "):
                last = line[7:].decode().strip()
                if last == "sentence":
                    first = first or time.perf_counter() - started
    return first, time.perf_counter() - started, last


async def load(server: Server, questions: Sequence[str], streams: int, seconds: float) -> dict[str, Any]:
    """The first trial."""
    done: list[tuple[float, float, str]] = []
    upcoming = cycle(questions)
    until = time.perf_counter() + seconds
    warm = server.memory()
    cpu = server.cpu()

    async def reader(client: aiohttp.ClientSession) -> None:
        nonlocal warm
        while time.perf_counter() < until:
            try:
                done.append(await asked(client, next(upcoming)))
            except aiohttp.ClientError as error:
                done.append((0.0, 0.0, type(error).__name__))
            if len(done) == WARM:
                warm = server.memory()

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(server.url, connector=connector, read_bufsize=2**20) as client:
        started = time.perf_counter()
        await asyncio.gather(*(reader(client) for _ in range(streams)))
        took = time.perf_counter() - started
    ended = [last for *_, last in done]
    firsts = [first for first, _, last in done if last == "answer.completed"]
    return {
        "streams": streams,
        "seconds": round(took, 1),
        "answers": len(done),
        "lost": [last for last in ended if last != "answer.completed"],
        "answers_per_s": round(len(done) / took, 1),
        "first_sentence_s": {"p50": round(median(firsts), 3), "p95": round(quantiles(firsts, n=20)[-1], 3)},
        "cpu_ms_per_answer": round((server.cpu() - cpu) * 1000 / len(done), 1),
        "mb_after_warm_up": round(warm, 1),
        "mb_at_end": round(server.memory(), 1),
    }


async def nobody(server: Server, questions: Sequence[str], count: int) -> dict[str, Any]:
    """The second trial."""
    before = server.held()
    host, port = server.url.removeprefix("http://").split(":")
    sockets = []
    for number in range(count):
        body = json.dumps({"question": questions[number % len(questions)]}).encode()
        head = f"POST /v1/answers HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        head += f"Accept: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
        sockets.append(connection := socket.create_connection((host, int(port))))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        connection.sendall(head.encode() + body)
    await asyncio.sleep(1)
    during = server.held()
    for connection in sockets[: count // 2]:  # half go away in the middle; the others never read
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    async with aiohttp.ClientSession(server.url, read_bufsize=2**20) as client:
        first, _, last = await asked(client, questions[0])
        for connection in sockets[count // 2 :]:
            connection.close()
        await asyncio.sleep(25)  # the grace of an answer that nobody reads, and some
        _, _, after = await asked(client, questions[0])
    return {
        "held": {"before": before, "during": during, "after": server.held()},
        "another_reader": {"first_sentence_s": round(first, 3), "ended_with": [last, after]},
    }


def main() -> None:
    """Run the trials and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--questions", type=int, default=200)
    chosen = parser.parse_args()
    cases = multihop_rag.cases(chosen.data)
    questions = [case.question for case in cases[:: max(1, len(cases) // chosen.questions)]][: chosen.questions]
    value: dict[str, Any] = {}
    server = Server(chosen.home)
    try:
        value["load"] = asyncio.run(load(server, questions, chosen.streams, chosen.seconds))
        value["nobody"] = asyncio.run(nobody(server, questions, 200))
    finally:
        value["ended_in_s"] = round(server.end(), 2)
    sys.stdout.write(json.dumps(value, indent=2) + "\n")


if __name__ == "__main__":
    main()
