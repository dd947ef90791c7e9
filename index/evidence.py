"""Passages read back from the truth: their text, metadata, words for Tantivy, vectors for Chroma."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, RowMapping, Select, bindparam, func, select

from index.article import Article, Passage, Span
from index.articles import ROWS_AT_ONCE, version_from_row
from index.flat import Row
from index.passages import Piece, header
from index.tables import articles, embeddings, passages, versions
from index.words import Entry


class Candidate(NamedTuple):
    """A passage as ranking sees it, without its text."""

    passage_id: int
    article_id: str
    publisher: str | None
    published_at: datetime | None
    report: str
    current: bool
    sentence_vectors: np.ndarray  # (sentences, dimension) float32


class ReadPassage(NamedTuple):
    """A passage read back, and the version it is from, without its body."""

    passage: Passage
    article: Article


def publishers(connection: Connection) -> tuple[str, ...]:
    """The publishers of current articles, by name."""
    rows = select(versions.c.publisher).where(versions.c.current, versions.c.publisher.is_not(None)).distinct()
    return tuple(sorted(connection.scalars(rows), key=str.lower))


def newest(connection: Connection, at: datetime) -> datetime | None:
    """When the newest current article of those published by `at` was published; None when none has a date."""
    known = versions.c.current & (versions.c.published_at <= at)
    found: datetime | None = connection.scalar(select(func.max(versions.c.published_at)).where(known))
    return found


def load(
    connection: Connection, ids: Sequence[int], model: str, dimension: int, *, replaced: bool = False
) -> list[Candidate]:
    """Current passages with what ranking needs, or with `replaced` also those of earlier versions.

    Ids that are gone or not embedded are left out.
    """
    rows = [row for row in _each(connection, _CANDIDATES, ids) if replaced or row["current"]]
    kept = _embeddings(connection, [row["digest"] for row in rows], model, _SENTENCES)
    return [
        Candidate(
            row["id"],
            row["article_id"],
            row["publisher"],
            row["published_at"],
            row["report"],
            row["current"],
            np.frombuffer(kept[row["digest"]], np.float16).astype(np.float32).reshape(-1, dimension),
        )
        for row in rows
        if row["digest"] in kept
    ]


def read_passages(connection: Connection, ids: Sequence[int]) -> dict[int, ReadPassage]:
    """Passages of any version with their text, by id; ids that are gone are left out."""
    return {
        row["passage_id"]: ReadPassage(_passage(row), version_from_row(row, with_body=False).article)
        for row in _each(connection, _WITH_TEXT, ids)
    }


def live_passages(connection: Connection) -> list[int]:
    """Ids of all current passages, ascending."""
    rows = select(passages.c.id).join(versions).where(versions.c.current).order_by(passages.c.id)
    return list(connection.scalars(rows))


def replaced_passages(connection: Connection) -> list[int]:
    """Ids of the passages of versions that another has replaced, ascending."""
    rows = select(passages.c.id).join(versions).where(versions.c.current.is_(False)).order_by(passages.c.id)
    return list(connection.scalars(rows))


def count_live_passages(connection: Connection) -> int:
    """How many passages are current."""
    rows = select(func.count()).select_from(passages.join(versions)).where(versions.c.current)
    return connection.scalar(rows) or 0


def cut_passages(connection: Connection, ids: Sequence[int]) -> list[tuple[str, Piece]]:
    """Passages as they were cut, each with its text in place of a body: what embedding them anew needs."""
    cut: list[tuple[str, Piece]] = []
    for passage, _ in read_passages(connection, ids).values():
        spans = tuple(Span(start - passage.start, end - passage.start) for start, end in passage.sentences)
        cut.append((passage.text, Piece(0, len(passage.text), spans)))
    return cut


def entries(connection: Connection, ids: Sequence[int]) -> list[Entry]:
    """What the word index keeps of these passages. Those that are not current are left out."""
    return [
        Entry(
            row["passage_id"],
            f"{header(version_from_row(row, with_body=False).article)}\n{row['text']}",
            row["publisher"],
            row["published_at"],
        )
        for row in _each(connection, _WITH_TEXT, ids)
        if row["current"]
    ]


def passage_vectors(connection: Connection, ids: Sequence[int], model: str) -> tuple[list[int], np.ndarray]:
    """The current ones of these passages and their vectors (n, dimension) float32."""
    rows = flat_rows(connection, ids, model)
    if not rows:
        return [], np.zeros((0, 0), np.float32)
    return [row.passage_id for row in rows], np.stack([row.vector for row in rows])


def flat_rows(connection: Connection, ids: Sequence[int], model: str, *, replaced: bool = False) -> list[Row]:
    """What the flat index keeps of the current ones of these passages, or of the `replaced` ones."""
    found = [row for row in _each(connection, _FLAT, ids) if row["current"] is not replaced]
    kept = _embeddings(connection, [row["digest"] for row in found], model, _PASSAGES)
    return [
        Row(
            row["id"],
            row["article_id"],
            row["publisher"],
            row["published_at"],
            row["first_seen_at"],
            row["stands_from"],
            row["replaced_at"],
            np.frombuffer(kept[row["digest"]], np.float32),
        )
        for row in found
        if row["digest"] in kept
    ]


# Written once: SQLAlchemy takes longer to put such a statement together than SQLite to answer it. No condition on
# `current`, which SQLite would look up first and so walk all versions.
_IDS = passages.c.id.in_(bindparam("ids", expanding=True))
_NAMED = (passages.c.id, passages.c.digest, versions.c.article_id, versions.c.publisher, versions.c.published_at)
_CANDIDATES = select(*_NAMED, versions.c.report, versions.c.current).select_from(passages.join(versions)).where(_IDS)
_FLAT = (
    select(*_NAMED, versions.c.current, versions.c.stands_from, versions.c.replaced_at, articles.c.first_seen_at)
    .select_from(passages.join(versions).join(articles))
    .where(_IDS)
)
_WITH_TEXT = (
    select(
        passages.c.id.label("passage_id"),
        *(passages.c.version_id, passages.c.ordinal, passages.c.start, passages.c.end, passages.c.sentences),
        func.substr(versions.c.body, passages.c.start + 1, passages.c.end - passages.c.start).label("text"),
        *(column for column in versions.c if column.name != "body"),
        articles.c.first_seen_at,
    )
    .select_from(passages.join(versions).join(articles))
    .where(_IDS)
)
# Of their own: joined to passages, SQLite walks all embeddings of the model for every batch (1 ms a row).
_KEPT = (embeddings.c.model == bindparam("model")) & embeddings.c.digest.in_(bindparam("digests", expanding=True))
_PASSAGES = select(embeddings.c.digest, embeddings.c.vector).where(_KEPT)
_SENTENCES = select(embeddings.c.digest, embeddings.c.sentence_vectors).where(_KEPT)


def _embeddings(
    connection: Connection, digests: Sequence[str], model: str, rows: Select[str, bytes]
) -> dict[str, bytes]:
    """What `rows`, one of the two above, has of these embeddings, by digest."""
    kept: dict[str, bytes] = {}
    for at in range(0, len(digests), ROWS_AT_ONCE):
        some = {"model": model, "digests": digests[at : at + ROWS_AT_ONCE]}
        kept.update((digest, vector) for digest, vector in connection.execute(rows, some))
    return kept


def _passage(row: RowMapping) -> Passage:
    cuts = np.frombuffer(row["sentences"], dtype=np.int32).reshape(-1, 2).tolist()
    spans = tuple(Span(start, end) for start, end in cuts)
    return Passage(row["passage_id"], row["version_id"], row["ordinal"], row["start"], row["end"], row["text"], spans)


def _each(connection: Connection, rows: Select[Any], ids: Sequence[int]) -> Iterator[RowMapping]:
    for at in range(0, len(ids), ROWS_AT_ONCE):
        yield from connection.execute(rows, {"ids": ids[at : at + ROWS_AT_ONCE]}).mappings()
