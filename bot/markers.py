"""A model's reply read while it streams: its sentences, and the numbers of the sentences each one cites.

Every decision is taken at a white space or at the length limit, from all characters up to there. So it does not
matter in what pieces the reply arrives.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from index import sentences

LONGEST_SENTENCE = 2000  # characters; a reply that runs on without an end is cut here
LOOKAHEAD = 3  # words after a stop before it is judged: "“No!” Mayor Smith said" is one sentence
WIDEST_RANGE = 10  # sentences that one marker may cite; a wider one cites its first

_NUMBER = r"\d{1,3}(?:\.\d{1,4})?"
_PART = rf"{_NUMBER}(?:\s?[-–—]\s?{_NUMBER})?"
_MARKER = rf"\s*[\[【]\^?\s?({_PART}(?:\s?[,;]\s?{_PART})*)\s?(?:†[^\]】\s]{{0,40}})?[\]】]"
_OPEN_MARKER = re.compile(r"[\[【][^\]】]{0,80}\Z")
_MAY_HAVE_ENDED = re.compile(r"[.!?…。！？][^\w\s]*\s|[。！？]")
_LINE_START = re.compile(r"\s*(?:(?:[-*+•>#]+|\d{1,2}[.)])\s+)*")
_NOT_TEXT = re.compile(rf"{_MARKER}|[*`]+|(?<!\w)__|__(?!\w)")


class Cited(NamedTuple):
    """The sentences first to last of a source; 0 and 0 for the source as a whole."""

    source: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence of the reply, not yet proven: its text without markers, and what it cites."""

    text: str
    cited: tuple[Cited, ...]


class Reply:
    """The part of a streamed reply that is still undecided."""

    def __init__(self) -> None:
        self._buffer = ""

    def feed(self, chunk: str) -> list[DraftSentence]:
        """Take in the next piece; the sentences that are complete now."""
        found: list[DraftSentence] = []
        for piece in re.findall(r"\S*\s|\S+", chunk):
            self._buffer += piece
            while len(self._buffer) >= LONGEST_SENTENCE:
                head, self._buffer = self._buffer[:LONGEST_SENTENCE], self._buffer[LONGEST_SENTENCE:]
                found += _read_line(head)
            if self._buffer.endswith(("\n", "\r")):
                found += self.close()
            elif self._buffer[-1:].isspace():
                found += self._decided()
        return found

    def close(self) -> list[DraftSentence]:
        """The reply, or its line, has ended: what is left of it."""
        line, self._buffer = self._buffer, ""
        return _read_line(line)

    def _decided(self) -> list[DraftSentence]:
        """The sentences at the front of the buffer that enough words follow."""
        if not _MAY_HAVE_ENDED.search(self._buffer) or _OPEN_MARKER.search(self._buffer):
            return []
        plain = _without_markers(self._buffer)
        starts = [start for start, _ in sentences(plain.text)]
        followed = [start for start in starts[1:] if len(plain.text[start:].split()) >= LOOKAHEAD]
        if not followed:
            return []
        end = followed[-1]
        self._buffer = self._buffer[plain.offsets[end] :]
        # A marker at `end` stands before it: what is kept of the buffer begins with the next sentence's own text.
        markers = [(at, inside) for at, inside in plain.markers if at <= end]
        return _drafts(_Plain(plain.text[:end], plain.offsets[:end], markers))


@dataclass(frozen=True, slots=True)
class _Plain:
    """A text without bullets, emphasis and markers; where its characters were; each marker with its place in it."""

    text: str
    offsets: list[int]
    markers: list[tuple[int, str]]


def _read_line(line: str) -> list[DraftSentence]:
    return [] if line.lstrip().startswith("```") else _drafts(_without_markers(line))


def _without_markers(text: str) -> _Plain:
    plain, offsets = "", list[int]()
    markers: list[tuple[int, str]] = []
    at = _LINE_START.match(text).end()  # type: ignore[union-attr]  # it matches the empty string
    for found in _NOT_TEXT.finditer(text, at):
        plain += text[at : found.start()]
        offsets += range(at, found.start())
        at = found.end()
        if found[1]:
            markers.append((len(plain), found[1]))
        if not plain:
            at += len(text[at:]) - len(text[at:].lstrip())
    return _Plain(plain + text[at:], offsets + list(range(at, len(text))), markers)


def _drafts(plain: _Plain) -> list[DraftSentence]:
    """The sentences of a finished stretch. A marker belongs to the sentence that it stands in or behind."""
    spans = sentences(plain.text)
    starts = [start for start, _ in spans]
    cited: list[list[str]] = [[] for _ in spans]
    for at, inside in plain.markers:
        if spans:
            cited[max(0, bisect_left(starts, at) - 1)].append(inside)
    return [
        DraftSentence(
            " ".join(plain.text[start:end].split()),
            tuple(dict.fromkeys(each for inside in own for each in _read_marker(inside))),
        )
        for (start, end), own in zip(spans, cited, strict=True)
    ]


def _read_marker(inside: str) -> Iterator[Cited]:
    """`1.2`, `1.2-1.4`, `1.2-4`, `1`, `1-3`, several with commas."""
    for part in re.split(r"[,;]", inside):
        first, *rest = (_read_number(each) for each in re.split(r"[-–—]", part))
        if not rest:
            yield Cited(first[0], first[1], first[1])
            continue
        source, sentence = first
        other, last = rest[0]
        if sentence and not last:  # 1.2-4
            other, last = source, other
        if sentence and other == source and sentence <= last < sentence + WIDEST_RANGE:
            yield Cited(source, sentence, last)
        elif not sentence and not last and source <= other < source + WIDEST_RANGE:
            yield from (Cited(each, 0, 0) for each in range(source, other + 1))
        else:
            yield Cited(source, sentence, sentence)
            if other != source:
                yield Cited(other, last, last)


def _read_number(text: str) -> tuple[int, int]:
    source, _, sentence = text.strip().partition(".")
    return int(source), int(sentence or 0)
