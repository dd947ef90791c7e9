"""Articles and their versions in the truth: stored, read, listed, removed. One transaction per article."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import numpy as np
from sqlalchemy import Connection, RowMapping, Select, case, delete, func, insert, select, update

from index import reports, stories
from index.article import Article, ArticleVersion, Retraction
from index.correcting import link, unlink
from index.database import upsert
from index.errors import BadArticle, UnknownArticle
from index.passages import Piece
from index.tables import articles, changes, embeddings, passages, retractions, versions

Standing = Literal["new", "updated", "unchanged", "duplicate"]

# One statement must stay under SQLite's limit of bound values.
ROWS_AT_ONCE = 500


class Embedding(NamedTuple):
    """The stored vectors of one piece, named by the piece's digest."""

    digest: str
    vector: np.ndarray  # (dimension,) float32, unit length
    sentence_vectors: np.ndarray  # (sentences, dimension) float16, unit rows


class Holdings(NamedTuple):
    """How much the archive holds."""

    articles: int
    versions: int
    passages: int
    oldest: datetime | None
    newest: datetime | None


def digest(article: Article) -> str:
    """sha256 over every field but the places it was read from; equal digests mean nothing changed."""
    fields = asdict(replace(article, source=""))
    del fields["published_origin"], fields["modified_origin"], fields["correction"]
    return hashlib.sha256(json.dumps(fields, default=str, sort_keys=True).encode()).hexdigest()


def body_digest(article: Article) -> str:
    """sha256 of the body: the same for every copy of one text."""
    return hashlib.sha256(article.body.encode()).hexdigest()


def as_known(connection: Connection, article: Article) -> Article:
    """The article under the id that its file is known by: a file that gains a URL is still the same article."""
    if "#" in article.source or article.source == article.url:
        return article
    same_file = select(versions.c.article_id).where(versions.c.source == article.source, versions.c.current)
    known = connection.scalar(same_file)
    return replace(article, id=known) if known is not None else article


def standing(connection: Connection, article: Article) -> Standing | BadArticle:
    """What storing the article would do, or why it must not be stored.

    A duplicate is the same title and text by the same publisher under another id; copies that other publishers
    carry are articles of their own. An id that two places use for different articles is refused.
    """
    known = connection.execute(
        select(versions.c.digest, versions.c.url, versions.c.source).where(
            versions.c.article_id == article.id, versions.c.current
        )
    ).one_or_none()
    if known is not None:
        if known.digest == digest(article):
            return "unchanged"
        same_url = article.url is not None and known.url == article.url
        if same_url or _file(known.source) == _file(article.source):
            return "updated"
        return BadArticle(
            article.source,
            f"field id: {article.id!r} is already the id of an article from {known.url or known.source}; "
            "give this one another id",
        )
    # Only by the text: asked for a publisher as well, SQLite walks all that is current of it.
    same_text = select(versions.c.title, versions.c.publisher, versions.c.current)
    rows = connection.execute(same_text.where(versions.c.body_digest == body_digest(article)))
    twin = any(row.current and (row.title, row.publisher) == (article.title, article.publisher) for row in rows)
    return "duplicate" if twin else "new"


def _file(source: str) -> str:
    """The file a record was read from, without the record's place in it."""
    return source.partition("#")[0]


def store(connection: Connection, article: Article, pieces: Sequence[Piece], now: datetime) -> None:
    """Make the article's text the current version: its passages and change records, in this transaction."""
    since, number = None, 0
    if connection.scalar(select(articles.c.id).where(articles.c.id == article.id)) is None:
        connection.execute(insert(articles).values(id=article.id, first_seen_at=now))
    else:
        since = _stands_from(connection, article, now)
        retire(connection, article.id, since or now)
        number = connection.scalar(select(func.max(versions.c.number)).where(versions.c.article_id == article.id)) or 0
    fields = asdict(article)
    version_id = connection.scalar(
        insert(versions)
        .values(
            article_id=fields.pop("id"),
            number=number + 1,
            current=True,
            seen_at=now,
            stands_from=since,
            digest=digest(article),
            body_digest=body_digest(article),
            **fields,
        )
        .returning(versions.c.id)
    )
    store_passages(connection, version_id, article.body, pieces, live=True)
    reports.join(connection, version_id)
    stories.join(connection, version_id)
    link(connection, article)


