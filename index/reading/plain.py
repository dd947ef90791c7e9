"""Plain text files: a title line, perhaps a few header lines, and the text."""

import re
from collections.abc import Iterator
from pathlib import Path

from index.article import Article
from index.errors import BadArticle
from index.normalise import normalise
from index.reading.decoding import decode, read_bytes
from index.reading.fields import article_from_fields

LONGEST_TITLE_LINE = 200
_MOST_HEADER_LINES = 10
_BY = re.compile(r"By ([A-Z][^.!?:]{1,80})")
_HEADER = re.compile(
    r"(title|headline|author|byline|by|published|date|updated|modified|source|publisher|section|category|url|link|"
    r"language): +(\S.*)",
    re.IGNORECASE,
)


def read_file(path: Path) -> Iterator[Article]:
    """The one article of a text file, whose path is resolved. Raises BadArticle and OSError."""
    yield article_from_text(decode(read_bytes(path), str(path)), str(path))


def article_from_text(text: str, source: str) -> Article:
    """The article of a plain text: title from a first line that stands alone, header lines, and the rest.

    Raises BadArticle if there is no text, or if a header's date cannot be read.
    """
    lines = normalise(text).split("\n")
    if not any(line.strip() for line in lines):
        raise BadArticle(source, "It holds no visible text.")
    fields, rest = _headers(lines)
    if "title" not in fields:
        title, after = _title(rest)
        if title and not fields:
            fields, after = _headers(after)
        if title and any(line.strip() for line in after):
            fields["title"], rest = title, after
    return article_from_fields({**fields, "body": "\n".join(rest)}, source)


def _title(lines: list[str]) -> tuple[str | None, list[str]]:
    """A short first line that a blank line or a header line follows, and what comes after it."""
    if not lines or len(lines[0]) >= LONGEST_TITLE_LINE or len(lines) < 2:
        return None, lines
    after = lines[1:]
    if after[0].strip() and not _headers(after)[0]:
        return None, lines
    return lines[0].strip(), after


def _headers(lines: list[str]) -> tuple[dict[str, object], list[str]]:
    """The header lines that stand at the start, set off from the text by a blank line, and the lines after them."""
    fields: dict[str, object] = {}
    start = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    end = start
    for line in lines[start : start + _MOST_HEADER_LINES]:
        named, by = _HEADER.fullmatch(line.strip()), _BY.fullmatch(line.strip())
        if named:
            name = named[1].lower()
            fields["byline" if name == "by" else name] = named[2]
        elif by:
            fields["byline"] = by[1]
        else:
            break
        end += 1
    if not fields or end >= len(lines) or lines[end].strip():
        return {}, lines
    if not any(line.strip() for line in lines[end:]):
        return {}, lines
    return fields, lines[end:]
