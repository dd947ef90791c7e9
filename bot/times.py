"""Dates that people type, and how old something is."""

from datetime import UTC, date, datetime, timedelta

from index import BadRequest, Filter, parse_date


def parse_filter(since: str | None, until: str | None, as_of: str | None, publishers: list[str]) -> Filter:
    """A filter from what was typed. A bare date in `until` and `as_of` means the end of that day.

    Raises BadRequest naming the argument that is no date.
    """
    return Filter(
        since=_moment("from", since, end_of_day=False),
        until=_moment("to", until, end_of_day=True),
        as_of=_not_after_now(_moment("as_of", as_of, end_of_day=True)),
        publishers=tuple(publishers),
    )


def age(then: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits: "3 days ago"."""
    seconds = (now - then).total_seconds()
    if seconds < 0:
        return "later than asked about"
    for unit, size in (("year", 31_556_952), ("month", 2_629_746), ("week", 604_800), ("day", 86_400), ("hour", 3600)):
        count = int(seconds // size)
        if count:
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def _moment(field: str, text: str | None, *, end_of_day: bool) -> datetime | None:
    if text is None:
        return None
    try:
        moment = parse_date(text)
        if moment is None:
            raise ValueError("it is empty")
    except ValueError as error:
        message = f"{field} is no date that can be read: {text!r} ({error}). Write it like 2026-10-31."
        raise BadRequest(field, message) from error
    bare = moment.time() == datetime.min.time() and ":" not in text
    if end_of_day and bare and moment.date() < date.max:
        moment += timedelta(days=1)
    return moment


def _not_after_now(moment: datetime | None) -> datetime | None:
    """Today as a bare date means until now, not an hour that is still to come."""
    now = datetime.now(UTC)
    return now if moment is not None and timedelta(0) < moment - now <= timedelta(days=1) else moment
