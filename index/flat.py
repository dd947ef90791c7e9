"""A flat index: the vectors of all passages in memory, beside the fields that filters look at.

It is derived from the truth like Chroma and Tantivy, but lives only as long as the process. It says which passages a
filter lets through, and scores them exactly where they are so few that Chroma would have to be asked for most of
what it holds. 100,000 passages of 384 numbers take 160 MB.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from index.article import Filter

SCORED_AT_ONCE = 2048  # gathered vectors that stay in the processor's cache while they are scored


class Row(NamedTuple):
    """One passage as filters see it, and its vector: (dimension,) float32, unit length."""

    passage_id: int
    article_id: str
    publisher: str | None
    published_at: datetime | None
    first_seen_at: datetime
    stands_from: datetime | None
    replaced_at: datetime | None
    vector: np.ndarray


class Described(NamedTuple):
    """Some passages: what is known of each, by ascending id."""

    ids: np.ndarray  # (n,) int64
    publishers: list[str | None]
    published: np.ndarray  # (n,) datetime64[us], NaT where it is not known
    vectors: np.ndarray  # (n, dimension) float32

    def times(self) -> list[datetime | None]:
        """When each was published."""
        return [each and each.replace(tzinfo=UTC) for each in self.published.astype(object).tolist()]


class _Columns(NamedTuple):
    """The rows by column, by ascending passage id. Never changed, so that a reader ends with what it began with."""

    ids: np.ndarray  # (n,) int64
    articles: np.ndarray  # (n,) int32, numbers of names
    publishers: np.ndarray  # (n,) int32, numbers of names
    published: np.ndarray  # (n,) datetime64[us], NaT where it is not known
    first_seen: np.ndarray  # (n,) datetime64[us]
    stands_from: np.ndarray  # (n,) datetime64[us], NaT for an article's first version
    replaced: np.ndarray  # (n,) datetime64[us], NaT for what is current
    vectors: np.ndarray  # (n, dimension) float32


class FlatIndex:
    """Passages by id. Reading never waits for writing; one thread at a time may write."""

    def __init__(self, batches: Iterable[Sequence[Row]] = ()) -> None:
        self._numbers: dict[str | None, int] = {}  # of names, in the order they came
        self._columns = _joined([self._read(()), *map(self._read, batches)])

    def apply(self, put: Sequence[Row], drop: Sequence[int]) -> None:
        """Replace and delete passages by id; ids that are not there are no error."""
        columns = self._columns
        gone = np.isin(columns.ids, [*drop, *(row.passage_id for row in put)])
        if gone.any():
            columns = _Columns(*(column[~gone] for column in columns))
        self._columns = _joined([columns, self._read(put)])

    def count(self) -> int:
        """How many passages it holds."""
        return len(self._columns.ids)

    def matching(self, chosen: Filter) -> np.ndarray:
        """Ids of the passages whose article passes the filter, ascending: (m,) int64."""
        columns = self._columns
        return np.asarray(columns.ids[self._passing(columns, chosen)])

    def newest(self, chosen: Filter, n: int) -> list[int]:
        """Ids of n passages that pass the filter, those of the newest articles first; undated ones are left out."""
        columns = self._columns
        rows = np.flatnonzero(self._passing(columns, chosen) & ~np.isnat(columns.published))
        latest = np.lexsort((rows, -columns.published[rows].astype(np.int64)))[:n]
        return [int(each) for each in columns.ids[rows[latest]]]

    def _passing(self, columns: _Columns, chosen: Filter) -> np.ndarray:
        passing = np.ones(len(columns.ids), dtype=bool)
        if chosen.since is not None:
            passing &= columns.published >= _moment(chosen.since)
        if chosen.until is not None:
            passing &= columns.published < _moment(chosen.until)
        if chosen.as_of is not None:
            as_of = _moment(chosen.as_of)
            undated = np.isnat(columns.published) & (columns.first_seen <= as_of)
            passing &= (columns.published <= as_of) | undated
            passing &= ~(columns.stands_from > as_of) & ~(columns.replaced <= as_of)
        if chosen.publishers:
            passing &= np.isin(columns.publishers, self._known(chosen.publishers))
        if chosen.without:
            passing &= ~np.isin(columns.articles, self._known(chosen.without))
        return passing

    def described(self, ids: Iterable[int]) -> Described:
        """What is known of these passages; ids that are not there are left out."""
        columns = self._columns
        wanted = np.unique(np.fromiter(ids, np.int64))
        rows = np.searchsorted(columns.ids, wanted)
        rows = rows[np.append(columns.ids, -1)[rows] == wanted]
        names = list(self._numbers)
        publishers = [names[number] for number in columns.publishers[rows].tolist()]
        return Described(columns.ids[rows], publishers, columns.published[rows], columns.vectors[rows])

    def nearest(
        self, vectors: np.ndarray | Sequence[np.ndarray], n: int, among: np.ndarray
    ) -> list[list[tuple[int, float]]]:
        """For each vector (m, dimension), the n nearest of the passages `among` as (id, cosine), best first.

        `among` are ascending ids; those that are gone are left out. Exact: to gather 5,000 passages of 384 numbers
        takes 2 ms, however many vectors there are.
        """
        columns, asked = self._columns, np.asarray(vectors).T
        rows = np.searchsorted(columns.ids, among)
        rows = rows[np.append(columns.ids, -1)[rows] == among]
        similarities = np.zeros((len(rows), asked.shape[1]), np.float32)
        for at in range(0, len(rows), SCORED_AT_ONCE):
            some = slice(at, at + SCORED_AT_ONCE)
            similarities[some] = columns.vectors[rows[some]] @ asked
        return [_best(columns.ids[rows], each, n) for each in similarities.T]

    def _read(self, rows: Sequence[Row]) -> _Columns:
        columns = zip(*rows, strict=True) if rows else ((),) * len(Row._fields)
        ids, article_ids, publishers, published, first_seen, stands_from, replaced, vectors = columns
        return _Columns(
            np.array(ids, np.int64),
            np.array([self._number(each) for each in article_ids], np.int32),
            np.array([self._number(each) for each in publishers], np.int32),
            _moments(published),
            _moments(first_seen),
            _moments(stands_from),
            _moments(replaced),
            np.array(vectors, np.float32),
        )

    def _number(self, name: str | None) -> int:
        return self._numbers.setdefault(name, len(self._numbers))

    def _known(self, names: Iterable[str]) -> list[int]:
        return [self._numbers[name] for name in names if name in self._numbers]


def _best(ids: np.ndarray, similarities: np.ndarray, n: int) -> list[tuple[int, float]]:
    """The n best (id, cosine), the lower id first where they are equal; ids ascend."""
    best = np.argpartition(-similarities, n)[:n] if n < len(ids) else np.arange(len(ids))
    best = best[np.lexsort((best, -similarities[best]))]
    return list(zip(ids[best].tolist(), similarities[best].tolist(), strict=True))


def _joined(parts: Sequence[_Columns]) -> _Columns:
    """One after another, by passage id. The truth is read in this order, so that as a rule nothing has to move."""
    filled = [part for part in parts if len(part.ids)] or list(parts[:1])
    columns = filled[0] if len(filled) == 1 else _Columns(*map(np.concatenate, zip(*filled, strict=True)))
    if (columns.ids[1:] > columns.ids[:-1]).all():
        return columns
    order = np.argsort(columns.ids)
    return _Columns(*(column[order] for column in columns))


def _moments(times: Iterable[datetime | None]) -> np.ndarray:
    return np.array([_moment(each) for each in times], "datetime64[us]")


def _moment(time: datetime | None) -> np.datetime64:
    """A time as NumPy holds it, UTC without a zone; NaT when it is not known."""
    return np.datetime64("NaT") if time is None else np.datetime64(time.astimezone(UTC).replace(tzinfo=None), "us")
