"""Whether two texts are one report: near-duplicates found by MinHash, then verified on the texts themselves.

A wire copy is edited, cut and given a new lead, so two shingles of words are looked at: pairs of content words, hashed
into bands, bring candidates up; the share of triples that the shorter text has from the longer one decides. The
constants are measured on planted copies (`eval/bench/copies.py`; the curve is in eval/LOG.md).
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

LEAD = 200  # words; a copy that was cut still begins like its original
BANDS = 20  # of the whole text, and as many of its lead
ROWS = 2  # hashes a band has
SAME_REPORT = 0.40  # of the shorter text's triples; a copy with a fifth of its words changed keeps .44 and more
SAME_ORIGIN = 0.06  # what two copies of one report still share, however each was edited
CONTEXTS_THAT_DIFFER = 2  # of the three a figure has; one may be the chance of two edits
SHORTEST = 0.4  # of the longer text: a paragraph quoted in a long piece makes no copy of it

_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+")
NUMBER_WORDS = frozenset(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred dozen".split()
)
_CONTEXTS = ((3, 1), (2, 2), (1, 3))  # words before and after a figure that say what it counts


class Shingles(NamedTuple):
    """A text as it is compared: its triples of words, and its figures by the words around them."""

    triples: frozenset[tuple[str, ...]]
    figures: dict[tuple[str, ...], set[str]]


@lru_cache(maxsize=32)
def shingles(body: str) -> Shingles:
    """What `same_report` and `other_figures` compare of a body."""
    words = _words(body)
    return Shingles(
        frozenset(zip(words, words[1:], words[2:], strict=False)) or frozenset([tuple(words)]), _figures(words)
    )


def same_report(one: Shingles, other: Shingles) -> bool:
    """Whether two texts are versions of one report: most of the shorter one stands in the longer one."""
    sizes = sorted((len(one.triples), len(other.triples)))
    return sizes[0] >= SHORTEST * sizes[1] and shared(one, other) >= SAME_REPORT


def shared(one: Shingles, other: Shingles) -> float:
    """The share of the shorter text's triples that the longer one has."""
    return len(one.triples & other.triples) / min(len(one.triples), len(other.triples))


def other_figures(one: Shingles, other: Shingles) -> bool:
    """Whether the two give different numbers in the same words: one may be the correction of the other."""
    both = one.figures.keys() & other.figures
    return sum(one.figures[around].isdisjoint(other.figures[around]) for around in both) >= CONTEXTS_THAT_DIFFER


def bands(body: str) -> list[int]:
    """Keys, as 64-bit integers, of which two texts of one report have at least two in common."""
    words = [word for word in _words(body) if len(word) > 3 or word[0].isdigit()]
    keys: list[int] = []
    for part, text in enumerate((words, words[:LEAD])):
        pairs = {f"{one} {other}".encode() for one, other in pairwise(text)}
        hashed = _blank().copy()
        hashed.update_batch(sorted(pairs or {" ".join(text).encode()}))
        for number, rows in enumerate(hashed.digest().reshape(BANDS, ROWS).tolist()):
            keys.append(_key(part * BANDS + number, rows))
    return keys


def _key(number: int, rows: Sequence[int]) -> int:
    """One signed 64-bit integer of a band's number and its two 32-bit hashes."""
    mixed = (rows[0] << 32 | rows[1]) ^ (number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)
    return int(np.array(mixed, np.uint64).astype(np.int64))


def _words(body: str) -> list[str]:
    return _WORD.findall(body.lower())


def _figures(words: list[str]) -> dict[tuple[str, ...], set[str]]:
    found: dict[tuple[str, ...], set[str]] = {}
    is_figure = [word[0].isdigit() or word in NUMBER_WORDS for word in words]
    padded = ["", "", "", *("#" if figure else word for word, figure in zip(words, is_figure, strict=True)), "", "", ""]
    for at in (at for at, figure in enumerate(is_figure, 3) if figure):
        for before, after in _CONTEXTS:
            around = (*padded[at - before : at], "|", *padded[at + 1 : at + 1 + after])
            if "#" not in around:
                found.setdefault(around, set()).add(words[at - 3])
    return found


@cache
def _blank() -> Any:
    from datasketch import MinHash

    return MinHash(num_perm=BANDS * ROWS, seed=1, scheme="affine32")
