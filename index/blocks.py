"""The blocks of a text that no sentence crosses: paragraphs, list items and headings."""

import re
from collections.abc import Iterator
from itertools import pairwise

from index.article import Span

LONGEST_HEADING = 80
LONGEST_TITLE_CASE_HEADING = 60

# A line that ends in one of these was broken in the middle of a sentence.
_JOINING = frozenset(
    "a an and as at but by for from in into is nor of on or over than that the to was were with".split()
)
_ITEM = re.compile(r"\s*(?:[-*•]|(\d{1,3}[.)]))\s+\S")


def blocks(text: str) -> Iterator[Span]:
    """Stretches of the text that a sentence cannot leave; together they hold all that is not white space."""
    paragraph: list[Span] = []
    position = 0
    for line in text.split("\n"):
        span = Span(position, position + len(line))
        position = span.end + 1
        if line.strip():
            paragraph.append(span)
        elif paragraph:
            yield from _paragraph_blocks(text, paragraph)
            paragraph = []
    if paragraph:
        yield from _paragraph_blocks(text, paragraph)


def _paragraph_blocks(text: str, lines: list[Span]) -> Iterator[Span]:
    width = max(line.end - line.start for line in lines)
    start = lines[0].start
    for line, following in pairwise(lines):
        here, there = text[line.start : line.end], text[following.start : following.end]
        if _opens_item(here, there, bool(_ITEM.match(text, start, line.end)), width) or (
            start == line.start and _is_heading(here, there, width)
        ):
            yield Span(start, line.end)
            start = following.start
    yield Span(start, lines[-1].end)


def _opens_item(line: str, following: str, in_list: bool, width: int) -> bool:
    """Whether the following line opens a list item. A wrapped sentence may end in "12." at a line's start, so a
    number opens an item only within a list, after a short line or after a line that is complete."""
    item = _ITEM.match(following)
    if not item:
        return False
    return not item[1] or in_list or len(line) < width / 2 or line.rstrip()[-1] in '.!?…:;”"'


def _is_heading(line: str, following: str, width: int) -> bool:
    """A short line without an end mark that was not broken for want of room, or whose words are capitalised."""
    line = line.strip()
    after = following.lstrip().lstrip("“‘\"'([")
    if len(line) >= LONGEST_HEADING or line[-1] in ".!?…:;,-–—" or not (after[:1].isupper() or after[:1].isdigit()):
        return False
    if line.split()[-1].lower() in _JOINING:
        return False
    room_left = len(line) + 1 + len(following.split(maxsplit=1)[0]) <= width
    long_words = [word for word in re.findall(r"[^\W\d_]+", line) if len(word) > 3]
    title_case = len(long_words) > 1 and all(word[0].isupper() for word in long_words)
    return room_left or (title_case and len(line) <= LONGEST_TITLE_CASE_HEADING)