def store_passages(connection: Connection, version_id: int, body: str, pieces: Sequence[Piece], *, live: bool) -> None:
    """Keep a version's passages; those of a current version, `live`, go into the derived indexes."""
    rows = [
        {
            "version_id": version_id,
            "ordinal": ordinal,
            "start": piece.start,
            "end": piece.end,
            "sentences": np.asarray(piece.sentences, dtype=np.int32).tobytes(),
            "digest": piece.digest(body),
        }
        for ordinal, piece in enumerate(pieces)
    ]
    if not rows:
        return
    stored = insert(passages).returning(passages.c.id, sort_by_parameter_order=True)
    ids = connection.scalars(stored, rows).all()
    if live:
        connection.execute(insert(changes), [{"op": "put", "passage_id": passage_id} for passage_id in ids])


def _stands_from(connection: Connection, article: Article, now: datetime) -> datetime | None:
    """When an article's new text replaced the one before; None when there was none.

    Its publisher's word counts if it is later than what was known before; else the change was made when it was seen.
    """
    rows = select(versions).where(versions.c.article_id == article.id, versions.c.current)
    before = connection.execute(rows).one_or_none()
    if before is None:
        return None
    known = [each for each in (before.stands_from, before.modified_at, before.published_at) if each is not None]
    modified = article.modified_at
    return modified if modified is not None and modified <= now and all(modified > each for each in known) else now


def store_embeddings(connection: Connection, vectors: Iterable[Embedding], model: str) -> None:
    """Keep vectors under the name of the text they are of; ones already there stay."""
    rows = [
        {
            "model": model,
            "digest": each.digest,
            "vector": each.vector.astype(np.float32).tobytes(),
            "sentence_vectors": each.sentence_vectors.astype(np.float16).tobytes(),
        }
        for each in vectors
    ]
    upsert(connection, embeddings, *rows, replace=False)


def known_embeddings(connection: Connection, digests: Sequence[str], model: str) -> set[str]:
    """Those of the digests whose vectors are already kept for this model."""
    known: set[str] = set()
    for at in range(0, len(digests), ROWS_AT_ONCE):
        some = digests[at : at + ROWS_AT_ONCE]
        known.update(
            connection.scalars(
                select(embeddings.c.digest).where(embeddings.c.model == model, embeddings.c.digest.in_(some))
            )
        )
    return known


def retire(connection: Connection, article_id: str, at: datetime) -> None:
    """Take the current version's passages out of the derived indexes; the version itself is kept."""
    now_current = select(versions.c.id).where(versions.c.article_id == article_id, versions.c.current)
    gone = select(passages.c.id).where(passages.c.version_id.in_(now_current)).order_by(passages.c.id)
    dropped = [{"op": "drop", "passage_id": passage_id} for passage_id in connection.scalars(gone)]
    if dropped:
        connection.execute(insert(changes), dropped)
    reports.leave(connection, article_id)
    stories.leave(connection, article_id)
    connection.execute(
        update(versions)
        .where(versions.c.article_id == article_id, versions.c.current)
        .values(current=False, replaced_at=at)
    )


def remove(connection: Connection, article_id: str) -> None:
    """Delete an article with all its versions, passages and the embeddings nothing else uses.

    Raises UnknownArticle.
    """
    if connection.scalar(select(articles.c.id).where(articles.c.id == article_id)) is None:
        raise UnknownArticle(article_id)
    retire(connection, article_id, datetime.now(UTC))
    unlink(connection, article_id)
    own_versions = select(versions.c.id).where(versions.c.article_id == article_id)
    own = set(connection.scalars(select(passages.c.digest).where(passages.c.version_id.in_(own_versions))))
    connection.execute(delete(passages).where(passages.c.version_id.in_(own_versions)))
    connection.execute(delete(versions).where(versions.c.article_id == article_id))
    connection.execute(delete(articles).where(articles.c.id == article_id))
    still_used = select(passages.c.digest).where(passages.c.digest.in_(own))
    for name in own - set(connection.scalars(still_used)):
        connection.execute(delete(embeddings).where(embeddings.c.digest == name))


