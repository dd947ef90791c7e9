"""Passages read back from the truth: their text, metadata, words for Tantivy, vectors for Chroma."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, select

from index.article import Article, Passage, Span
from index.articles import ROWS_AT_ONCE, version_from_row
from index.flat import Row
from index.passages import Piece, header
from index.truth import articles, embeddings, passages, versions
from index.words import Entry


class Candidate(NamedTuple):
    """A passage with what ranking needs."""

    passage: Passage
    article: Article
    report: str
    current: bool
    sentence_vectors: np.ndarray  # (sentences, dimension) float32


def publishers(connection: Connection) -> tuple[str, ...]:
    """The publishers of current articles, by name."""
    rows = select(versions.c.publisher).where(versions.c.current, versions.c.publisher.is_not(None)).distinct()
    return tuple(sorted(connection.scalars(rows), key=str.lower))


def newest(connection: Connection, at: datetime) -> datetime | None:
    """When the newest current article of those published by `at` was published; None when none has a date."""
    known = versions.c.current & (versions.c.published_at <= at)
    found: datetime | None = connection.scalar(select(func.max(versions.c.published_at)).where(known))
    return found


def load(connection: Connection, ids: Sequence[int], model: str, *, replaced: bool = False) -> dict[int, Candidate]:
    """Current passages with their articles and vectors, or with `replaced` also those of earlier versions.

    Ids that are gone or not embedded are left out.
    """
    rows = list(_each(connection, _passage_rows(replaced=replaced), ids))
    kept = _embeddings(connection, [row["passage_digest"] for row in rows], model, embeddings.c.sentence_vectors)
    found: dict[int, Candidate] = {}
    for row in rows:
        passage, vectors = _passage(row), kept.get(row["passage_digest"])
        if vectors is not None:
            found[passage.id] = Candidate(
                passage,
                version_from_row(row, with_body=False).article,
                row["report"],
                row["current"],
                np.frombuffer(vectors, np.float16).astype(np.float32).reshape(len(passage.sentences), -1),
            )
    return found


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
    for row in _each(connection, _passage_rows(replaced=True), ids):
        passage = _passage(row)
        spans = tuple(Span(start - passage.start, end - passage.start) for start, end in passage.sentences)
        cut.append((passage.text, Piece(0, len(passage.text), spans)))
    return cut


def entries(connection: Connection, ids: Sequence[int]) -> list[Entry]:
    """What the word index keeps of these passages: header and text. Passages that are not current are left out."""
    rows = _each(connection, _passage_rows(), ids)
    return [
        Entry(row["passage_id"], f"{header(version_from_row(row, with_body=False).article)}\n{row['text']}")
        for row in rows
    ]


def passage_vectors(connection: Connection, ids: Sequence[int], model: str) -> tuple[list[int], np.ndarray]:
    """The current ones of these passages and their vectors (n, dimension) float32."""
    rows = flat_rows(connection, ids, model)
    if not rows:
        return [], np.zeros((0, 0), np.float32)
    return [row.passage_id for row in rows], np.stack([row.vector for row in rows])


def flat_rows(connection: Connection, ids: Sequence[int], model: str, *, replaced: bool = False) -> list[Row]:
    """What the flat index keeps of the current ones of these passages, or of the `replaced` ones."""
    seen = (versions.c.article_id, versions.c.publisher, versions.c.published_at, articles.c.first_seen_at)
    stood = (versions.c.stands_from, versions.c.replaced_at)
    rows = select(passages.c.id, passages.c.digest, *seen, *stood)
    rows = rows.select_from(passages.join(versions).join(articles)).where(versions.c.current.is_not(replaced))
    found = list(_each(connection, rows, ids))
    kept = _embeddings(connection, [row["digest"] for row in found], model, embeddings.c.vector)
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


def _embeddings(
    connection: Connection, digests: Sequence[str], model: str, column: ColumnElement[bytes]
) -> dict[str, bytes]:
    """One column of the embeddings, by digest.

    A query of its own: joined to passages, SQLite walks all embeddings of the model for every batch (1 ms a row).
    """
    kept: dict[str, bytes] = {}
    for at in range(0, len(digests), ROWS_AT_ONCE):
        some = digests[at : at + ROWS_AT_ONCE]
        rows = select(embeddings.c.digest, column).where(embeddings.c.model == model, embeddings.c.digest.in_(some))
        kept.update((digest, vector) for digest, vector in connection.execute(rows))
    return kept


def _passage_rows(*, replaced: bool = False) -> Select[tuple[object, ...]]:
    text = func.substr(versions.c.body, passages.c.start + 1, passages.c.end - passages.c.start).label("text")
    own = (passages.c.version_id, passages.c.ordinal, passages.c.start, passages.c.end, passages.c.sentences)
    digest = passages.c.digest.label("passage_digest")
    described = [column for column in versions.c if column.name != "body"]
    rows = select(passages.c.id.label("passage_id"), *own, digest, text, *described, articles.c.first_seen_at)
    rows = rows.join(versions, passages.c.version_id == versions.c.id).join(articles)
    return rows if replaced else rows.where(versions.c.current)


def _passage(row: RowMapping) -> Passage:
    cuts = np.frombuffer(row["sentences"], dtype=np.int32).reshape(-1, 2).tolist()
    spans = tuple(Span(start, end) for start, end in cuts)
    return Passage(row["passage_id"], row["version_id"], row["ordinal"], row["start"], row["end"], row["text"], spans)


def _each(connection: Connection, rows: Select[tuple[object, ...]], ids: Sequence[int]) -> Iterator[RowMapping]:
    for at in range(0, len(ids), ROWS_AT_ONCE):
        some = rows.where(passages.c.id.in_(ids[at : at + ROWS_AT_ONCE]))
        yield from connection.execute(some).mappings()
