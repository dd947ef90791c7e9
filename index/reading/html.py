"""Saved web pages: trafilatura finds the text and what the page says about itself."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from index.article import Article
from index.errors import BadArticle
from index.reading.dates import first_trusted
from index.reading.declared import declared
from index.reading.decoding import decode, read_bytes
from index.reading.fields import article_from_fields

_FORMAT = "%Y-%m-%dT%H:%M:%S%z"
_CHARSET = re.compile(rb"<meta[^>]+charset=[\"']?([A-Za-z0-9_-]+)", re.IGNORECASE)
_LANGUAGE = re.compile(r"<html\b[^>]*?\blang=[\"']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)", re.IGNORECASE)


def read_file(path: Path) -> Iterator[Article]:
    """The one article of a page, whose path is resolved. Raises BadArticle and OSError."""
    yield article_from_html(decode_page(read_bytes(path), str(path)), str(path))


def article_from_html(page: str, source: str, url: str | None = None) -> Article:
    """The article of a page's markup; `url` is where it was fetched, if it was.

    Title, author, publisher, section and dates are those the page declares: JSON-LD before meta and time elements,
    and a date in the visible text last. A date in the future or at the computer's zero is passed over. Raises
    BadArticle if the page has no article text.
    """
    from trafilatura import bare_extraction

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # what it logs is raised below

    dates = {"original_date": True, "extensive_search": False, "outputformat": _FORMAT}
    document = bare_extraction(page, url=url, with_metadata=True, include_comments=False, date_extraction_params=dates)
    now = datetime.now(UTC)
    said = declared(page, now)
    text = document.text if document is not None and document.text else said.body
    if not text or document is None:
        raise BadArticle(source, "The page has no article text: it may be an index, or be filled in by a script.")
    title = said.title or document.title
    language = _LANGUAGE.search(page[:5000])
    published = said.published or first_trusted([(document.date, "text")], now)
    modified = said.modified or first_trusted([(_modified(page, document.date), "text")], now)
    if modified and published and modified.moment <= published.moment:
        modified = None
    fields: dict[str, object] = {
        "title": title,
        "body": _paragraphs(text, title),
        "url": url or (document.url if str(document.url).startswith(("http://", "https://")) else None),
        "byline": said.byline or (document.author.split("; ") if document.author else None),
        "publisher": said.publisher or document.sitename,
        "section": said.section or (document.categories[0] if document.categories else None),
        "language": language[1] if language else said.language,
        "published_at": published and published.moment,
        "modified_at": modified and modified.moment,
    }
    article = article_from_fields(fields, source)
    origins = (published and published.origin, modified and modified.origin)
    return replace(article, published_origin=origins[0], modified_origin=origins[1])


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


def decode_page(content: bytes, source: str, charset: str | None = None) -> str:
    """A page's text: as its server said, else as it declares, else as it looks. Raises BadArticle."""
    found = _CHARSET.search(content[:4096])
    for name in (charset or "", found[1].decode("ascii", "replace") if found else ""):
        if _WEB_ENCODINGS.fullmatch(name):
            try:
                return content.decode(name)
            except (LookupError, UnicodeError):
                pass  # pages often declare what they are not
    return decode(content, source)