def retract(connection: Connection, article_id: str, reason: str, now: datetime) -> None:
    """Remove an article as `remove` does, and keep that it was withdrawn and why. Raises UnknownArticle."""
    known = article_versions(connection, article_id)[-1].article
    row = {"article_id": article_id, "url": known.url, "title": known.title, "reason": reason, "retracted_at": now}
    connection.execute(insert(retractions).values(row))
    remove(connection, article_id)


def retracted(connection: Connection) -> list[Retraction]:
    """Every retraction, the latest first."""
    rows = select(*(column for column in retractions.c if column.name != "id")).order_by(retractions.c.id.desc())
    return [Retraction(**row) for row in connection.execute(rows).mappings()]


def at_url(connection: Connection, url: str) -> str | None:
    """The id of the article whose current version has this URL, or was read there."""
    here = (versions.c.url == url) | (versions.c.source == url)
    return connection.scalar(select(versions.c.article_id).where(here, versions.c.current).limit(1))


def version_from_row(row: RowMapping, *, with_body: bool = True) -> ArticleVersion:
    """An ArticleVersion from a row of `version_rows`."""
    article = Article(
        id=row["article_id"],
        source=row["source"],
        title=row["title"],
        body=row["body"] if with_body else "",
        url=row["url"],
        byline=row["byline"],
        publisher=row["publisher"],
        section=row["section"],
        language=row["language"],
        dateline=row["dateline"],
        published_at=row["published_at"],
        modified_at=row["modified_at"],
        published_origin=row["published_origin"],
        modified_origin=row["modified_origin"],
        correction=row["correction"],
    )
    seen = row["first_seen_at"], row["seen_at"]
    return ArticleVersion(
        row["id"], row["number"], article, *seen, row["current"], row["stands_from"], row["replaced_at"]
    )


def version_rows(*, with_body: bool = True) -> Select[tuple[object, ...]]:
    """A select of versions with what `version_from_row` needs, to be narrowed by the caller."""
    columns = [column for column in versions.c if with_body or column.name != "body"]
    return select(*columns, articles.c.first_seen_at).join(articles, versions.c.article_id == articles.c.id)


def current_articles(connection: Connection, limit: int | None = None, offset: int = 0) -> Iterator[ArticleVersion]:
    """The current versions without their bodies, newest published first, undated last."""
    undated = case((versions.c.published_at.is_(None), 1), else_=0)
    rows = version_rows(with_body=False).where(versions.c.current)
    rows = rows.order_by(undated, versions.c.published_at.desc(), versions.c.article_id).limit(limit).offset(offset)
    for row in connection.execute(rows).mappings():
        yield version_from_row(row, with_body=False)


def article_versions(connection: Connection, article_id: str) -> tuple[ArticleVersion, ...]:
    """All versions of an article, oldest first. Raises UnknownArticle."""
    rows = version_rows().where(versions.c.article_id == article_id).order_by(versions.c.number)
    found = tuple(version_from_row(row) for row in connection.execute(rows).mappings())
    if not found:
        raise UnknownArticle(article_id)
    return found


def report_of(connection: Connection, article_id: str) -> str:
    """The report that an article's current version carries. Raises UnknownArticle."""
    rows = select(versions.c.report).where(versions.c.article_id == article_id, versions.c.current)
    report: str | None = connection.scalar(rows)
    if report is None:
        raise UnknownArticle(article_id)
    return report


def holdings(connection: Connection) -> Holdings:
    """Counts of what is current, and the range of its dates."""
    current = select(func.count(), func.min(versions.c.published_at), func.max(versions.c.published_at))
    count, oldest, newest = connection.execute(current.where(versions.c.current)).one()
    live = select(func.count()).select_from(passages.join(versions)).where(versions.c.current)
    total = connection.scalar(select(func.count()).select_from(versions)) or 0
    return Holdings(count, total, connection.scalar(live) or 0, oldest, newest)
