"""An archive as JSON Lines: written article by article, read back line by line, and nothing embedded again.

The first line names the format and the embedding model. Each further line is one article with all its versions, their
passages and vectors; or a retraction; or an answer as it was given. What a line says is checked before it is stored.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection, Engine, Table, insert, select

from index import articles as shelf
from index import reports, stories
from index.article import Article, Span
from index.correcting import link
from index.errors import BadArticle, ModelMismatch
from index.passages import Piece
from index.tables import answers, articles, embeddings, passages, retractions, versions

FORMAT = "dateline-archive-1"
OWN_FIELDS = frozenset(field.name for field in fields(Article)) - {"id"}
NOT_MOVED = frozenset({"id", "article_id"})  # numbers of this truth, and what the line says once

Moved = Literal["new", "updated", "unchanged"]


def export_lines(truth: Engine, model: str) -> Iterator[str]:
    """The lines of an archive. One article at a time is in memory; each is read as it stands then."""
    yield _line({"format": FORMAT, "model": model})
    with truth.connect() as connection:
        ids = list(connection.scalars(select(articles.c.id).order_by(articles.c.first_seen_at, articles.c.id)))
    for article_id in ids:
        with truth.connect() as connection:
            seen = connection.scalar(select(articles.c.first_seen_at).where(articles.c.id == article_id))
            if seen is not None:  # it may have been removed since
                found = _versions(connection, article_id, model)
                yield _line({"article": article_id, "first_seen_at": _time(seen), "versions": found})
    for name, table in (("retraction", retractions), ("answer", answers)):
        with truth.connect() as connection:
            for row in connection.execute(select(table)).mappings():
                yield _line({name: {key: _time(row[key]) for key in row if (table, key) != (retractions, "id")}})


def lines(path: Path, model: str) -> Iterator[tuple[str, Any]]:
    """The lines of an exported file with their places, after the first, which must fit this Dateline and its model.

    Raises BadArticle when the file is no export, ModelMismatch when its vectors are of another model.
    """
    with path.open(encoding="utf-8") as file:
        head = _parsed(file.readline(), f"{path}:1")
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise BadArticle(f"{path}:1", f"The file is no exported archive; its first line must have format {FORMAT}.")
        if head.get("model") != model:
            raise ModelMismatch(
                f"{path} was embedded with {head.get('model')}, this archive with {model}. Import it with "
                "DATELINE_EMBEDDING_MODEL set to that model into a new DATELINE_HOME, then `dateline articles reembed`."
            )
        for number, line in enumerate(file, 2):
            yield f"{path}:{number}", line


def import_line(connection: Connection, line: str, place: str, model: str) -> Moved | None:
    """Store what a line says, if it is not there yet; None when it is no article. Raises BadArticle."""
    value = _parsed(line, place)
    try:
        if "article" in value:
            return _import_article(connection, value, place, model)
        if "answer" in value:
            _import_row(connection, answers, value["answer"], ("id",))
        elif "retraction" in value:
            _import_row(connection, retractions, value["retraction"], ("article_id", "retracted_at"))
        else:
            raise BadArticle(place, "The line has neither an article, nor an answer, nor a retraction.")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadArticle(place, f"The line is damaged: {error!r}.") from error
    return None


def _versions(connection: Connection, article_id: str, model: str) -> list[dict[str, Any]]:
    rows = select(versions).where(versions.c.article_id == article_id).order_by(versions.c.number)
    found = []
    for row in connection.execute(rows).mappings().all():
        fields = {key: _time(row[key]) for key in row if key not in NOT_MOVED}
        found.append({**fields, "passages": _passages(connection, row["id"], model)})
    return found


def _passages(connection: Connection, version_id: int, model: str) -> list[dict[str, Any]]:
    own = (embeddings.c.digest == passages.c.digest) & (embeddings.c.model == model)
    rows = select(passages, embeddings.c.vector, embeddings.c.sentence_vectors).join(embeddings, own, isouter=True)
    return [
        {
            "start": row.start,
            "end": row.end,
            "sentences": np.frombuffer(row.sentences, np.int32).reshape(-1, 2).tolist(),
            "vector": row.vector and base64.b64encode(row.vector).decode(),
            "sentence_vectors": row.sentence_vectors and base64.b64encode(row.sentence_vectors).decode(),
        }
        for row in connection.execute(rows.where(passages.c.version_id == version_id).order_by(passages.c.ordinal))
    ]


def _import_article(connection: Connection, value: Any, place: str, model: str) -> Moved:
    """Put an article with its versions into the truth. What is there already must be how it began."""
    article_id, given = value["article"], value["versions"]
    if not given or not isinstance(article_id, str):
        raise BadArticle(place, "The article has no id or no versions.")
    rows = select(versions.c.digest).where(versions.c.article_id == article_id).order_by(versions.c.number)
    held = list(connection.scalars(rows))
    coming = [_digest(article_id, each, place) for each in given]
    if held[: len(coming)] == coming:
        return "unchanged"
    if held != coming[: len(held)]:
        raise BadArticle(place, f"The article {article_id!r} is here already, with other versions; remove one of them.")
    if held:
        shelf.remove(connection, article_id)
    first_seen_at = datetime.fromisoformat(value["first_seen_at"])
    connection.execute(insert(articles).values(id=article_id, first_seen_at=first_seen_at))
    for each in given:
        _import_version(connection, article_id, each, place, model)
    link(connection, _article(article_id, given[-1]))
    return "updated" if held else "new"


def _digest(article_id: str, version: Any, place: str) -> str:
    """The version's digest, which its fields must have."""
    if shelf.digest(_article(article_id, version)) != version["digest"]:
        raise BadArticle(place, f"The text of version {version['number']} is not what its digest says.")
    return str(version["digest"])


