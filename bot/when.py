"""What time a question means: a period, the day it asks as of, and whether newer is better.

dateparser reads the dates. Ours are only the words that make of a date a period, a beginning, an end or an as-of. A
date counts behind such a word alone: "Euro 2024", "the September poll" and "it may close" mean no time. An event
("since the coup") has no date that is known here, and none is guessed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from index import Filter, Recency

if TYPE_CHECKING:
    from dateparser.date import DateDataParser  # type: ignore[import-untyped]

Freshness = Literal["newest", "news", "any"]

AFTERWARDS = timedelta(days=7)  # what happened in a period is still reported in the days after it
QUARTER_AFTERWARDS = timedelta(days=60)  # a quarter's figures come out in the weeks after it
HALF_LIFE_DAYS = {"newest": 30.0, "news": 60.0}

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_YEAR = r"(?:19|20)\d\d"
_NTH = r"\d{1,2}(?:st|nd|rd|th)?"
_DAY = rf"(?i:\d{{4}}-\d\d-\d\d|(?:{_WEEKDAY},? )?(?:{_NTH} (?:of )?{_MONTH}|{_MONTH} {_NTH}\b)(?:,? {_YEAR}\b)?)"
_DATE = (
    rf"(?:{_DAY}|(?i:(?:early |mid-|late )?{_MONTH}(?:,? (?:of )?{_YEAR}\b)?|Q[1-4](?: of)? {_YEAR}|{_YEAR}|"
    rf"(?:last )?{_WEEKDAY}))"
)
# What follows may show it to be a name ("March Madness"), a count ("2000 homes") or a possessive ("March's").
_ENDS = r"(?!['’]s|[\w%-]|[.,:]\d)(?! [A-Z]\w+)(?! (?!(?:is|was|does|has|as)\b)[a-z]+s\b)"
_EVENT = r"(?: (?i:the|a|an|its|his|her|their) (?:[\w-]+ ){1,5}?(?i:on|of|in))?"  # "since the collision on 15 May"
_COUNT = r"(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_UNIT = r"(?:day|week|month|year)s?"

_SPAN = re.compile(rf"\b(?i:between|from) (?P<first>{_DATE}),? (?i:and|to|until|till|through) (?P<last>{_DATE}){_ENDS}")
_DATED = re.compile(
    rf"\b(?:(?P<turn>(?i:since|after|before)){_EVENT}|"
    rf"(?P<word>(?i:as of|as at|until|till|up to|in|during|throughout|on))) (?P<date>{_DATE}){_ENDS}"
    rf"|\b(?i:of|from|dated|published) (?P<day>{_DAY}|(?i:{_MONTH}) {_YEAR}){_ENDS}"
)
_RELATIVE = re.compile(
    rf"\b(?:(?P<days>yesterday|last night)|(?P<back>(?:last|past|previous) (?:(?P<count>{_COUNT}) )?{_UNIT})|"
    rf"(?P<ago>(?:{_COUNT}|an?) {_UNIT} ago)|(?P<calendar>(?:last|(?<!as of )this) (?:week|month|quarter|year)))"
    r"(?!['’]s|[\w-])",
    re.I,
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|(?<!\w)['‘][^'‘’]{2,80}['’](?!\w)")

_NEWEST = re.compile(
    r"\b(latest|newest|most recent(ly)?|recent(ly)?|current(ly)?|now|nowadays|today|tonight|at present|at the moment|"
    r"these days|so far|still|yet|to date|up to date|this (morning|afternoon|evening))\b",
    re.I,
)
_TODAY = re.compile(r"\b(?:today|tonight|this (?:morning|afternoon|evening))\b", re.I)
_LOOKS_BACK = re.compile(
    r"\bwhen (did|was|were|had)\b|\b(what|which) (year|date|day|month|week)\b(?! will)|\bhow long ago\b|"
    r"\b(originally|initially|historically|at first)\b|"
    # An event that is named without a date: the articles of its time are meant, whenever that was.
    r"\b(before|since|during|until) (?!now\b|then\b|today\b)(the |its |his |her |their )?[a-z]",
    re.I,
)
_LOOKS_AHEAD = re.compile(
    r"\b(will|shall|going to|next|tomorrow|upcoming|planned|scheduled|due|starting|faces?|facing|ahead of)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Period:
    """The time [since, until) that a question names, in its own words; an open side is None.

    `afterwards` is how long after its end its events are still reported; `relative`, whether it is said from the day of
    the question ("this week").
    """

    since: datetime | None
    until: datetime | None
    words: str
    afterwards: timedelta = AFTERWARDS
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Meant:
    """What time a question means.

    `freshness`: `newest` when it asks how things stand now, `any` when newer is no better (it asks when something
    was, or names its time), else `news`.
    """

    period: Period | None = None
    as_of: datetime | None = None
    freshness: Freshness = "news"


class _Dates(NamedTuple):
    """The first moment of a date and the first one after it."""

    start: datetime
    end: datetime
    unit: str


def understand_time(question: str, now: datetime) -> Meant:
    """What time a question means that is asked at `now` (UTC). A time to come narrows nothing.

    A question that names several days for several things names no one period.
    """
    text = _QUOTED.sub(lambda quoted: " " * len(quoted[0]), question)
    periods = [] if _LOOKS_AHEAD.search(text) else [each for each in _periods(text, now) if _has_begun(each, now)]
    as_of = _as_of(text, now)
    period = _joined(periods)
    if len(periods) > 1 and period is None:
        return Meant(None, as_of, "any")
    if period is not None and period.until is not None:
        return Meant(period, as_of, "any")
    if _NEWEST.search(text):
        return Meant(period, as_of, "newest")
    looks_back = as_of is not None or (period is None and _LOOKS_BACK.search(text) is not None)
    return Meant(period, as_of, "any" if looks_back else "news")


def narrowed(chosen: Filter, meant: Meant) -> Filter:
    """The filter with the question's own time, where whoever asks has not chosen one.

    A period is met by what was published in it or shortly after.
    """
    if chosen.as_of is None and meant.as_of is not None:
        chosen = replace(chosen, as_of=meant.as_of)
    if meant.period is None or chosen.since is not None or chosen.until is not None:
        return chosen
    # Without a beginning the reader wants what was known before the end, not what came after it.
    after = meant.period.afterwards if meant.period.since is not None else timedelta(0)
    end = meant.period.until
    return replace(chosen, since=meant.period.since, until=None if end is None else end + after)


def recency(meant: Meant, now: datetime) -> Recency | None:
    """How much newer counts for a question asked at `now`; None when it does not."""
    return None if meant.freshness == "any" else Recency(now, HALF_LIFE_DAYS[meant.freshness])


def names_time(text: str, period: Period) -> bool:
    """Whether a text names the period's year or month itself: "sank in 1969" tells of 1969 whenever it was printed."""
    named = set(re.findall(rf"{_YEAR}|{_MONTH}", period.words, re.I))
    said = {each.lower() for each in re.findall(rf"\b(?:{_YEAR}|{_MONTH})", text)}
    return bool(named) and {each.lower() for each in named} <= said


