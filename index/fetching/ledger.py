"""What is known of the sources and pages that are polled, kept in the truth."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, RowMapping, delete, func, select, update

from index.database import upsert
from index.fetching.fetched import Validators
from index.fetching.listed import Listed
from index.fetching.schedule import NEVER_POLLED, Polled
from index.reading.dates import parse_date
from index.tables import polls

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """One polled thing: a standing source, or a page that `source` lists.

    `stamp` tells a folder's files as they were read last.
    """

    url: str
    source: str | None = None
    listed: Listed | None = None
    article_id: str | None = None
    stamp: str | None = None
    state: Polled = NEVER_POLLED


@dataclass(frozen=True, slots=True)
class Health:
    """How a source fares: its entry, how many pages it has listed, are due or waiting, and were given up."""

    entry: Entry
    pages: int
    waiting: int
    dead: int


class Ledger:
    """The entries of all sources and pages. Every method is one transaction."""

    def __init__(self, truth: Engine) -> None:
        self._truth = truth

    def get(self, url: str) -> Entry | None:
        """The entry of a source or page."""
        return next(self._read(polls.c.url == url), None)

    def put(self, entries: Iterable[Entry], relisted: Iterable[Entry] = ()) -> None:
        """Write entries, all or none, over what was known of them.

        Of those that are `relisted` only what their source decides: a worker may be reading them just now.
        """
        with self._truth.begin() as connection:
            for entry in entries:
                upsert(connection, polls, _row(entry))
            for entry in relisted:
                connection.execute(update(polls).where(polls.c.url == entry.url).values(_listing(entry)))

    def settle(self, pages: Iterable[tuple[Entry, Entry]]) -> None:
        """Write how pages were read, each as it was claimed and as it is now, all or none.

        One that was relisted or withdrawn meanwhile, or read by another worker, stays as that left it.
        """
        with self._truth.begin() as connection:
            for claimed, read in pages:
                untouched = (
                    polls.c.url == claimed.url,
                    polls.c.polled_at.is_not_distinct_from(claimed.state.polled_at),
                    polls.c.next_at.is_not_distinct_from(claimed.state.next_at),
                )
                connection.execute(update(polls).where(*untouched).values(_reading(read)))

    def claim(self, source: str, now: datetime, until: datetime) -> Entry | None:
        """A standing source that is due, for this worker alone until it puts the entry back, or until then.

        None when it is not due, or another worker has it.
        """
        with self._truth.begin() as connection:
            upsert(connection, polls, _row(Entry(source)), replace=False)
        return next(iter(self._claim(polls.c.url == source, now, until, 1)), None)

    def claim_pages(self, sources: Sequence[str], now: datetime, until: datetime, limit: int) -> list[Entry]:
        """Pages of these sources that are due, the longest due first, for this worker alone as with `claim`."""
        return self._claim(polls.c.source.in_(sources), now, until, limit)

    def release(self, urls: Sequence[str] | None = None) -> None:
        """Let others have what was claimed: these, or all that ever was."""
        which = polls.c.claimed_until.is_not(None) if urls is None else polls.c.url.in_(urls)
        with self._truth.begin() as connection:
            connection.execute(update(polls).where(which).values(claimed_until=None))

    def _claim(self, which: ColumnElement[bool], now: datetime, until: datetime, limit: int) -> list[Entry]:
        """One statement, so that no two workers claim the same; rows that another is claiming are passed over."""
        due = (polls.c.polled_at.is_(None) & polls.c.next_at.is_(None)) | (polls.c.next_at <= now)
        free = polls.c.claimed_until.is_(None) | (polls.c.claimed_until <= now)
        first = (
            select(polls.c.url)
            .where(which, due, free)
            .order_by(polls.c.next_at.nulls_first(), polls.c.url)
            .limit(limit)
        )
        taken = update(polls).where(polls.c.url.in_(first.with_for_update(skip_locked=True)))
        with self._truth.begin() as connection:
            rows = connection.execute(taken.values(claimed_until=until).returning(polls)).mappings().all()
        return sorted(map(_entry, rows), key=lambda entry: (entry.state.next_at or NEVER, entry.url))

    def forget_pages(self, source: str) -> None:
        """Drop the pages, or files, of a source."""
        with self._truth.begin() as connection:
            connection.execute(delete(polls).where(polls.c.source == source))

    def named(self, source: str, names: Iterable[str]) -> list[Entry]:
        """The pages that a source lists under these names."""
        return list(self._read((polls.c.source == source) & polls.c.name.in_(list(names))))

    def health(self, source: str, now: datetime) -> Health:
        """How one source fares."""
        entry = self.get(source) or Entry(source)
        never_again = polls.c.polled_at.is_not(None) & polls.c.next_at.is_(None)
        with self._truth.connect() as connection:
            own = select(func.count()).where(polls.c.source == source)
            pages = connection.scalar(own) or 0
            waiting = connection.scalar(own.where(polls.c.polled_at.is_(None))) or 0
            dead = connection.scalar(own.where(never_again, polls.c.reason.is_not(None))) or 0
        return Health(entry, pages, waiting, dead)

    def dead_letters(self, sources: Sequence[str], limit: int) -> list[Entry]:
        """Pages of these sources that were given up, the latest first; each entry's state has the reason."""
        given_up = polls.c.polled_at.is_not(None) & polls.c.next_at.is_(None) & polls.c.reason.is_not(None)
        return list(self._read(polls.c.source.in_(sources) & given_up, polls.c.polled_at.desc(), limit))

    def _read(self, condition: Any, order: Any = None, limit: int | None = None) -> Iterator[Entry]:
        rows = select(polls).where(condition).order_by(*([] if order is None else [order]), polls.c.url).limit(limit)
        with self._truth.connect() as connection:
            found = connection.execute(rows).mappings().all()
        return map(_entry, found)


def _row(entry: Entry) -> dict[str, Any]:
    own = {"url": entry.url, "source": entry.source, "stamp": entry.stamp, "claimed_until": None}
    return own | _listing(entry) | _reading(entry)


def _listing(entry: Entry) -> dict[str, Any]:
    """What a page's source decides: what it says of the page, and that the page is due."""
    return {
        "listed": json.dumps(asdict(entry.listed), default=datetime.isoformat) if entry.listed else None,
        "name": entry.listed.name if entry.listed else None,
        "next_at": entry.state.next_at,
        "interval_s": entry.state.interval.total_seconds(),
        "failures": entry.state.failures,
    }


def _reading(entry: Entry) -> dict[str, Any]:
    """What reading a page decides."""
    state = entry.state
    return {
        "article_id": entry.article_id,
        "etag": state.validators.etag,
        "last_modified": state.validators.last_modified,
        "polled_at": state.polled_at,
        "succeeded_at": state.succeeded_at,
        "next_at": state.next_at,
        "interval_s": state.interval.total_seconds(),
        "failures": state.failures,
        "reason": state.reason,
    }


def _entry(row: RowMapping) -> Entry:
    state = Polled(
        Validators(row["etag"], row["last_modified"]),
        row["polled_at"],
        row["succeeded_at"],
        row["next_at"],
        timedelta(seconds=row["interval_s"]),
        row["failures"],
        row["reason"],
    )
    listed = _listed(row["listed"]) if row["listed"] else None
    return Entry(row["url"], row["source"], listed, row["article_id"], row["stamp"], state)


def _listed(text: str) -> Listed:
    listed = Listed(**json.loads(text))
    return replace(listed, published_at=parse_date(listed.published_at), modified_at=parse_date(listed.modified_at))
