"""Whether two texts are one report: near-duplicates found by MinHash, then verified on the texts themselves.

A wire copy is edited, cut and given a new lead, so two shingles of words are looked at: pairs of content words, hashed
into bands, bring candidates up; the share of triples that the shorter text has from the longer one decides. The
constants are measured on planted copies (`eval/bench/copies.py`; the curve is in eval/LOG.md).
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from hashlib import sha1
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

LEAD = 200  # words; a copy that was cut still begins like its original
BANDS = 20  # of the whole text, and as many of its lead
ROWS = 2  # hashes a band has
SAME_REPORT = 0.40  # of the shorter text's triples; a copy with a fifth of its words changed keeps .44 and more
SAME_ORIGIN = 0.06  # what two copies of one report still share, however each was edited
OTHER_FIGURES = 0.25  # of the figures in the same words; in copies with a fifth of their words changed .08 at most
SHORTEST = 0.4  # of the longer text: a paragraph quoted in a long piece makes no copy of it

_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+")
NUMBER_WORDS = dict(
    pair.split(":")
    for pair in (
        "two:2 three:3 four:4 five:5 six:6 seven:7 eight:8 nine:9 ten:10 eleven:11 twelve:12 thirteen:13 fourteen:14 "
        "fifteen:15 sixteen:16 seventeen:17 eighteen:18 nineteen:19 twenty:20 thirty:30 forty:40 fifty:50 sixty:60 "
        "seventy:70 eighty:80 ninety:90 hundred:100 dozen:12"
    ).split()
)
_CONTEXTS = ((3, 1), (2, 2), (1, 3))  # words before and after a figure that say what it counts


class Shingles(NamedTuple):
    """A text as it is compared: its triples of words, its figures by the words around them, and all its figures."""

    triples: frozenset[tuple[str, ...]]
    figures: dict[tuple[str, ...], set[str]]
    numbers: frozenset[str]


@lru_cache(maxsize=32)
def shingles(body: str) -> Shingles:
    """What `same_report` and `other_figures` compare of a body."""
    words = _words(body)
    triples: frozenset[tuple[str, ...]] = frozenset(zip(words, words[1:], words[2:], strict=False))
    numbers = [_number(word) for word in words]
    return Shingles(triples or frozenset([tuple(words)]), _figures(words, numbers), frozenset(filter(None, numbers)))


def same_report(one: Shingles, other: Shingles) -> bool:
    """Whether two texts are versions of one report: most of the shorter one stands in the longer one."""
    sizes = sorted((len(one.triples), len(other.triples)))
    return sizes[0] >= SHORTEST * sizes[1] and shared(one, other) >= SAME_REPORT


def shared(one: Shingles, other: Shingles) -> float:
    """The share of the shorter text's triples that the longer one has."""
    return len(one.triples & other.triples) / min(len(one.triples), len(other.triples))


def other_figures(one: Shingles, other: Shingles) -> bool:
    """Whether the two give different numbers in the same words: one may be the correction of the other.

    One such place is enough where neither number stands elsewhere in the other text: a cut between two numbers brings
    one to the other's words. Where one does, two places with the same two numbers are; and so is a good part of all
    places, as in reports made after one pattern.
    """
    both = one.figures.keys() & other.figures
    differ = [around for around in both if one.figures[around].isdisjoint(other.figures[around])]
    if len(differ) >= max(2, OTHER_FIGURES * len(both)):
        return True
    changes: Counter[tuple[str, str]] = Counter()
    for here, there in ((one.figures[around], other.figures[around]) for around in differ):
        gone, came = here.isdisjoint(other.numbers), there.isdisjoint(one.numbers)
        changes[min(here), min(there)] += gone + came
    return max(changes.values(), default=0) >= 2


def bands(body: str) -> list[int]:
    """Keys, as 64-bit integers, of which two texts of one report have at least two in common."""
    words = [word for word in _words(body) if len(word) > 3 or word[0].isdigit()]
    pairs = [f"{one} {other}" for one, other in pairwise(words)] or words or [""]
    hashed = {pair: sha1(pair.encode()).digest()[:4] for pair in dict.fromkeys(pairs)}
    rows = [_minima(hashed.values()), _minima(map(hashed.__getitem__, pairs[: LEAD - 1]))]
    halves = np.concatenate(rows).reshape(2 * BANDS, ROWS).astype(np.uint64)
    numbers = np.arange(2 * BANDS, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # no two bands share a key
    keys: list[int] = ((halves[:, 0] << np.uint64(32) | halves[:, 1]) ^ numbers).astype(np.int64).tolist()
    return keys


def _minima(hashes: Iterable[bytes]) -> np.ndarray:
    """The MinHash of 32-bit hashes, the first bytes of SHA-1 as datasketch takes them: (BANDS * ROWS,) uint32."""
    minima = _blank().copy()
    minima.update_batch(np.frombuffer(b"".join(hashes), "<u4").tolist())
    return np.asarray(minima.digest())


def _words(body: str) -> list[str]:
    return _WORD.findall(body.lower())


def _number(word: str) -> str | None:
    """A figure, spelt one way; None when the word is none."""
    return word.replace(",", "") if word[0].isdigit() else NUMBER_WORDS.get(word)


def _figures(words: list[str], numbers: list[str | None]) -> dict[tuple[str, ...], set[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    padded = ["", "", "", *("#" if number else word for word, number in zip(words, numbers, strict=True)), "", "", ""]
    for at, number in enumerate(numbers, 3):
        if number is not None:
            for before, after in _CONTEXTS:
                around = (*padded[at - before : at], "|", *padded[at + 1 : at + 1 + after])
                if "#" not in around:
                    found.setdefault(around, set()).add(number)
    return found


@cache
def _blank() -> Any:
    from datasketch import MinHash

    return MinHash(num_perm=BANDS * ROWS, seed=1, scheme="affine32", hashfunc=int)
