"""Where the sentences of a text begin and end: sentencex, with the repairs that newspaper prose needs.

sentencex knows most abbreviations and keeps quotations whole. What it gets wrong in news is decided here:
headings and list items, "5 p.m. Monday", "the U.S. He", "(Aside.) Then", attributions after a quotation,
and quotations that run on for a paragraph.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from index.article import Span
from index.blocks import blocks
from index.sentence_words import (
    ABBREVIATIONS,
    BEFORE_A_NUMBER,
    NEVER_LAST,
    SAYING,
    STARTERS,
    STATES,
    TIME_WORDS,
    TITLES,
)

LONGEST_QUOTATION = 400  # characters; a longer one is cut at its sentences
LONGEST_SENTENCE = 1000  # a longer one is cut at a semicolon or a line end, where it has one
WINDOW = 4000  # sentencex takes quadratic time when quotation marks do not pair up

_OPENERS = "“‘\"'(["
_CLOSERS = "”’\"')]»"
# A place where a sentence may end: stops, what closes after them, footnote marks, and space.
_STOP = re.compile(r"(?<![.!?…])([.!?…]++)([”’\"')\]»]*+)((?:\[\d{1,3}\])*+)(\s++)")
_ANY_STOP = re.compile("[.!?…。！？]")
_NEXT_WORD = re.compile(r"[^\W_][\w'’.&-]*")
_DOTTED = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]\Z")
_BRAND = re.compile(r"[a-z]{1,2}[A-Z]|https?://|www\.|pic\.twitter\.com")
_QUOTED = re.compile(
    r"“[^“”]*”"
    r"|(?<![^\s(\[—–-])\"(?=\S)[^\"]*\""
    r"|(?<!\w)‘[^‘]*?[.,!?…]’(?!\w)"
    r"|\([^()]*\)"
    r"|\[[^\[\]]*\]"
)


@lru_cache(maxsize=4)  # splitting an article asks twice
def sentences(text: str) -> tuple[Span, ...]:
    """The spans of a text's sentences, in code points: ordered, apart, without surrounding white space.

    Every character that is not white space lies in one of them. Takes time linear in the length of the text.
    """
    found: list[Span] = []
    for block in blocks(text):
        piece = text[block.start : block.end]
        edges = [0, *_cuts(piece), len(piece)]
        for start, end in pairwise(edges):
            for part in _shortened(piece, start, end):
                span = _stripped(piece, *part)
                if span.start < span.end:
                    found.append(Span(block.start + span.start, block.start + span.end))
    return tuple(found)


def _stripped(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    left = len(part) - len(part.lstrip())
    return Span(start + left, start + max(left, len(part.rstrip())))


def _cuts(block: str) -> list[int]:
    """Offsets in the block at which a new sentence begins."""
    if not _ANY_STOP.search(block):
        return []
    native = set(_native_cuts(block))
    quoted = [(found.start(), found.end()) for found in _QUOTED.finditer(block)]
    starts = [start for start, _ in quoted]
    cuts, judged = [], set()
    for stop in _STOP.finditer(block):
        judged.add(stop.end())
        if stop.end() == len(block):
            continue
        inside = _around(quoted, starts, stop.end())
        if _ends(block, stop, stop.end() in native, inside):
            cuts.append(stop.end())
    for cut in native - judged:
        if _is_cut_without_stop(block, cut):
            cuts.append(cut)
    return sorted(cuts)


def _around(quoted: list[tuple[int, int]], starts: list[int], offset: int) -> int:
    """The length of the quotation or bracket that an offset lies in, 0 outside of one."""
    index = bisect_right(starts, offset) - 1
    if index < 0:
        return 0
    start, end = quoted[index]
    return end - start if start < offset < end else 0


def _native_cuts(block: str) -> Iterator[int]:
    import sentencex

    position = 0
    while position < len(block):
        end = _window_end(block, position)
        for piece in sentencex.segment("en", block[position:end]):
            position += len(piece)
            if position < end:  # the end of a window says nothing
                yield position
        position = end


def _window_end(block: str, start: int) -> int:
    """Where to end a window: after the last likely sentence end in it, or the last space, or anywhere."""
    end = start + WINDOW
    if end >= len(block):
        return len(block)
    for mark in (". ", "? ", "! ", " ", "\n"):
        found = block.rfind(mark, start + WINDOW // 2, end)
        if found > 0:
            return found + len(mark)
    return end


def _is_cut_without_stop(block: str, cut: int) -> bool:
    """Judges a cut of sentencex that is not at stops followed by space: "agreed.The", "。", or a mistake."""
    before, after = block[max(0, cut - 40) : cut].rstrip(), block[cut : cut + 40]
    if not before or not after or before[-1] not in ".!?…。！？" + _CLOSERS:
        return False
    if after[0].isspace() or before[-1] in "。！？":
        return True
    if not after[0].isalnum():
        return after[0] not in ".,;:/-–—'’”)]"
    word, next_word = before.split()[-1].strip(".!?…"), re.match(r"[^\W_]*", after)
    return word[-1:].islower() and word.isalpha() and bool(next_word and next_word[0][:1].isupper())


def _ends(block: str, stop: re.Match[str], native: bool, inside: int) -> bool:
    """Whether the sentence ends at this stop; `inside` is the length of the quotation around it, 0 for none."""
    if 0 < inside <= LONGEST_QUOTATION:
        return False
    marks, closers = stop[1], stop[2]
    before = _last_word(block, stop.start())
    after = block[stop.end() : stop.end() + 60]
    if _belongs_to_what_went_before(after, marks, closers, before):
        return False
    if marks == "." and not closers:
        start = stop.start() - len(before)
        known = _after_abbreviation(before, after, block[max(0, start - 8) : start], native)
        if known is not None:
            return known
    return native or _is_missed_end(block, stop, before, after)


def _last_word(block: str, end: int) -> str:
    words = block[max(0, end - 30) : end].rsplit(maxsplit=1)
    if not words or block[end - 1].isspace():
        return ""
    word = words[-1]
    for opener in '“‘"([—–/':
        word = word.rpartition(opener)[2]
    return word.lstrip("'’")


def _belongs_to_what_went_before(after: str, marks: str, closers: str, before: str) -> bool:
    """What follows the stop goes on with the sentence: a dash, a small letter, an attribution."""
    if re.match(r"[–—]|--|-\s|[,;:)\]]", after):
        return True
    first = after.lstrip(_OPENERS)
    if first[:1].islower() and not _BRAND.match(first):
        if closers or marks[0] in "!?…" or marks.endswith(".."):
            return bool(closers) or marks[0] in "….!" or before[:1].isupper()
        return not before.isalpha() or before.isupper() or before.lower() in ABBREVIATIONS
    if marks[-1] in "!?…." and any(mark in closers for mark in "”\"’'") and after[:1] not in _OPENERS:
        words = after.split(maxsplit=5)[:5]
        return marks[-1] in "!?…" and _is_attribution(words)
    return False


def _is_attribution(words: list[str]) -> bool:
    """ "Smith said", "President Biden asked", "said Smith": the first words after a quotation."""
    for position, word in enumerate(words):
        bare = word.rstrip(".,:;")
        if bare in SAYING:
            return position > 0 or bare.islower()
        if not bare[:1].isupper() and bare not in ("the", "of"):
            return False
        if word != bare and bare.lower() not in TITLES:
            return False
    return False


def _after_abbreviation(before: str, after: str, lead: str, native: bool) -> bool | None:
    """Whether the stop after an abbreviation ends the sentence; None when it is none, or sentencex knows it.

    `lead` is what stands before the abbreviation, up to the start of the block or eight characters.
    """
    lower, next_word = before.lower(), _next_word(after)
    known: bool | None = None
    if not lead and re.fullmatch(r"\d{1,3}|[A-Za-z]", before):
        known = False  # "1. First": the number opens a list item
    elif lower in ("a.m", "p.m"):
        opens_the_line = len(lead) < 8 and re.fullmatch(r"[\d:. ]+", lead)
        known = not opens_the_line and next_word not in TIME_WORDS and (native or next_word in STARTERS)
    elif _is_never_last(before, after, next_word):
        known = False
    elif before in STATES and re.search(r"(?:, |-)\Z", lead):
        known = next_word in STARTERS
    elif lower in ABBREVIATIONS or _DOTTED.search(before):
        known = next_word in STARTERS or after[0] in '“"‘'
    return known


def _is_never_last(before: str, after: str, next_word: str) -> bool:
    lower = before.lower()
    return (
        (lower in TITLES and before[0].isupper())
        or (lower in NEVER_LAST and not before.isupper())
        or (lower in BEFORE_A_NUMBER and after[0].isdigit())
        or (before in STATES and next_word.lower() in TITLES)
    )


def _next_word(after: str) -> str:
    found = _NEXT_WORD.match(after.lstrip(_OPENERS))
    return found[0].rstrip(".'’-&") if found else ""


def _is_missed_end(block: str, stop: re.Match[str], before: str, after: str) -> bool:
    """Whether sentencex overlooked this end: after closers, after an ellipsis, in a very long quotation."""
    marks, closers = stop[1], stop[2]
    first = after.lstrip(_OPENERS)
    if not (first[:1].isupper() or first[:1].isdigit() or _BRAND.match(first)):
        return False
    if closers[:1] in (")", "]"):
        return marks == "." or _is_whole_sentence(block, stop.start(), "(" if closers[0] == ")" else "[")
    if closers:
        return marks[-1] != "…" or first[:1].isupper()
    next_word = _next_word(after)
    if marks[-1] == "…" or marks.endswith(".."):
        return next_word != before and next_word in STARTERS and next_word != "I"
    if marks == ".":
        return (
            (len(before) > 1 or before.isdigit())
            and before[-1:].isalnum()
            and (not before[-1].isupper() or next_word in STARTERS)
        )
    return marks != "!" or next_word in STARTERS or not before[:1].isupper()


def _is_whole_sentence(block: str, end: int, opener: str) -> bool:
    """Whether the bracket that closes at `end` opened at the start of a sentence: "(Really!) Then", not "a (b!) C"."""
    start = block.rfind(opener, max(0, end - LONGEST_QUOTATION), end)
    before = block[max(0, start - 5) : start].rstrip() if start >= 0 else ""
    return not before or before[-1] in ".!?…" + _CLOSERS


# --- very long sentences -------------------------------------------------------------------------------------


def _shortened(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretch itself, or its parts when it is too long and has semicolons or line ends to be cut at."""
    while end - start > LONGEST_SENTENCE:
        cut = max(text.rfind(mark, start + 1, start + LONGEST_SENTENCE) for mark in ("; ", ";\n", "\n", " • "))
        if cut < 0:
            later = [text.find(mark, start + LONGEST_SENTENCE, end) for mark in ("; ", "\n")]
            cut = min((place for place in later if place >= 0), default=-1)
        if cut < 0:
            break
        yield start, cut + 1
        start = cut + 1
    yield start, end
