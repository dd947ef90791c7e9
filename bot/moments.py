"""Dates in prose, brought to one form: "Monday" and "October 2", "yesterday" and its day."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

_MONTHS = "january february march april may june july august september october november december".split()
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_MONTHS_BY_START = {name[:3]: at for at, name in enumerate(_MONTHS, 1)}
_MONTH = (
    r"(?:Jan(?:uary|\.)|Feb(?:ruary|\.)|March|Mar\.|April|Apr\.|May|June|July|Aug(?:ust|\.)|Sept?(?:ember|\.)|"
    r"Oct(?:ober|\.)|Nov(?:ember|\.)|Dec(?:ember|\.)|"
    r"january|february|april|june|july|september|october|november|december)"
)
_YEAR = r"(?:1[5-9]|20)\d\d"
_DATE = re.compile(
    rf"\b(?P<iso>{_YEAR}-\d\d-\d\d)\b"
    rf"|\b(?P<m1>{_MONTH})\s+(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s(?:percent|million))(?:\s?,?\s+(?P<y1>{_YEAR})\b)?"
    rf"|\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m2>{_MONTH})(?:\s?,?\s+(?P<y2>{_YEAR})\b)?"
    rf"|\b(?P<m3>{_MONTH})(?:\s?,?\s+(?P<y3>{_YEAR})\b)?"
    rf"|(?<![$€£¥\d.,])\b(?P<y4>{_YEAR})(?!\d|,\d|%|\.\d|s\b)\b"
    rf"|\b(?P<weekday>{'|'.join([*_DAYS, *(day.title() for day in _DAYS)])})\b"
)
# A quick look before the slow one: most sentences have no date.
_MAYBE = re.compile(r"\d|day\b|May|[Jj](?:an|u[nl])|[Ff]eb|[Mm]ar|[Aa](?:pr|ug)|[Ss]ep|[Oo]ct|[Nn]ov|[Dd]ec")
_RELATIVE = re.compile(r"\b(today|tonight|yesterday|tomorrow|(?:last|this|next) (?:month|year|week))\b", re.I)
_MAY_BE_A_VERB = re.compile(
    r"(?:\b(?:in|of|since|until|by|from|early|late|mid|last|next|this|and|to|between|during)[\s-])\Z", re.I
)


class Moment(NamedTuple):
    """As much of a date as is said."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None


@lru_cache(maxsize=4096)
def without_dates(text: str) -> str:
    """The text with its dates blanked out, every other character in its place."""
    return "".join(
        text[a:b] if kept else " " * (b - a)
        for a, b, kept in _stretches(text, [found.span() for found in _dates(text)])
    )


@lru_cache(maxsize=4096)
def moments(text: str) -> tuple[tuple[str, Moment], ...]:
    """The dates a text says, each with its words."""
    return tuple((found[0], _moment(found)) for found in _dates(text))


@lru_cache(maxsize=4096)
def known_moments(text: str, published: date | None) -> tuple[Moment, ...]:
    """The dates that a source says or implies: "Monday", "yesterday" and "last month" are read from its own date."""
    said = [moment for _, moment in moments(text)]
    if published is None:
        return tuple(said)
    known = [*said, *(_on(day) for day in _meant(text, said, published))]
    for found in _RELATIVE.finditer(text):
        known += _relative(found[1].lower(), published)
    for moment in said:  # "October 2" is one of the nearest year
        if moment.month and not moment.year:
            near = min(
                (published.year + step for step in (0, -1, 1)), key=lambda year: _distance(moment, year, published)
            )
            known += [moment._replace(year=near), *_on_day(moment._replace(year=near))]
    return (*known, *(each for moment in said for each in _on_day(moment)))


def agrees(said: Moment, known: Iterable[Moment]) -> bool:
    """Whether one known date has every part of the said one."""
    return any(all(part is None or part == of for part, of in zip(said, moment, strict=True)) for moment in known)


def on(published: date | None) -> list[Moment]:
    """A publication date as a known date, without its weekday: that an article appeared on a Monday says little."""
    return [] if published is None else [Moment(published.year, published.month, published.day)]


def _dates(text: str) -> Iterator[re.Match[str]]:
    for found in _DATE.finditer(text) if _MAYBE.search(text) else ():
        alone = found["m3"] in ("May", "March") and not found["y3"]
        if not alone or _MAY_BE_A_VERB.search(text[: found.start()]):
            yield found


def _moment(found: re.Match[str]) -> Moment:
    if found["iso"]:
        year, month, day = (int(part) for part in found["iso"].split("-"))
        return Moment(year, month, day)
    if found["weekday"]:
        return Moment(weekday=_DAYS.index(found["weekday"].lower()))
    name_of_month = found["m1"] or found["m2"] or found["m3"]
    years, days = found["y1"] or found["y2"] or found["y3"] or found["y4"], found["d1"] or found["d2"]
    month_no = _MONTHS_BY_START[name_of_month[:3].lower()] if name_of_month else None
    return Moment(int(years) if years else None, month_no, int(days) if days else None)


def _meant(text: str, said: list[Moment], published: date) -> Iterator[date]:
    """The days that weekdays of a text may mean: the last one before its date, and the next one after."""
    for moment in said:
        if moment.weekday is not None:
            back = (published.weekday() - moment.weekday) % 7
            yield from (published - timedelta(days=back), published + timedelta(days=7 - back))
            if back == 0:
                yield published - timedelta(days=7)


def _relative(words: str, published: date) -> list[Moment]:
    step = {"last": -1, "this": 0, "next": 1}.get(words.split(maxsplit=1)[0], 0)
    if words.endswith("year"):
        return [Moment(published.year + step)]
    if words.endswith("month"):
        months = published.year * 12 + published.month - 1 + step
        return [Moment(months // 12, months % 12 + 1)]
    if words.endswith("week"):
        return []
    return [_on(published + timedelta(days={"yesterday": -1, "tomorrow": 1}.get(words, 0)))]


def _on(day: date) -> Moment:
    return Moment(day.year, day.month, day.day, day.weekday())


def _on_day(moment: Moment) -> list[Moment]:
    """The full date with its weekday, when there is such a day."""
    if not (moment.year and moment.month and moment.day):
        return []
    try:
        return [_on(date(moment.year, moment.month, moment.day))]
    except ValueError:
        return []


def _distance(moment: Moment, year: int, published: date) -> int:
    return abs((year - published.year) * 365 + ((moment.month or 1) - published.month) * 30)


def _stretches(text: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int, bool]]:
    at = 0
    for start, end in spans:
        yield at, start, True
        yield start, end, False
        at = end
    yield at, len(text), True
