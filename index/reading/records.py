"""JSON Lines and JSON files: many articles, one record each."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from index.article import Article
from index.errors import BadArticle
from index.reading.decoding import LARGEST_ARTICLE, decode, read_bytes
from index.reading.fields import ALIASES, article_from_fields, made_id

LARGEST_JSON = 100_000_000  # bytes; a .json file is read whole, a .jsonl file line by line


def read_file(path: Path) -> Iterator[Article | BadArticle]:
    """The articles of a .jsonl or .json file, whose path is resolved; a wrong record is yielded as BadArticle.

    A .json file holds one record, a list of them, or {"articles": [...]}. Raises BadArticle if the file as a
    whole is wrong, OSError if it cannot be read.
    """
    seen: dict[str, int] = {}
    empty = True
    for place, record in _lines(path) if path.suffix.lower() == ".jsonl" else _entries(path):
        empty = False
        yield record if isinstance(record, BadArticle) else _article(path, place, record, seen)
    if empty:
        raise BadArticle(str(path), "The file holds no record.")


def _article(path: Path, place: int, record: object, seen: dict[str, int]) -> Article | BadArticle:
    """The article of one record; its id, where it has none of its own, does not depend on its place."""
    try:
        if not isinstance(record, dict):
            return BadArticle(f"{path}:{place}", f"A record must be an object in {{}}, not {_kind(record)}.")
        article = article_from_fields(record, f"{path}:{place}")
    except BadArticle as refused:
        return refused
    article = replace(article, source=f"{path}#{place}")
    if article.url or any(record.get(name) not in (None, "") for name in ALIASES["id"]):
        return article
    count = seen[article.title] = seen.get(article.title, 0) + 1
    again = f"#{count}" if count > 1 else ""
    return replace(article, id=made_id(f"{path}#{article.title}{again}"))


def _lines(path: Path) -> Iterator[tuple[int, object]]:
    """Each line's number and its record, or why it holds none; blank lines are passed over."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LARGEST_ARTICLE + 1):
            number += 1
            place = f"{path}:{number}"
            if len(line) > LARGEST_ARTICLE:
                while line and not line.endswith(b"\n"):
                    line = file.readline(LARGEST_ARTICLE)
                reason = f"The line has more than the {LARGEST_ARTICLE / 1e6:.0f} MB one article may have."
                yield number, BadArticle(place, reason)
            elif number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise BadArticle(str(path), "The file is UTF-16; save it as UTF-8.")
            elif line.strip():
                yield number, _record(line, place)


def _record(line: bytes, place: str) -> object:
    try:
        return _parsed(line.decode("utf-8-sig"), place, line_matters=False)
    except UnicodeDecodeError as error:
        return BadArticle(place, f"Byte {error.start} of the line is not UTF-8; convert the file to UTF-8.")
    except BadArticle as refused:
        return refused


def _entries(path: Path) -> Iterator[tuple[int, object]]:
    """The position of each record of a JSON file, counted from one, and the record."""
    content = _parsed(decode(read_bytes(path, LARGEST_JSON), str(path)), str(path), line_matters=True)
    if isinstance(content, dict) and isinstance(content.get("articles"), list):
        content = content["articles"]
    if not isinstance(content, list | dict):
        raise BadArticle(str(path), f"The file must hold a list of records or one, not {_kind(content)}.")
    yield from enumerate(content if isinstance(content, list) else [content], start=1)


def _parsed(text: str, place: str, *, line_matters: bool) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if line_matters else ""
        raise BadArticle(place, f"It is not JSON: {error.msg} at {line}column {error.colno}.") from None
    except (RecursionError, ValueError) as error:  # nested too deep; a number of too many digits
        raise BadArticle(place, f"It is JSON that cannot be read: {error}.") from None


def _kind(value: object) -> str:
    names = {list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