def _periods(text: str, now: datetime) -> Iterator[Period]:
    spans = list(_SPAN.finditer(text))
    for span in spans:
        last = _read(span["last"], now)
        first = _read(span["first"], last.start) if last else None  # "between October and January 2025"
        if first is not None and last is not None:
            yield Period(first.start, last.end, span[0])
    rest = _SPAN.sub(lambda span: " " * len(span[0]), text)
    for found in _DATED.finditer(rest):
        dates = _read(found["date"] or found["day"], now)
        word = (found["turn"] or found["word"] or "of").lower()
        if dates is not None and _fits(word, dates.unit):
            yield _period(word, dates, found[0])
    for found in _RELATIVE.finditer(rest):
        if not _is_part(rest, found):
            yield from (replace(period, relative=True) for period in _relative(found, now))


def _fits(word: str, unit: str) -> bool:
    """Something happens on a day and in a month; "sworn in Monday" names no time by its "in"."""
    if word.startswith("as "):
        return False
    return unit == "day" if word == "on" else unit != "day" if word in ("in", "during", "throughout") else True


def _period(word: str, dates: _Dates, words: str) -> Period:
    match word:
        case "since":
            return Period(dates.start, None, words)
        case "after":
            # "after the report on 26 September" is about that report, too.
            return Period(dates.start if dates.unit == "day" else dates.end, None, words)
        case "before":
            return Period(None, dates.start, words)
        case "until" | "till" | "up to":
            return Period(None, dates.end, words)
    afterwards = QUARTER_AFTERWARDS if dates.unit == "quarter" else AFTERWARDS
    return Period(dates.start, dates.end, words, afterwards)


