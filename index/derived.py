"""The derived indexes kept equal to the truth: changes applied in order, checked, rebuilt.

Each index has a watermark, the last change it has taken in, and a generation, the folder it lives in. A rebuild
fills a new generation and moves both facts in one transaction, so that a crash leaves the old or the new, never half.
The flat index and its watermark live in memory: it is filled from the truth, and kept up, when it is asked for.

Vectors on a Chroma server belong to all processes that share the truth; whoever has changes to take in holds their
name meanwhile. The words are always a process's own: where the vectors are shared, it claims a place for them at the
first search, and its watermark bears the place's name.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import Lock, RLock

import numpy as np
from sqlalchemy import Engine, select

from index.database import alone
from index.dense import DenseIndex, delete_dense, open_dense
from index.errors import ArchiveDamaged
from index.evidence import count_live_passages, entries, flat_rows, live_passages, passage_vectors, replaced_passages
from index.flat import FlatIndex, Row
from index.lock import Place, claim_place
from index.tables import changes
from index.torn import torn_vectors, torn_words
from index.truth import last_change, read_fact, write_fact
from index.words import WordIndex, delete_words, open_words

CHANGES_AT_ONCE = 2000
SAMPLE = 50  # passages whose vectors and neighbours are compared after an unclean end
SAME = 0.999  # the cosine from which two vectors count as one
LOST_AT_MOST = 0.3  # of the samples whose own vector does not find them
TRIES = 3  # to compare with a truth that others write to
CHECK_LASTS_S = 900  # a check of 100,000 passages takes some 10 s
WIDE_QUERY = 10_000  # results asked for at once to meet graph nodes that lost their id


class Derived:
    """Chroma and Tantivy beside one truth. `chroma_url` puts the vectors on a server instead of in `home`.

    `place` is given when another process holds it for this one.
    """

    def __init__(self, truth: Engine, home: Path, chroma_url: str | None = None, place: Place | None = None) -> None:
        self._truth = truth
        self._home = home
        self._chroma_url = chroma_url
        self._place = place or (Place(home) if chroma_url is None else None)
        self._dense: tuple[int, DenseIndex] | None = None
        self._words: WordIndex | None = None
        self._opening = RLock()  # the first questions may come several at once
        self._flats: dict[bool, tuple[FlatIndex, int]] = {}  # of replaced versions or not, with the watermark
        self._flats_in_use = Lock()

    @property
    def place(self) -> Place | None:
        """Where this process keeps its words; None as long as it has not searched a shared archive."""
        return self._place

    def settle(self) -> None:
        """Have a place for words, which must catch up before it is searched."""
        self._place = self._place or claim_place(self._home, self._fact("archive_id"))

    def leave(self) -> None:
        """Let another process have the place."""
        if self._place is not None and self._place.lock is not None:
            self._place.lock.close()

    @property
    def dense(self) -> DenseIndex:
        """The vectors, opened at first use, and anew when another process has built them anew."""
        if self._chroma_url is None and self._dense is not None:
            return self._dense[1]  # nobody else builds it anew
        generation = self._generation("dense")
        with self._opening:
            if self._dense is None or self._dense[0] != generation:
                self._dense = generation, open_dense(*self._dense_place(generation))
            return self._dense[1]

    @property
    def words(self) -> WordIndex:
        """The words, opened at first use."""
        with self._opening:
            if self._words is None:
                self._words = open_words(self._words_folder(self._generation("words")))
            return self._words

    def flat(self) -> FlatIndex:
        """All vectors and what filters look at, as of the newest change. The first call reads them: 3 s for 100,000."""
        return self._followed(replaced=False)

    def replaced(self) -> FlatIndex:
        """The same of versions that another has replaced. Only a question as of an earlier day looks there."""
        return self._followed(replaced=True)

    def _followed(self, *, replaced: bool) -> FlatIndex:
        with self._flats_in_use:
            newest = last_change(self._truth)
            if replaced not in self._flats:
                ids = self._replaced() if replaced else self._live()
                batches = (self._flat_rows(some, replaced=replaced) for some in _batches(ids))
                self._flats[replaced] = FlatIndex(batches), newest
            flat, at = self._flats[replaced]
            while at < newest:
                touched, put, at = self._changes(at)
                rows = self._flat_rows(list(touched) if replaced else put, replaced=replaced)
                flat.apply(rows, list(touched - {row.passage_id for row in rows}))
                self._flats[replaced] = flat, at
            return flat

    def catch_up(self) -> None:
        """Take in every change since the watermarks. Safe to repeat, and to resume after a crash."""
        newest = last_change(self._truth)
        for name in self._kept_up():
            if self._at(name) < newest:
                with self._held(name):
                    while (since := self._at(name)) < newest:
                        self._mark_unclean()
                        self._apply(name, since)

    def behind(self) -> int:
        """How many changes the slower index has still to take in."""
        return last_change(self._truth) - min(map(self._at, self._kept_up()))

    def ended_unclean(self) -> bool:
        """Whether a process died while it wrote to the indexes."""
        return self._unclean is not None and self._unclean.exists()

    def lost(self) -> str | None:
        """Which index is gone or lacks passages, a sentence. A look at counts and files; `problems` looks closer."""
        with self._truth.connect() as connection:
            live = count_live_passages(connection)
        if not live:
            return None
        place, _ = self._dense_place(self._generation("dense"))
        # Where others write, counts differ for a moment; a collection that is empty was lost with its server.
        gone = not (place / "chroma.sqlite3").exists() if isinstance(place, Path) else not self.dense.count()
        if gone:
            return "The vector index is gone."
        if self._place is None:
            return None
        try:
            count = self.words.count()
            whole = count == live or (count > 0 and self._chroma_url is not None)
            return None if whole else "The word index lacks passages."
        except ArchiveDamaged:
            reason = torn_words(self._words_folder(self._generation("words")))
            return f"The word index {reason or 'cannot be opened'}."

    def torn(self) -> str | None:
        """What a killed process left half written in embedded vectors, as the end of a sentence; not to be opened."""
        place, _ = self._dense_place(self._generation("dense"))
        return torn_vectors(place) if isinstance(place, Path) else None

    def forget(self) -> None:
        """Delete the folders that an earlier truth left behind; the present one has never written to them."""
        for folder in [*self._home.glob("words-*"), *self._home.glob("chroma-*"), *self._home.glob("process-*")]:
            shutil.rmtree(folder, ignore_errors=True)

    def mark_clean(self) -> None:
        """Say that all writing has ended well."""
        if self._unclean is not None:
            self._unclean.unlink(missing_ok=True)

    def problems(self) -> list[str]:
        """What differs from the truth, a sentence each. Run it in a subprocess: a damaged Chroma can crash."""
        looks = {"dense": ("vector", self._dense_problems), "words": ("word", self._words_problems)}
        found: list[str] = []
        for name in self._kept_up():
            shown, look = looks[name]
            try:
                found += [f"The {shown} index {problem}." for problem in self._steady(look)]
            except ArchiveDamaged as error:
                found.append(str(error))
        return found

    def _steady(self, look: Callable[[], list[str]]) -> list[str]:
        """What a look finds while nothing changes. Where others write, it is caught up with and looked at again."""
        for _ in range(TRIES):
            newest = last_change(self._truth)
            found = look()
            if not found or self._chroma_url is None or last_change(self._truth) == newest == self._at("dense"):
                return found
            self.catch_up()
        return []

    def rebuild(self) -> None:
        """Fill all indexes anew from the truth, without embedding anything again."""
        newest = last_change(self._truth)
        if self._place is not None:
            self._rebuild_words(newest)
        with self._held("dense"):
            self._rebuild_dense(newest)
        with self._flats_in_use:
            self._flats.clear()
        self.mark_clean()

    def _apply(self, name: str, since: int) -> None:
        touched, put, last = self._changes(since)
        with self._truth.connect() as connection:
            if name == "words":
                texts = entries(connection, put)
                self.words.apply(texts, list(touched - {entry.id for entry in texts}))
            else:
                ids, vectors = passage_vectors(connection, put, read_fact(connection, "model", ""))
                self.dense.drop(list(touched - set(ids)))
                self.dense.put(ids, vectors)
        with self._truth.begin() as connection:
            write_fact(connection, self._named(f"{name}_at"), str(last))

    def _changes(self, since: int) -> tuple[set[int], list[int], int]:
        """The next changes: the passages they touch, those of them that were put last, and the last one's number."""
        rows = select(changes).where(changes.c.seq > since).order_by(changes.c.seq).limit(CHANGES_AT_ONCE)
        with self._truth.connect() as connection:
            taken = connection.execute(rows).all()
        ops = {row.passage_id: row.op for row in taken}
        return set(ops), [passage_id for passage_id, op in ops.items() if op == "put"], taken[-1].seq

    def _flat_rows(self, ids: Sequence[int], *, replaced: bool) -> list[Row]:
        with self._truth.connect() as connection:
            return flat_rows(connection, ids, read_fact(connection, "model", ""), replaced=replaced)

    def _replaced(self) -> list[int]:
        with self._truth.connect() as connection:
            return replaced_passages(connection)

    def _live(self) -> list[int]:
        with self._truth.connect() as connection:
            return live_passages(connection)

    def _dense_problems(self) -> list[str]:
        half_written = self.torn()
        if half_written:
            return [half_written]
        ids = self._live()
        count = self.dense.count()
        if count != len(ids):
            return [f"holds {count} passages, the truth {len(ids)}"]
        with self._truth.connect() as connection:
            some, vectors = passage_vectors(connection, _sample(ids), read_fact(connection, "model", ""))
            found = self.dense.nearest(vectors, 5) if some else []
            near = sorted({each for pairs in found for each, _ in pairs})
            true = dict(zip(*passage_vectors(connection, near, read_fact(connection, "model", "")), strict=True))
        kept = self.dense.vectors(some)
        wrong = sum(
            each not in kept or float(kept[each] @ vector) < SAME for each, vector in zip(some, vectors, strict=True)
        )
        lost = 0
        for pairs, vector in zip(found, vectors, strict=True):
            wrong += any(
                each not in true or abs(float(true[each] @ vector) - cosine) > 1 - SAME for each, cosine in pairs
            )
            lost += max((cosine for _, cosine in pairs), default=0.0) < SAME
        if some:
            self.dense.nearest(vectors[:1], WIDE_QUERY)
        # Where texts are nearly equal, a sound graph misses a few: 8 in 100 were measured after updates.
        wrong += lost if lost > LOST_AT_MOST * len(some) else 0
        return [f"differs from the truth in {min(wrong, len(some))} of {len(some)} samples"] if wrong else []

    def _words_problems(self) -> list[str]:
        ids = self._live()
        damaged = torn_words(self._words_folder(self._generation("words"))) if ids else None
        if damaged:
            return [damaged]
        count = self.words.count()
        if count != len(ids):
            return [f"holds {count} passages, the truth {len(ids)}"]
        missing = sum(not self.words.has(each) for each in _sample(ids))
        return [f"lacks {missing} of {len(_sample(ids))} samples"] if missing else []

    def _rebuild_words(self, newest: int) -> None:
        old = self._generation("words")
        folder = self._words_folder(old + 1)
        delete_words(folder)
        fresh = open_words(folder)
        for batch in _batches(self._live()):
            with self._truth.connect() as connection:
                fresh.apply(entries(connection, batch), [])
        self._switch("words", old + 1, newest)
        self._words = fresh
        delete_words(self._words_folder(old))

    def _rebuild_dense(self, newest: int) -> None:
        old = self._generation("dense")
        place, name = self._dense_place(old + 1)
        delete_dense(place, name)
        fresh = open_dense(place, name)
        for batch in _batches(self._live()):
            with self._truth.connect() as connection:
                fresh.put(*passage_vectors(connection, batch, read_fact(connection, "model", "")))
        self._switch("dense", old + 1, newest)
        self._dense = old + 1, fresh
        delete_dense(*self._dense_place(old))

    def _switch(self, name: str, generation: int, newest: int) -> None:
        with self._truth.begin() as connection:
            write_fact(connection, self._named(f"{name}_generation"), str(generation))
            write_fact(connection, self._named(f"{name}_at"), str(newest))

    def _kept_up(self) -> tuple[str, ...]:
        return ("dense",) if self._place is None else ("words", "dense")

    def _held(self, name: str) -> AbstractContextManager[None]:
        shared = name == "dense" and self._chroma_url is not None
        return alone(self._truth, "vectors") if shared else nullcontext()

    def _generation(self, name: str) -> int:
        return int(self._fact(self._named(f"{name}_generation")))

    def _at(self, name: str) -> int:
        return int(self._fact(self._named(f"{name}_at")))

    def _named(self, fact: str) -> str:
        own = self._place.name if self._place is not None and fact.startswith("words") else ""
        return f"{fact}@{own}" if own else fact

    @property
    def _unclean(self) -> Path | None:
        return self._place.folder / "derived-being-written" if self._place else None

    def _fact(self, name: str) -> str:
        with self._truth.connect() as connection:
            return read_fact(connection, name, "0")

    def _dense_place(self, generation: int) -> tuple[Path | str, str]:
        if self._chroma_url is None:
            return self._home / f"chroma-{generation}", "passages"
        # One server may hold several archives, so the collection carries the archive's own name.
        return self._chroma_url, f"dateline-{self._fact('archive_id')}-{generation}"

    def _words_folder(self, generation: int) -> Path:
        assert self._place is not None, "words are opened in a place of their own"
        return self._place.folder / f"words-{generation}"

    def _mark_unclean(self) -> None:
        if self._unclean is not None and not self._unclean.exists():
            self._unclean.write_text("Written before the first change, removed after the last.\n")


