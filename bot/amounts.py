"""Whether the numbers of a sentence are those of its ground: value, what it counts, bounds, direction."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.figures import CURRENCIES, Figure, figures, same_figure
from bot.ground import Ground
from bot.moments import Moment, agrees, without_dates
from bot.units import UNITS
from bot.words import words

_BOUNDS = {
    "over": r"more than|over|above|upwards of|exceed(?:s|ed|ing)?|surpass(?:es|ed|ing)?",
    "least": r"at least|no (?:fewer|less) than",
    "under": r"less than|fewer than|under|below",
    "most": r"at most|no more than|as (?:many|much) as|(?<!went )(?<!gone )(?<!rise )(?<!rose )up to",
    "exact": r"exactly|precisely",
}
_BEFORE = re.compile(
    rf"\b(?:{'|'.join(f'(?P<{name}>{words})' for name, words in _BOUNDS.items())})\s+(?:an?\s+)?\Z", re.I
)
_BEHIND = re.compile(r"\s+(?:\w+\s+){0,2}?(?:(?P<least>or more|at least)|(?P<most>or less|or fewer|at most))\b", re.I)
# What else may be said of a number that the source gives with this bound, or as this end of a range.
_MAY_BE_SAID = {"": ("exact", "least", "most"), "over": ("least",), "under": ("most",)}
_ENDS = {"low": ("least", "over"), "high": ("most", "under")}
_RANGE = re.compile(r"\s?(?:to|and|[-–—])\s?", re.I)
_OF_THEM = re.compile(r"\s+of\s+(?:(?:its|the|their|his|her|these|those|about|some)\s+){0,2}(?=\Z|\d)", re.I)
_CHANGE_SPAN = 60  # characters between the two numbers of "to 6.1 percent in October from 7.4 percent"


def wrong_figure(text: str, ground: Ground) -> str | None:
    """What is wrong with the numbers of a sentence, None when nothing is found."""
    return (
        _missing_figure(text, ground)
        or _wrong_count(text, ground)
        or _wrong_bound(text, ground)
        or _wrong_direction(text, ground)
    )


def _missing_figure(text: str, ground: Ground) -> str | None:
    """A number that the ground does not have, also not in another unit or as a difference."""
    there = [figure for each in [*ground.texts, ground.metadata] for figure in figures(each)]
    for figure in figures(text):
        if figure.counts and not any(same_figure(figure, other) for other in there):
            year = int(figure.value) if figure.value.isdigit() and len(figure.value) == 4 else None
            if not (year and agrees(Moment(year=year), ground.moments())) and not _is_difference(figure, ground):
                return f"the number {figure.text} is not in the cited sentences"
    return None


def _is_difference(figure: Figure, ground: Ground) -> bool:
    """Whether it is the percentage points between two percentages of one source sentence."""
    if figure.kind != "pp" or figure.amount is None:
        return False
    shares = [[each.amount or 0.0 for each in figures(text) if each.kind == "%"] for text in ground.texts]
    return any(abs(abs(one - other) - figure.amount) < 1e-6 for own in shares for one in own for other in own)


def _wrong_count(text: str, ground: Ground) -> str | None:
    """A number that the sources have, but of something else: "12 killed" where they have 12 injured and 3 killed."""
    counted = [pair for each in ground.texts for pair in _counts(each)]
    for figure, noun in _counts(text):
        if _OF_THEM.match(text[figure.end :]):
            continue  # "12 of the 37 people": the 37 are what is counted
        same = [other for other, of in counted if of == noun]
        if same and not any(same_figure(figure, other) for other in same):
            return "the cited sentences give another number for this"
    return None


def _counts(text: str) -> Iterator[tuple[Figure, str]]:
    """Each number with the next content word behind it; in "400 of its 8,200 jobs" both count jobs."""
    plain = without_dates(text)
    found = figures(text)
    for at, figure in enumerate(found):
        end, after = figure.end, at
        while after + 1 < len(found) and _OF_THEM.fullmatch(plain[end : found[after + 1].start]):
            after += 1
            end = found[after].end
        following = re.match(r"\s+((?:[a-z’'-]+\s?){1,3})", plain[end:])
        stems = (next(iter(words(word)), None) for word in (following[1].split() if following else ()))
        noun = next(filter(None, stems), None)
        if noun:
            yield figure, noun


def _wrong_bound(text: str, ground: Ground) -> str | None:
    """A number whose "at least" or "below" was turned, added or left out, or one end of a range given for the whole."""
    sources = [(each, figure) for each in ground.texts for figure in figures(each)]
    said = figures(text)
    for figure in said:
        same = [(each, other) for each, other in sources if same_figure(figure, other)]
        bound = _bound(text, figure)
        if same and not bound and (end := _end_of_range(figure, said, same)):
            return f"the cited sentences give a range, of which {end} is one end"
        if not same or any(bound in _sayable(each, other) for each, other in same):
            continue
        if bound:
            return f"the cited sentences do not say so of the number {figure.text}"
        return f"it leaves out what bounds the number {figure.text} in the cited sentences"
    return None


def _sayable(text: str, figure: Figure) -> tuple[str, ...]:
    """The bounds that may be said of a number of a source."""
    if end := _end(text, figure):
        return ("", *_ENDS[end])
    bound = _bound(text, figure)
    return (bound, *_MAY_BE_SAID.get(bound, ()))


def _bound(text: str, figure: Figure) -> str:
    """What the words next to a number say of it, a key of _BOUNDS or "". "Over two years" is how long it took."""
    before = _BEFORE.search(text[: figure.start])
    if before and before.lastgroup and not (before[0].lower().startswith("over") and _is_time(figure)):
        return before.lastgroup
    behind = _BEHIND.match(text[figure.end :])
    return behind.lastgroup or "" if behind else ""


def _is_time(figure: Figure) -> bool:
    return figure.kind in UNITS and UNITS[figure.kind].dimension == "time"


def _end_of_range(figure: Figure, said: Sequence[Figure], same: list[tuple[str, Figure]]) -> str | None:
    """The number's words when it is only ever one end of a range, and the sentence does not give the other."""
    for text, other in same:
        if not _end(text, other):
            return None
        far = next(each for pair in _ranges(text) if other in pair for each in pair if each != other)
        if any(same_figure(each, far) for each in said):
            return None
    return figure.text


