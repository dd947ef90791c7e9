"""Dates as newspapers and feeds write them. A date is read or refused, never guessed and never today's."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple

RIGHT_DATES = "2023-11-03, 2023-11-03T14:30:00Z or November 3, 2023"
LONGEST_DATE = 80  # characters
_EARLIEST_EPOCH = 100_000_000  # March 1973: smaller numbers are years or days, not seconds
_LATEST_EPOCH = 10_000_000_000
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_FULL_MONTHS = "january february march april may june july august september october november december sept".split()
# RFC 2822's zones, and the European ones. "ET" is left out: it is -5 in winter and -4 in summer.
_ZONES = {
    "utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8,
    "pdt": -7, "bst": 1, "cet": 1, "cest": 2,
}  # fmt: skip
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? +)?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_MONTH = r"(?P<month>[a-z]{3,9})\.?"
_CLOCK = (
    r"(?:,? +(?:at +|- +)?(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))? *(?P<half>[ap]\.?m\.?)?"
    r" *(?P<zone>[a-z]{1,5}|[+-]\d\d:?\d\d)?)?"
)
_NAMED = (
    re.compile(rf"{_WEEKDAY}{_MONTH} +{_DAY},? +(?P<year>\d{{4}}){_CLOCK}", re.IGNORECASE),
    re.compile(rf"{_WEEKDAY}{_DAY} +(?:of +)?{_MONTH},? +(?P<year>\d{{4}}){_CLOCK}", re.IGNORECASE),
)
_RFC_2822 = re.compile(r"(?:[A-Za-z]{3}, +)?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|[A-Z]{1,3})")
_NUMERIC = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")

_MOST_AHEAD = timedelta(days=1)  # clocks go wrong, and a date without a zone may be half a day off
_DAY_OF_ZERO = datetime(1970, 1, 1, tzinfo=UTC)  # what a date that was never set turns into
_FIRST_NEWSPAPER = datetime(1605, 1, 1, tzinfo=UTC)


class Dated(NamedTuple):
    """A moment and where it was read: json-ld, meta, time, feed, sitemap, text or fields."""

    moment: datetime
    origin: str


def is_trusted(moment: datetime, now: datetime) -> bool:
    """Whether an article can have been published then: not in the future, not at the computer's zero."""
    return _FIRST_NEWSPAPER <= moment <= now + _MOST_AHEAD and abs(moment - _DAY_OF_ZERO) > timedelta(days=1)


def first_trusted(candidates: Iterable[tuple[object, str]], now: datetime) -> Dated | None:
    """The first of (value, origin) that can be read as a date and is trusted at `now`."""
    for value, origin in candidates:
        try:
            moment = parse_date(value)
        except ValueError:
            continue
        if moment is not None and is_trusted(moment, now):
            return Dated(moment, origin)
    return None


def parse_date(value: object) -> datetime | None:
    """The moment a value names, timezone-aware UTC; None for a missing or empty one.

    Takes ISO 8601, RFC 2822, "November 3, 2023" and its kin, epoch seconds, dates and datetimes. A time
    without a zone is taken as UTC. Raises ValueError, with the reason, for all else.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool):
        raise ValueError("it is neither a date nor a number")
    try:
        if isinstance(value, datetime):
            moment = value
        elif isinstance(value, date):
            moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
        elif isinstance(value, int | float):
            moment = _from_epoch(float(value))
        elif isinstance(value, str):
            moment = _from_text(" ".join(value.split()))
        else:
            raise ValueError("it is neither a date nor a number")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError("it lies outside of the calendar") from None


def _from_epoch(seconds: float) -> datetime:
    if seconds >= _LATEST_EPOCH:
        raise ValueError("a number is read as seconds since 1970; milliseconds must be divided by 1000")
    if not seconds >= _EARLIEST_EPOCH:
        raise ValueError("a number is read as seconds since 1970, and this one is too small")
    return datetime.fromtimestamp(seconds, UTC)


def _from_text(text: str) -> datetime:
    if len(text) > LONGEST_DATE:
        raise ValueError("it is no full date")
    if re.fullmatch(r"\d{9,13}(?:\.\d+)?", text):
        return _from_epoch(float(text))
    if _RFC_2822.fullmatch(text):
        return parsedate_to_datetime(text)
    for pattern in _NAMED:
        found = pattern.fullmatch(text)
        if found:
            return _from_named(found)
    numeric = _NUMERIC.fullmatch(text)
    if numeric:
        return _from_numeric(int(numeric[1]), int(numeric[3]), int(numeric[4]))
    year_first = _YEAR_FIRST.fullmatch(text)
    if year_first:
        return datetime(int(year_first[1]), int(year_first[2]), int(year_first[3]), tzinfo=UTC)
    if not re.match(r"\d{4}", text):
        raise ValueError("it is no full date")
    try:
        return datetime.fromisoformat(re.sub(r" ?(?:UTC|GMT)\Z", "Z", text))
    except ValueError as error:
        raise ValueError("it is no full date" if "isoformat" in str(error) else str(error)) from None


def _from_named(found: re.Match[str]) -> datetime:
    name = found["month"].lower()
    if name not in _MONTHS and name not in _FULL_MONTHS:
        raise ValueError(f"{found['month']!r} is no month")
    hour = int(found["hour"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"{hour} is no hour of a twelve-hour clock")
        hour = hour % 12 + (12 if found["half"].lower().startswith("p") else 0)
    return datetime(
        int(found["year"]),
        _MONTHS[name[:3]],
        int(found["day"]),
        hour,
        int(found["minute"] or 0),
        int(found["second"] or 0),
        tzinfo=_zone(found["zone"]),
    )


def _zone(name: str | None) -> timezone:
    if not name:
        return UTC
    if name[0] in "+-":
        offset = timedelta(hours=int(name[1:3]), minutes=int(name[-2:]))
        return timezone(-offset if name[0] == "-" else offset)
    if name.lower() not in _ZONES:
        raise ValueError(f"the time zone {name!r} is not known; write it as an offset like -05:00")
    return timezone(timedelta(hours=_ZONES[name.lower()]))


def _from_numeric(first: int, second: int, year: int) -> datetime:
    if first <= 12 and second <= 12 and first != second:
        raise ValueError(
            f"it may be {year}-{first:02}-{second:02} or {year}-{second:02}-{first:02}; write the one that is meant"
        )
    month, day = (first, second) if second > 12 else (second, first)
    return datetime(year, month, day, tzinfo=UTC)
