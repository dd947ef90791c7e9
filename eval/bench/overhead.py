"""What HTTP adds to an answer: `python -m eval.bench.overhead --home HOME --data DIR`, HOME an archive of multihop_rag.

One process has the archive open and serves it over loopback; the same questions are asked in turn through the engine
and over HTTP, by a client that is a process of its own. Counted is this process's CPU, so that both kinds meet the same
caches, heap and neighbours. Between the two, HTTP adds the request, the events, and the stored answer. Last, the stream
of a stored answer again and again, which is HTTP without an engine.
"""

import argparse
import asyncio
import json
import multiprocessing
import queue
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from bot.answer import Question
from bot.engine import complete
from bot.extractive import ExtractiveWriter
from bot.http import create_app, serve
from bot.settings import read_settings
from eval.datasets import multihop_rag
from index import Archive, MiniLM

BLOCK = 20  # questions asked in one way before the other has its turn
REPLAYS = 300
EVENTS = {"Accept": "text/event-stream"}


def client(url: str, requests: Connection) -> None:
    """Read what is asked of it, `(method, path, body)` each, and send back the last reply's text."""
    with httpx.Client(base_url=url, headers=EVENTS, timeout=60) as http:
        while some := requests.recv():
            text = ""
            for method, path, body in some:
                reply = http.request(method, path, json=body)
                reply.raise_for_status()
                text = reply.text
            requests.send(text)


def measure(archive: Archive, questions: Sequence[str], requests: Connection) -> dict[str, float]:
    """CPU milliseconds: of a question through the engine and over HTTP, what HTTP adds, and of a stored answer."""

    async def all_of(some: Sequence[str]) -> None:
        for question in some:
            await complete(Question(question), archive, ExtractiveWriter())

    def engine(some: Sequence[str]) -> float:
        started = time.process_time()
        asyncio.run(all_of(some))
        return (time.process_time() - started) * 1000 / len(some)

    def over_http(method: str, path: str, bodies: Sequence[dict[str, str] | None]) -> tuple[float, str]:
        started = time.process_time()
        requests.send([(method, path, body) for body in bodies])
        text: str = requests.recv()
        return (time.process_time() - started) * 1000 / len(bodies), text

    def asked(some: Sequence[str]) -> tuple[float, str]:
        return over_http("POST", "/v1/answers", [{"question": each} for each in some])

    blocks = [questions[at : at + BLOCK] for at in range(0, len(questions), BLOCK)]
    engine(blocks[0])
    _, text = asked(blocks[0])
    alone, through, added = [], [], []
    for number, block in enumerate(blocks):  # who is asked first changes, for caches remember the block
        first, second = (engine(block), asked(block)[0]) if number % 2 else (asked(block)[0], engine(block))
        of_engine, of_http = (first, second) if number % 2 else (second, first)
        alone.append(of_engine)
        through.append(of_http)
        added.append(of_http - of_engine)
    answer_id = json.loads(text.split("data: ", 1)[1].split("\n", 1)[0])["answer_id"]
    stored, _ = over_http("GET", f"/v1/answers/{answer_id}/events", [None] * REPLAYS)
    return {
        "engine_ms": statistics.mean(alone),
        "over_http_ms": statistics.mean(through),
        "added_ms": statistics.mean(added),
        "standard_error_ms": statistics.stdev(added) / len(added) ** 0.5,
        "stored_ms": stored,
    }


def main() -> None:
    """Print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=400)
    chosen = parser.parse_args()
    cases = multihop_rag.cases(chosen.data)
    questions = [case.question for case in cases[:: max(1, len(cases) // chosen.questions)]][: chosen.questions]
    urls: queue.Queue[str] = queue.Queue()
    with Archive(chosen.home, MiniLM()) as archive:
        app = create_app(archive, ExtractiveWriter(), read_settings(), keyless=True)
        threading.Thread(target=serve, args=(app, "127.0.0.1", 0, urls.put), daemon=True).start()
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        child = multiprocessing.get_context("spawn").Process(target=client, args=(urls.get(timeout=60), theirs))
        child.start()
        try:
            found = measure(archive, questions, ours)
        finally:
            child.terminate()
            child.join()
    sys.stdout.write(json.dumps({name: round(value, 2) for name, value in found.items()}, indent=2) + "\n")


if __name__ == "__main__":
    main()