def _relative(found: re.Match[str], now: datetime) -> Iterator[Period]:
    rolling = found["back"] is not None and (found["count"] or found.string[: found.start()].lower().endswith("the "))
    if rolling:
        back = re.sub(r"(?i)^(last|past|previous) ", "" if found["count"] else "one ", found[0])
        moment = _moment(f"{back} ago", now)
        if moment is not None:
            yield Period(moment[0], now, found[0])
        return
    if found[0].lower().endswith("quarter"):
        quarter = _floor(now, "quarter")
        dates = _whole(quarter if found[0].lower().startswith("this") else quarter - timedelta(days=1), "quarter")
        yield Period(dates.start, dates.end, found[0], QUARTER_AFTERWARDS)
        return
    read = _read(re.sub(r"(?i)^(past|previous)", "last", found[0]), now)
    if read is not None:
        # On a Monday, "this week" means the last days, too.
        week_back = now - timedelta(days=7) if found[0].lower() == "this week" else read.start
        yield Period(min(read.start, week_back), read.end, found[0])


def _is_part(text: str, found: re.Match[str]) -> bool:
    """Whether it is a part of something else: "the last year of her term"."""
    return re.match(r" of (the|a|his|her|its|their|[A-Z])", text[found.end() :]) is not None


def _as_of(text: str, now: datetime) -> datetime | None:
    """The end of the day, month or year the question asks as of; never later than now."""
    for found in _DATED.finditer(text):
        if (found["word"] or "").lower().startswith("as ") and (dates := _read(found["date"], now)) is not None:
            return min(dates.end, now) if dates.start <= now else None
    return None


def _joined(periods: list[Period]) -> Period | None:
    """The one period that is meant: a beginning and an end that fit together ("after 3 May and before 9 May")."""
    if len(periods) < 2:
        return periods[0] if periods else None
    starts = [each for each in periods if each.until is None]
    ends = [each for each in periods if each.since is None]
    if len(periods) > 2 or not starts or not ends:
        return None
    words = f"{periods[0].words} … {periods[1].words}"
    return Period(starts[0].since, ends[0].until, words, timedelta(0))


def _has_begun(period: Period, now: datetime) -> bool:
    return period.since is None or period.since <= now


def _read(text: str, now: datetime) -> _Dates | None:
    bare = re.sub(r"(?i)^(early |mid-|late )|\bof ", "", text)
    found = _moment(bare, now)
    return None if found is None else _whole(*found)


def _moment(text: str, now: datetime) -> tuple[datetime, str] | None:
    """The moment that dateparser reads and the unit it is said in: day, week, month, quarter or year."""
    naive = now.astimezone(UTC).replace(tzinfo=None)
    found = _parser(naive).get_date_data(text)
    if found.date_obj is None:
        return None
    return found.date_obj.replace(tzinfo=UTC), "day" if found.period == "part_of_day" else found.period


@lru_cache(maxsize=8)
def _parser(now: datetime) -> "DateDataParser":
    from dateparser.date import DateDataParser

    # A year that is not said is the one that makes the date a past one: articles tell of what has been.
    chosen = {"RELATIVE_BASE": now, "PREFER_DATES_FROM": "past", "TIMEZONE": "UTC"}
    return DateDataParser(languages=["en"], settings=chosen)


def _whole(moment: datetime, unit: str) -> _Dates:
    start = _floor(moment, unit)
    within_next = {"week": 7, "month": 32, "quarter": 95, "year": 370}.get(unit, 1)
    return _Dates(start, _floor(start + timedelta(days=within_next), unit), unit)


def _floor(moment: datetime, unit: str) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day


def without_time(text: str) -> str:
    """The text without the dates that `understand_time` reads in it; an event stays ("since the vote on 5 May")."""
    for dates in (_SPAN, _DATED, _RELATIVE):
        text = dates.sub(_event_of, text)
    return " ".join(text.split())


def today(question: str, now: datetime) -> Period | None:
    """The day of the question, where it says "today"; UTC's."""
    found = _TODAY.search(question)
    return Period(_floor(now, "day"), None, found[0], relative=True) if found else None


def without_newest(text: str) -> str:
    """The text without the words that ask for the latest: an article of today need not say "latest"."""
    return " ".join(_NEWEST.sub("", text).split())


def _event_of(found: re.Match[str]) -> str:
    date = found.groupdict().get("date")
    return found[0].removesuffix(date).partition(" ")[2] if date and found["turn"] else ""


def has_time(text: str) -> bool:
    """Whether a text names a time of its own."""
    return any(dates.search(text) for dates in (_SPAN, _DATED, _RELATIVE))
