"""What a source says about the articles it lists: RSS and Atom feeds, news sitemaps, sitemap indexes."""

import calendar
import hashlib
import json
import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, ParseError, fromstring

from index.errors import BadArticle
from index.fetching.fetch import unzipped
from index.fetching.fetched import Fetched
from index.fetching.listed import Listed, Listing
from index.fetching.urls import canonical_url, same_site
from index.reading.dates import parse_date

MOST_LISTED = 1000  # articles taken from one source at once, newest first; Google's limit for a news sitemap
MOST_CHILDREN = 20  # sitemaps taken from a sitemap index at once, newest first
_TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"  # RFC 6721
_ROOTS = {
    "rss": "feed",
    "feed": "feed",
    "RDF": "feed",
    "channel": "feed",
    "urlset": "sitemap",
    "sitemapindex": "sitemapindex",
}


def listing(fetched: Fetched, size: int) -> Listing | None:
    """What a feed or sitemap lists; None when the content is neither. `size` bounds a gzipped sitemap.

    Raises BadArticle when it begins as one and cannot be read.
    """
    content = fetched.content
    if content.startswith(b"\x1f\x8b"):
        content = unzipped(content, size, fetched.asked)
    kind = _ROOTS.get(_root(content))
    if kind is None:
        return None
    if kind == "feed":
        return _feed(content, fetched)
    root = _parsed(content, fetched.asked)
    return _sitemap(root, fetched.url) if kind == "sitemap" else _index(root, fetched.url)


def _root(content: bytes) -> str:
    """The name of the first element, found by looking: feeds are often not well-formed. "" for what is no markup."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = re.sub(r"<!--.*?-->", "", content[:4096].decode(encoding, "replace"), flags=re.DOTALL).lstrip()
    found = re.search(r"<(?:\w+:)?([A-Za-z]+)", text) if text.startswith("<") else None
    return found[1] if found else ""


def _feed(content: bytes, fetched: Fetched) -> Listing:
    import feedparser

    charset = f"; charset={fetched.charset}" if fetched.charset else ""
    headers = {"content-location": fetched.url, "content-type": f"{fetched.kind or 'application/xml'}{charset}"}
    # A stream: feedparser takes bytes and text for a file's name first.
    parsed = feedparser.parse(BytesIO(content), response_headers=headers)
    if not parsed.version and not parsed.entries:
        raise BadArticle(
            fetched.asked, f"The feed cannot be read: {parsed.get('bozo_exception', 'it is no RSS or Atom')}."
        )
    found: list[Listed] = []
    refused: list[BadArticle] = []
    for entry in parsed.entries[:MOST_LISTED]:
        try:
            found.append(_entry(entry, parsed.feed, fetched.url))
        except BadArticle as error:
            refused.append(BadArticle(error.source or fetched.asked, f"An entry of {fetched.asked}: {error.reason}"))
    return Listing(_once(found), _tombstones(content), refused=tuple(refused))


def _entry(entry: Any, feed: Any, base: str) -> Listed:
    link = entry.get("feedburner_origlink") or entry.get("link")
    if not link:
        raise BadArticle(entry.get("id", ""), "It has no link to an article.")
    content = [each.get("value", "") for each in entry.get("content", [])]
    said = [entry.get("title"), entry.get("summary"), content, entry.get("published"), _own(entry, "updated")]
    return Listed(
        url=canonical_url(urljoin(base, link)),
        stamp=_stamp(said),
        origin="feed",
        name=entry.get("id"),
        title=entry.get("title"),
        byline=", ".join(filter(None, (each.get("name") for each in entry.get("authors", [])))) or None,
        publisher=entry.get("source", {}).get("title") or feed.get("title"),
        language=feed.get("language"),
        published_at=_moment(entry.get("published_parsed")),
        modified_at=_moment(_own(entry, "updated_parsed")),
    )


def _own(entry: Any, name: str) -> Any:
    """A value the entry itself has; feedparser else gives the publication date for a missing update."""
    return dict.get(entry, name)


def _moment(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _tombstones(content: bytes) -> frozenset[str]:
    if b"deleted-entry" not in content:
        return frozenset()
    try:
        return frozenset(each.get("ref", "") for each in fromstring(content).iter(_TOMBSTONE))
    except ParseError:
        return frozenset()


def _parsed(content: bytes, source: str) -> Element:
    if b"<!ENTITY" in content[:100_000]:
        raise BadArticle(source, "The sitemap declares XML entities, which are not read.")
    try:
        return fromstring(content)
    except (ParseError, ValueError, LookupError) as error:
        raise BadArticle(source, f"The sitemap cannot be read: {error}.") from None


def _sitemap(root: Element, base: str) -> Listing:
    """The articles of a urlset, newest first: its news if it marks any, else all its pages."""
    pages = [{_local(part): part for part in page.iter()} for page in root if _local(page) == "url"]
    news = [page for page in pages if "news" in page]
    found: list[Listed] = []
    refused: list[BadArticle] = []
    for page in news or pages:
        try:
            found.append(_page(page, base))
        except BadArticle as error:
            refused.append(error)
    found.sort(key=lambda each: each.modified_at or each.published_at or _LONG_AGO, reverse=True)
    return Listing(_once(found)[:MOST_LISTED], refused=tuple(refused))


def _page(page: dict[str, Element], base: str) -> Listed:
    said = {name: (part.text or "").strip() or None for name, part in page.items()}
    return Listed(
        url=canonical_url(urljoin(base, said.get("loc") or "")),
        stamp=_stamp([said.get("lastmod"), said.get("publication_date"), said.get("title")]),
        origin="sitemap",
        title=said.get("title"),
        publisher=said.get("name"),
        language=said.get("language"),
        published_at=_date(said.get("publication_date")),
        modified_at=_date(said.get("lastmod")),
    )


def _index(root: Element, base: str) -> Listing:
    """The sitemaps of an index that lie on its own site, newest first, those without a date as they stand."""
    children: list[tuple[datetime, str]] = []
    for child in root:
        said = {_local(part): (part.text or "").strip() for part in child}
        url = urljoin(base, said.get("loc", ""))
        try:
            if same_site(url, base):
                children.append((_date(said.get("lastmod")) or _LONG_AGO, url))
        except BadArticle:
            continue  # a sitemap somewhere that is not fetched
    children.sort(key=lambda each: each[0], reverse=True)
    return Listing(sitemaps=tuple(url for _, url in children[:MOST_CHILDREN]))


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _date(text: str | None) -> datetime | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _stamp(said: list[Any]) -> str:
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()[:16]


def _once(found: list[Listed]) -> tuple[Listed, ...]:
    """The first listing of each address."""
    kept: dict[str, Listed] = {}
    for each in found:
        kept.setdefault(each.url, each)
    return tuple(kept.values())