def problems_in_subprocess(
    home: Path, chroma_url: str | None, database_url: str | None, place: Place | None, *, catch_up: bool = False
) -> list[str]:
    """`Derived.problems` in a process of its own, because opening a damaged Chroma can end a process.

    `catch_up` has it take in the changes since first; only where this process has not opened the indexes.
    """
    what = {
        "home": str(home.resolve()),
        "chroma_url": chroma_url,
        "database_url": database_url,
        "place": [str(place.folder.resolve()), place.name] if place else None,
        "catch_up": catch_up,
    }
    command = [sys.executable, "-m", "index.verify"]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(what),  # not an argument: a URL with a password would be seen in the list of processes
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[1],
            timeout=CHECK_LASTS_S,
        )
    except subprocess.TimeoutExpired:
        return [f"The derived indexes cannot be checked: it took more than {CHECK_LASTS_S} seconds."]
    if done.returncode == 0:
        return done.stdout.splitlines()
    said = done.stderr.strip().rpartition("\n")[2]
    return [f"The derived indexes cannot be opened: the check ended with code {done.returncode}. {said}".strip()]


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[at : at + CHANGES_AT_ONCE] for at in range(0, len(ids), CHANGES_AT_ONCE))


def _sample(ids: Sequence[int]) -> list[int]:
    return [ids[int(at)] for at in np.linspace(0, len(ids) - 1, min(SAMPLE, len(ids)))] if ids else []
