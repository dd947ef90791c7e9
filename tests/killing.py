"""A process that writes to an archive is killed, again and again, and what is left is looked at.

`python -m tests.killing [--kills 40] [--articles 300] [--seed 1]` prints a line per kill and ends with 1 if one failed.

The parent loads the libraries once and forks: a writer, which says what it begins and what it was told is done, and
after its SIGKILL a reader, which opens the archive and compares it with what the writer said.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from bot.answer import Question
from bot.engine import complete
from bot.extractive import ExtractiveWriter
from index import Archive, Article, UnknownArticle
from index.derived import Derived
from index.passages import split
from index.torn import torn_vectors
from index.truth import open_truth
from tests.conftest import WordEmbedder, article

JOBS = ("ingest", "update", "remove", "rebuild", "open")
WINDOWS = ("vectors rewritten", "pickle rewritten", "words committed")
FILES = {"vectors rewritten": "chroma-*/*/data_level0.bin", "pickle rewritten": "chroma-*/*/index_metadata.pickle"}
FILES["words committed"] = "words-*/meta.json"
AT_ONCE = 24
LOOKED_AT = 10  # articles searched for after a kill, besides those that were being written
PATIENCE_S = 60.0


@dataclass
class Known:
    """What the writer said: the revision of each article (0: removed) that is done, and those it was writing."""

    done: dict[int, int] = field(default_factory=dict)
    begun: dict[int, int] = field(default_factory=dict)
    rebuilding: bool = False

    def hear(self, line: str) -> None:
        """Take in one line of the writer."""
        said = json.loads(line)
        if said["say"] == "begin":
            self.begun |= {int(number): revision for number, revision in said["of"].items()}
            self.rebuilding = said["job"] == "rebuild"
        elif said["say"] == "done":
            for number in map(int, said["of"]):
                self.done[number] = self.begun.pop(number)


@dataclass(frozen=True)
class Kill:
    """One kill and what was found after it."""

    aim: str
    hit: str
    acknowledged: int
    repaired: bool
    seconds: float
    failures: tuple[str, ...]


def written(number: int, revision: int) -> Article:
    """An article whose words tell its number and revision; every seventh has several passages."""
    body = (
        f"Parcel{number} reached harbour{number} on time under order{number}x{revision}. It was heavy. "
        f"The clerk of harbour{number} weighed it twice."
    )
    if number % 7 == 0:
        body += " The crane lifted it slowly over the wet quay while the gulls watched." * 60
    return article(f"n{number}", body)


def write(home: Path, known: Known, job: str, articles: int, seed: int, say: Callable[[object], None]) -> None:
    """Do a job over and over, with others in between, saying each step; ends by being killed."""
    chance = random.Random(seed)
    for each in home.glob("chroma-*"):
        persist_often(each)
    with Archive(home, WordEmbedder()) as archive:
        say({"say": "open"})
        while True:
            step = job if job in JOBS[:4] and chance.random() < 0.7 else chance.choice(JOBS[:3])
            here = [number for number, revision in known.done.items() if revision]
            some = range(articles) if step == "ingest" or not here else here
            chosen = chance.sample(some, min(len(some), 1 if step == "remove" else chance.randint(1, AT_ONCE)))
            if step == "remove" and not here:
                continue
            revisions = {number: 0 if step == "remove" else chance.randint(1, 10**9) for number in chosen}
            begin = {"say": "begin", "job": step, "of": {} if step == "rebuild" else revisions}
            say(begin)
            known.hear(json.dumps(begin))
            if step == "rebuild":
                archive.repair()
            elif step == "remove":
                archive.remove(f"n{chosen[0]}")
                _done(known, chosen, say)
            else:
                texts = [written(number, revision) for number, revision in revisions.items()]
                report = archive.ingest(texts, lambda each: _done(known, [int(each.id[1:])], say))  # type: ignore[union-attr]
                assert not report.errors


def _done(known: Known, numbers: list[int], say: Callable[[object], None]) -> None:
    line = {"say": "done", "of": numbers}
    say(line)
    known.hear(json.dumps(line))


def look(home: Path, known: Known, seed: int, say: Callable[[object], None]) -> None:
    """Open what a kill left, compare it with what was said, and say the revisions that are there and what is wrong."""
    embedder = WordEmbedder()
    wrong: list[str] = []
    with Archive(home, embedder) as archive:
        if embedder.embedded:
            wrong.append(f"{embedder.embedded} texts were embedded again")
        held: dict[int, int] = {}
        for number in sorted({*known.done, *known.begun}):
            held[number] = _revision(archive, number)
            allowed = {known.done.get(number, 0), known.begun.get(number, known.done.get(number, 0))}
            if held[number] not in allowed:
                wrong.append(f"n{number} has revision {held[number]}, not one of {sorted(allowed)}")
        rest = sorted(set(held) - set(known.begun))
        chosen = [*known.begun, *random.Random(seed).sample(rest, min(len(rest), LOOKED_AT))]
        for number in chosen:
            wrong += _found_and_quoted(archive, number, held[number])
        for number in [each for each in chosen if held[each]][:3]:
            wrong += _cited(archive, number)
    wrong += Derived(open_truth(home / "truth.db"), home).problems()
    say({"held": held, "wrong": wrong})


def _revision(archive: Archive, number: int) -> int:
    """The revision of the current version, 0 when the article is gone; it must be whole."""
    try:
        current = archive.versions(f"n{number}")[-1].article
    except UnknownArticle:
        return 0
    revision = int(current.body.split(f"order{number}x", 1)[1].split(".", 1)[0])
    return revision if current.body == written(number, revision).body else -1


def _found_and_quoted(archive: Archive, number: int, revision: int) -> Iterator[str]:
    found = archive.search(f"parcel{number} harbour{number} order{number}x{revision}", 3)
    if revision and (not found or found[0].article.id != f"n{number}"):
        yield f"n{number} is not found"
    if not revision and any(each.article.id == f"n{number}" for each in found):
        yield f"n{number} was removed and is found"
    for each in found:
        body = archive.versions(each.article.id)[-1].article.body
        if body[each.passage.start : each.passage.end] != each.passage.text:
            yield f"a passage of {each.article.id} is not its text"


def _cited(archive: Archive, number: int) -> Iterator[str]:
    answer = asyncio.run(
        complete(Question(f"When did Parcel{number} reach harbour{number}?"), archive, ExtractiveWriter())
    )
    if not any(each.article.id == f"n{number}" for each in answer.citations):
        yield f"n{number} is not cited"
    for each in answer.citations:
        body = archive.versions(each.article.id)[-1].article.body
        if body[each.start : each.end] != each.quote:
            yield f"a quote of {each.article.id} is not verbatim"


def fork(work: Callable[[Callable[[object], None]], None]) -> tuple[int, int]:
    """Run work in a process of its own; its id, and where what it says can be read, a line of JSON each."""
    read, write_end = os.pipe()
    child = os.fork()
    if child:
        os.close(write_end)
        return child, read
    try:
        os.close(read)
        work(lambda said: _tell(write_end, said))
        os._exit(0)
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
        os._exit(1)


def _tell(pipe: int, said: object) -> None:
    os.write(pipe, (json.dumps(said) + "\n").encode())


def kill(home: Path, known: Known, aim: str, articles: int, seed: int) -> str:
    """Start a writer, kill it at the instant aimed at, take in what it said; what it was hit in."""
    chance = random.Random(seed)
    job = aim if aim in JOBS else "ingest" if aim != "words committed" else "update"
    child, pipe = fork(lambda say: write(home, known, job, articles, seed, say))
    os.set_blocking(pipe, False)
    begun = time.monotonic()
    heard = b""
    wait_until = begun + chance.uniform(0.02, 1.2) if aim == "open" else None
    changes, last = chance.randint(1, 4), {}  # type: tuple[int, dict[Path, tuple[int, int]]]
    lines_left = chance.randint(1, 60)
    while time.monotonic() < begun + PATIENCE_S:
        with suppress(BlockingIOError):
            new = os.read(pipe, 65536)
            heard += new
            lines_left -= new.count(b"\n")
        if aim in WINDOWS:
            if b"open" in heard:
                now = _stamps(home, FILES[aim], last)
                changes -= bool(last) and now != last
                last = now
                if changes <= 0:
                    break
        elif wait_until is None:
            if lines_left <= 0 and (
                aim != "rebuild" or heard.rpartition(b'"begin"')[2].startswith(b', "job": "rebuild"')
            ):
                wait_until = time.monotonic() + chance.uniform(0, 0.25 if aim == "rebuild" else 0.04)
        elif time.monotonic() >= wait_until:
            break
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.set_blocking(pipe, True)
    while new := os.read(pipe, 65536):
        heard += new
    os.close(pipe)
    assert os.WIFSIGNALED(status), f"the writer ended by itself ({status}) before it was killed"
    for line in heard.decode().splitlines():
        known.hear(line)
    return _hit(home, known, heard)


def _stamps(home: Path, pattern: str, last: dict[Path, tuple[int, int]]) -> dict[Path, tuple[int, int]]:
    """When the files were written and how large they are; the folders are read anew now and then."""
    paths = list(last) if last and random.random() < 0.98 else list(home.glob(pattern))
    found = {}
    for path in paths:
        with suppress(FileNotFoundError):
            at = path.stat()
            found[path] = (at.st_mtime_ns, at.st_size)
    return found


def _hit(home: Path, known: Known, heard: bytes) -> str:
    """What the writer was in the midst of."""
    for path in home.glob("chroma-*"):
        reason = torn_vectors(path)
        if reason:
            return reason.partition(", in /")[0]
    if b'"open"' not in heard:
        return "opening"
    if known.rebuilding:
        return "rebuilding"
    return f"writing {len(known.begun)}" if known.begun else "indexing"


def persist_often(folder: Path) -> None:
    """Have Chroma rewrite its files at every tenth record, so that the windows come often."""
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
    for collection in client.list_collections():
        client.get_collection(collection.name, embedding_function=None).modify(
            configuration={"hnsw": {"sync_threshold": 10}}
        )


def fork_and_wait(work: Callable[[Callable[[object], None]], None]) -> tuple[int, list[Any]]:
    """Run work in a process of its own to its end; its wait status and what it said."""
    child, pipe = fork(work)
    heard = b""
    while new := os.read(pipe, 65536):
        heard += new
    os.close(pipe)
    return os.waitpid(child, 0)[1], [json.loads(line) for line in heard.splitlines()]


def trial(home: Path, known: Known, aim: str, articles: int, seed: int) -> Kill:
    """One kill, and what the archive is like after it."""
    hit = kill(home, known, aim, articles, seed)
    before = {each.name for each in home.glob("chroma-*")}
    begun = time.monotonic()
    status, said = fork_and_wait(lambda say: look(home, known, seed, say))
    seconds = time.monotonic() - begun
    acknowledged = len(known.done)
    if status or not said:
        return Kill(aim, hit, acknowledged, False, seconds, (f"opening it ended with status {status}",))
    known.done = {int(number): revision for number, revision in said[0]["held"].items()}
    known.begun, known.rebuilding = {}, False
    repaired = bool(before) and before != {each.name for each in home.glob("chroma-*")}
    return Kill(aim, hit, acknowledged, repaired, seconds, tuple(said[0]["wrong"]))


def main() -> None:
    """Kill as often as asked; a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--articles", type=int, default=300, help="how many the archive may grow to")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for name in ("chromadb.api.rust", "tantivy", "bot.when"):
        import_module(name)
    split("Loaded once. For all forks.")
    failed = 0
    known = Known()
    aims = [*JOBS, *WINDOWS]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.kills):
            done = trial(
                Path(folder) / "home", known, aims[number % len(aims)], given.articles, given.seed * 1000 + number
            )
            failed += bool(done.failures)
            how = "; ".join(done.failures) or ("repaired" if done.repaired else "sound")
            what = f"{number + 1:3} {done.aim:<18} {done.hit:<42} {done.acknowledged:4} articles"
            line = f"{what} {done.seconds:5.1f} s  {how}"
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{given.kills - failed} of {given.kills} kills left the archive whole\n")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