def _end(text: str, figure: Figure) -> str:
    """ "low" or "high" for an end of a range, "" for a number that is none."""
    for low, high in _ranges(text):
        if figure in (low, high):
            return "low" if figure == low else "high"
    return ""


def _ranges(text: str) -> Iterator[tuple[Figure, Figure]]:
    """ "Between 18 and 24 months", "$20 to $45"; not "from 4 to 5 percent", which is a change, nor the score 3-1."""
    for low, high in pairwise(figures(text)):
        joined = _RANGE.fullmatch(text[low.end : high.start])
        before = text[: low.start].rstrip().lower()
        rises = low.amount is not None and high.amount is not None and low.amount < high.amount
        measured = rises and low.kind == high.kind and (high.kind in UNITS or high.kind in ("%", *CURRENCIES))
        if joined and (before.endswith("between") if "and" in joined[0] else measured and not before.endswith("from")):
            yield low, high


def _wrong_direction(text: str, ground: Ground) -> str | None:
    """A change from one number to another that goes the other way in the sources."""
    there = [pair for each in ground.texts for pair in _changes(each)]
    for old, new in _changes(text):
        turned = any(same_figure(old, after) and same_figure(new, before) for before, after in there)
        if turned and not any(same_figure(old, before) and same_figure(new, after) for before, after in there):
            return f"the cited sentences have it change from {new.text} to {old.text}"
    return None


def _changes(text: str) -> Iterator[tuple[Figure, Figure]]:
    for one, other in pairwise(figures(text)):
        first, second = (re.search(r"\b(from|to)\s+\Z", text[: each.start], re.I) for each in (one, other))
        if first and second and other.start - one.end < _CHANGE_SPAN and first[1].lower() != second[1].lower():
            yield (one, other) if first[1].lower() == "from" else (other, one)
