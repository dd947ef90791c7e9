"""Numbers in prose, brought to one form: "1,100" and "1100", "a quarter" and "25 percent", "75 mph" and "120 km/h"."""

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from bot.moments import without_dates
from bot.units import PATTERN, UNITS, converted, unit_of

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
_UNITS += "seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_SCALES = {"hundred": 100, "dozen": 12, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHORT = {"k": 10**3, "m": 10**6, "mn": 10**6, "bn": 10**9, "b": 10**9, "tn": 10**12}
_VALUES = {word: value for value, word in enumerate(_UNITS)} | {word: 20 + 10 * at for at, word in enumerate(_TENS)}
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
_KINDS = {"percent": "%", "per cent": "%", "%": "%", "dollar": "$", "$": "$", "euro": "€", "€": "€", "pound": "£"}
_KINDS |= {"£": "£", "yen": "¥", "¥": "¥", "percentage point": "pp"}
CURRENCIES = ("$", "€", "£", "¥")
_PERCENT = {"/": 100, "%": 1}
TIMES = "×"  # the kind of "twice"

_WORD = "|".join([*_VALUES, *_SCALES])
_PART = (
    r"(?:(?P<over>an?|one|two|three)[\s-])?"
    r"(?P<part>half(?=\s(?:an?|of)\b)"
    r"|(?:(?<=a )|(?<=one )|(?<=one-)|(?<=two[ -])|(?<=three[ -]))(?:half|third|quarter|fifth|tenth)s?)\b"
    r"(?:\s(?:an?|of an?)(?=\s(?:percent|per\b)))?"
)
_FIGURE = re.compile(
    rf"(?:(?<![\w.])|(?=[$€£¥]))(?P<currency>[$€£¥])?\s?(?:(?<![\w.])|(?<=[$€£¥]))(?<![A-Za-z]-)"
    rf"(?:(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?!\d)|\d+(?:[.:]\d+)*)"
    rf"(?:(?P<ordinal>st|nd|rd|th)\b|(?P<short>k|mn?|bn?|tn)\b|s\b)?"
    rf"|\b{_PART}"
    rf"|\b(?P<words>(?:a |an )?(?:{_WORD})(?:[\s-]+(?:{_WORD})|(?<=hundred)\s+and\s+(?:{_WORD}))*)\b"
    rf"(?P<and_half>[\s-]and[\s-]a[\s-]half)?"
    rf"|\b(?P<twice>twice)\b"
    rf"|\b(?P<place>{'|'.join(_ORDINALS)})\b)"
    rf"(?:[\s-](?P<scale>hundred|dozen|thousand|million|billion|trillion)s?\b)?"
    rf"(?:[\s-]?(?:(?P<kind>percentage point|percent\b|per cent\b|%|dollar|euro|pound|yen)s?"
    rf"|(?P<unit>{PATTERN})(?![\w/])))?",
    re.I,
)
# A quick look before the slow one: most sentences have no number.
_MAYBE = re.compile(rf"\d|\b(?:{_WORD}|half|third|quarter|fifth|tenth|twice|{'|'.join(_ORDINALS)})", re.I)
_JOINS = re.compile(r"\s?(?:to|and|or|[-–—])\s?", re.I)


class Figure(NamedTuple):
    """A number: its value in one form, its kind, its words and where they stand.

    The kind is "%", "pp" of percentage points, a currency, a unit's name, "th" of an ordinal, "×" of "twice", "/" of a
    fraction, "" of a bare number.
    """

    value: str
    kind: str
    text: str
    start: int
    end: int

    @property
    def amount(self) -> float | None:
        """The number; None for a time or a version, which are compared as they stand."""
        return None if self.value.count(".") > 1 or ":" in self.value else float(self.value)

    @property
    def counts(self) -> bool:
        """Whether it says a number: "one of them" does not."""
        return self.value != "1" or bool(self.kind) or any(c.isdigit() for c in self.text)


@lru_cache(maxsize=4096)
def figures(text: str) -> tuple[Figure, ...]:
    """The numbers of a text that are not parts of dates, in order. In "18 to 24 months" both are months."""
    if not _MAYBE.search(text):
        return ()
    found = [_figure(each) for each in _FIGURE.finditer(without_dates(text))]
    for at, (one, other) in enumerate(pairwise(found)):
        if _JOINS.fullmatch(text[one.end : other.start]):
            if not one.kind and (other.kind in UNITS or other.kind in ("%", "pp")):
                found[at] = one._replace(kind=other.kind)
            elif not other.kind and one.kind in CURRENCIES:
                found[at + 1] = other._replace(kind=one.kind)
    return tuple(found)


@lru_cache(maxsize=4096)
def bare(text: str) -> str:
    """The text with its dates, its numbers and their units blanked out, every other character in its place."""
    text = without_dates(text)
    for figure in figures(text):
        text = text[: figure.start] + " " * (figure.end - figure.start) + text[figure.end :]
    return text


def same_figure(said: Figure, source: Figure) -> bool:
    """Whether a number is said as the source has it.

    A bare number may leave out the source's unit, not change it. In another unit it may be rounded.
    """
    if said.amount is not None and source.amount is not None:
        if said.kind in UNITS and source.kind in UNITS and said.kind != source.kind:
            return converted(said.amount, said.kind, source.amount, source.kind)
        if {said.kind, source.kind} == {"/", "%"}:
            said_share, share = said.amount * _PERCENT[said.kind], source.amount * _PERCENT[source.kind]
            return abs(said_share - share) < 1
    if said.kind == TIMES and not source.kind:
        return said.value == source.value
    return said.value == source.value and (not said.kind or said.kind == source.kind)


def _figure(found: re.Match[str]) -> Figure:
    value, kind = _value(found)
    named = _KINDS.get((found["kind"] or "").lower()) or _KINDS.get(found["currency"] or "", "")
    unit = unit_of(found.groupdict()) if found["unit"] else ""
    start = found.start() + len(found[0]) - len(found[0].lstrip())
    return Figure(value, named or unit or kind, found[0].strip(), start, found.end())


def _value(found: re.Match[str]) -> tuple[str, str]:
    """The number in one form, and the kind that its own form gives it."""
    scale = _SCALES.get((found["scale"] or "").lower(), 1) * _SHORT.get((found["short"] or "").lower(), 1)
    digits = (found["digits"] or "").replace(",", "")
    if found["place"]:
        return str(_ORDINALS.index(found["place"].lower()) + 1), "th"
    if found["twice"]:
        return "2", TIMES
    if found["part"]:
        over = _VALUES.get((found["over"] or "").lower(), 1)
        return _text(over / _PARTS[found["part"].lower().removesuffix("s")]), "/"
    if found["words"]:
        return _text((_value_of_words(found["words"].lower()) + 0.5 * bool(found["and_half"])) * scale), ""
    if digits.count(".") > 1 or ":" in digits:
        return digits, ""  # a time, a version: compared as it stands
    return _text(float(digits) * scale), "th" if found["ordinal"] else ""


def _text(value: float) -> str:
    return f"{value:.10g}"


def _value_of_words(words: str) -> int:
    total = current = 0
    for word in re.findall("[a-z]+", words):
        if word in _VALUES:
            current += _VALUES[word]
        elif word in ("hundred", "dozen"):
            current = max(current, 1) * _SCALES[word]
        elif word in _SCALES:
            total, current = total + max(current, 1) * _SCALES[word], 0
    return total + current