def _article(article_id: str, version: Any) -> Article:
    own = {key: _moment(key, value) for key, value in version.items() if key in OWN_FIELDS}
    return Article(id=article_id, **own)


def _import_version(connection: Connection, article_id: str, version: Any, place: str, model: str) -> None:
    body, cut = version["body"], version["passages"]
    row = {key: _moment(key, value) for key, value in version.items() if key != "passages"}
    stored = insert(versions).values(article_id=article_id, **row).returning(versions.c.id)
    version_id = connection.scalar(stored)
    if version_id is None:
        raise BadArticle(place, "The version could not be stored.")
    pieces = [_piece(each, len(body), place) for each in cut]
    kept = [
        _embedding(each, piece.digest(body), len(piece.sentences), place)
        for each, piece in zip(cut, pieces, strict=True)
    ]
    shelf.store_embeddings(connection, [each for each in kept if each is not None], model)
    shelf.store_passages(connection, version_id, body, pieces, live=version["current"])
    if version["current"]:
        reports.join(connection, version_id)  # what this archive holds may carry the same report, or tell the story
        stories.join(connection, version_id)


def _piece(passage: Any, length: int, place: str) -> Piece:
    spans = tuple(Span(int(start), int(end)) for start, end in passage["sentences"])
    edges = [passage["start"], *(edge for span in spans for edge in span), passage["end"], length]
    if not spans or edges != sorted(edges) or passage["start"] < 0:
        raise BadArticle(place, "The passages do not lie within the text, in order.")
    return Piece(passage["start"], passage["end"], spans)


def _embedding(passage: Any, digest: str, sentences: int, place: str) -> shelf.Embedding | None:
    if passage["vector"] is None:
        return None
    vector = np.frombuffer(base64.b64decode(passage["vector"], validate=True), np.float32)
    of_sentences = np.frombuffer(base64.b64decode(passage["sentence_vectors"], validate=True), np.float16)
    if of_sentences.size != sentences * vector.size or abs(float(np.linalg.norm(vector)) - 1) > 0.01:
        raise BadArticle(place, "The vectors of a passage do not fit it.")
    return shelf.Embedding(digest, vector, of_sentences.reshape(sentences, -1))


def _import_row(connection: Connection, table: Table, value: Any, key: tuple[str, ...]) -> None:
    row = {column.name: _moment(column.name, value[column.name]) for column in table.c if column.name in value}
    same = [table.c[name] == row[name] for name in key]
    if connection.execute(select(table).where(*same)).first() is None:
        connection.execute(insert(table).values(row))


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _parsed(line: str, place: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise BadArticle(place, f"The line is not JSON ({error}); the file may have been cut.") from error


def _time(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _moment(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if value is not None and name.endswith(("_at", "_from")) else value
