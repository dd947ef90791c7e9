"""Saved web pages: trafilatura finds the text and what the page says about itself."""

import logging
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from index.article import Article
from index.errors import BadArticle
from index.reading.decoding import decode, read_bytes
from index.reading.fields import article_from_fields

_FORMAT = "%Y-%m-%dT%H:%M:%S%z"
_CHARSET = re.compile(rb"<meta[^>]+charset=[\"']?([A-Za-z0-9_-]+)", re.IGNORECASE)
_LANGUAGE = re.compile(r"<html\b[^>]*?\blang=[\"']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)", re.IGNORECASE)


def read_file(path: Path) -> Iterator[Article]:
    """The one article of a page, whose path is resolved. Raises BadArticle and OSError."""
    yield article_from_html(_decode(read_bytes(path), str(path)), str(path))


def article_from_html(page: str, source: str, url: str | None = None) -> Article:
    """The article of a page's markup; `url` is where it was fetched, if it was.

    Title, author, publisher, section and dates are those the markup declares (JSON-LD, OpenGraph, meta and
    time elements); a date is never taken from the clock. Raises BadArticle if the page has no article text.
    """
    from trafilatura import bare_extraction

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # what it logs is raised below

    dates = {"original_date": True, "extensive_search": False, "outputformat": _FORMAT}
    document = bare_extraction(page, url=url, with_metadata=True, include_comments=False, date_extraction_params=dates)
    if document is None or not document.text:
        raise BadArticle(source, "The page has no article text: it may be an index, or be filled in by a script.")
    language = _LANGUAGE.search(page[:5000])
    fields: dict[str, object] = {
        "title": document.title,
        "body": _paragraphs(document.text, document.title),
        "url": url or (document.url if str(document.url).startswith(("http://", "https://")) else None),
        "byline": document.author.split("; ") if document.author else None,
        "publisher": document.sitename,
        "section": document.categories[0] if document.categories else None,
        "language": language[1] if language else None,
        "published_at": document.date,
        "modified_at": _modified(page, document.date),
    }
    return article_from_fields(fields, source)


def _modified(page: str, published: str | None) -> str | None:
    from htmldate import find_date

    found: str | None = find_date(page, original_date=False, extensive_search=False, outputformat=_FORMAT)
    return found if published and found and found != published else None


def _paragraphs(text: str, title: str | None) -> str:
    """trafilatura's lines, one to a block, as paragraphs; list items stay together, and the title goes."""
    lines = [line for line in text.split("\n") if line.strip()]
    if title and len(lines) > 1 and lines[0].strip() == title.strip():
        lines = lines[1:]
    body = lines[0]
    for before, line in pairwise(lines):
        body += ("\n" if before.startswith("- ") and line.startswith("- ") else "\n\n") + line
    return body


# What pages may declare; Python knows codecs that run escapes or are no encoding at all.
_WEB_ENCODINGS = re.compile(
    r"utf-?8|utf-?16(le|be)?|us-ascii|(iso-?8859|windows|cp|koi8|euc|iso-2022|mac|gb|big|shift)[\w-]*|latin-?\d", re.I
)


def _decode(content: bytes, source: str) -> str:
    declared = _CHARSET.search(content[:4096])
    name = declared[1].decode("ascii", "replace") if declared else ""
    if _WEB_ENCODINGS.fullmatch(name):
        try:
            return content.decode(name)
        except (LookupError, UnicodeError):
            pass  # pages often declare what they are not
    return decode(content, source)
