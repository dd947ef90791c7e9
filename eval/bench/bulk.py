"""A large file, killed on the way: `python -m eval.bench.bulk --work DIR [--articles 100000 --kill-at 40000]`.

A JSON Lines file of short made-up articles is ingested by a process of its own, with vectors that need no model,
killed with SIGKILL once so many articles are in, and ingested again. Printed is, at every tenth: memory, the rate
since the last one by CPU and by the clock; in the end, what is there, and whether the indexes hold it.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from eval.bench.size import resident_mb
from index import Archive, read_paths

FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
DIMENSION, DIRECTIONS = 384, 4096
SYLLABLES = "ba ce di fo gu ha le mi no pu ra se ti vo zu kel mar ton wen dor".split()
STEPS = 10


class Directions:
    """An embedder without a model: the sum of a fixed random direction for each word of a text."""

    id = "directions-384"
    dimension = DIMENSION

    def __init__(self) -> None:
        self._table = np.random.default_rng(1).standard_normal((DIRECTIONS, DIMENSION)).astype(np.float32)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (n, 384) float32."""
        rows = [[zlib.crc32(word.encode()) % DIRECTIONS for word in ["", *text.lower().split()]] for text in texts]
        vectors = np.stack([self._table[row].sum(axis=0) for row in rows])
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def lines(count: int) -> Iterator[str]:
    """So many records, each an article of one passage."""
    chance = random.Random(2026)
    words = ["".join(chance.choices(SYLLABLES, k=3)) for _ in range(5000)]
    names = [word.capitalize() for word in words[::2]]
    for number in range(count):
        who, where = chance.sample(names, 2)
        told = [
            f"{chance.choice(names)} of {where} {' '.join(chance.choices(words, k=12))} {chance.randrange(1000)} times."
            for _ in range(3)
        ]
        record = {
            "id": f"bulk-{number}",
            "title": f"{who} {' '.join(chance.choices(words, k=5))}",
            "source": f"Outlet {number % 40}",
            "published_at": (FIRST_DAY + timedelta(minutes=5 * number)).isoformat(),
            "body": f"In {where}, {who} said so. {' '.join(told)}",
        }
        yield json.dumps(record) + "\n"


def ingest(home: Path, file: Path, count: int) -> None:
    """The process that is killed: a line of JSON on stdout at every tenth of the articles."""
    done, wall, cpu = 0, time.monotonic(), time.process_time()

    def progress(_: object) -> None:
        nonlocal done, wall, cpu
        done += 1
        if done % (count // STEPS) == 0:
            now, spent = time.monotonic(), time.process_time()
            rate, cost = count / STEPS / (now - wall), 1000 * (spent - cpu) / (count / STEPS)
            seen = {"articles": done, "resident_mb": resident_mb(), "articles_a_s": round(rate, 1)}
            _say(seen | {"cpu_ms_an_article": round(cost, 2)})
            wall, cpu = now, spent

    with Archive(home, Directions()) as archive:
        _say({"opened": archive.holdings().articles, "resident_mb": resident_mb()})
        report = archive.ingest(read_paths([str(file)]), progress)
        held = archive.holdings()
        problems = archive.problems()
    _say({"new": report.new, "unchanged": report.unchanged, "failed": report.failed, "held": held.articles})
    _say({"passages": held.passages, "problems": problems})


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Write the file, ingest it, kill, ingest again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--kill-at", type=int, default=40_000)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    file, home = given.work / "bulk.jsonl", given.work / "home"
    if given.child:
        ingest(home, file, given.articles)
        return
    given.work.mkdir(parents=True)
    with file.open("w") as written:
        written.writelines(lines(given.articles))
    command = [sys.executable, "-m", "eval.bench.bulk", "--child", *sys.argv[1:]]
    for kill_at in (given.kill_at, None):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for line in child.stdout:
                sys.stdout.write(line)
                sys.stdout.flush()
                if kill_at is not None and json.loads(line).get("articles", 0) >= kill_at:
                    os.kill(child.pid, signal.SIGKILL)
                    _say({"killed at": kill_at})
                    break


if __name__ == "__main__":
    main()
