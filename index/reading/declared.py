"""What a web page declares about itself: JSON-LD first, then meta elements, then time elements."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

from index.reading.dates import Dated, first_trusted

_DEEPEST = 6  # levels of JSON-LD that are looked into for the article
_PUBLISHED = (
    "article:published_time", "og:published_time", "og:article:published_time", "datepublished", "date", "pubdate",
    "publishdate", "publish-date", "publication_date", "dc.date", "dc.date.issued", "dcterms.created",
    "dcterms.issued", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "og:updated_time", "og:modified_time", "datemodified", "lastmod", "last-modified",
    "dcterms.modified", "dc.date.modified",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Declared:
    """The fields a page declares; None for what it does not. `body` is JSON-LD's articleBody."""

    title: str | None = None
    byline: tuple[str, ...] = ()
    publisher: str | None = None
    section: str | None = None
    language: str | None = None
    body: str | None = None
    published: Dated | None = None
    modified: Dated | None = None


def declared(page: str, now: datetime) -> Declared:
    """Read what the markup declares. Dates that cannot be true at `now` are passed over for the next place."""
    tree = _tree(page)
    if tree is None:
        return Declared()
    article = _news_article(tree)
    metas = _metas(tree)
    published = [
        *_said(article, "datePublished", "dateCreated", "uploadDate"),
        *_named(metas, _PUBLISHED),
        *_times(tree, "datepublished"),
    ]
    modified = [*_said(article, "dateModified"), *_named(metas, _MODIFIED), *_times(tree, "datemodified")]
    return Declared(
        title=_text(article.get("headline")) or _text(article.get("name")),
        byline=tuple(filter(None, map(_name, _list(article.get("author"))))),
        publisher=next(filter(None, map(_name, _list(article.get("publisher")))), None),
        section=next(filter(None, map(_text, _list(article.get("articleSection")))), None),
        language=_text(article.get("inLanguage")),
        body=_text(article.get("articleBody"), lines=True),
        published=first_trusted(published, now),
        modified=first_trusted(modified, now),
    )


def canonical_link(page: str) -> str | None:
    """The address in the page's <link rel=canonical>, as it is written."""
    tree = _tree(page)
    found = [] if tree is None else tree.xpath("//link[translate(@rel, 'CANOIL', 'canoil')='canonical']/@href")
    return str(found[0]) if found else None


def _tree(page: str) -> Any:
    """The page's elements; None for nothing but blanks and comments."""
    from lxml import html
    from lxml.etree import ParserError

    try:
        return html.document_fromstring(page.encode("utf-8", "replace"), html.HTMLParser(encoding="utf-8"))
    except ParserError:
        return None


def _news_article(tree: Any) -> Mapping[str, Any]:
    """The JSON-LD object that describes the page's article: a NewsArticle before any other kind; {} without one."""
    found: list[Mapping[str, Any]] = []
    for script in tree.xpath("//script[contains(translate(@type, 'LDJSON', 'ldjson'), 'ld+json')]/text()"):
        try:
            found += _articles(json.loads(script.strip().rstrip(";"), strict=False), _DEEPEST)
        except (ValueError, RecursionError):
            continue  # scripts are often cut or templated; the page has other places to say it
    news = (each for each in found if any(kind.endswith("NewsArticle") for kind in _kinds(each)))
    return next(news, found[0] if found else {})


def _articles(value: object, depth: int) -> Iterator[Mapping[str, Any]]:
    """The objects of an article's type, outermost first; lists of other articles are not looked into."""
    if isinstance(value, list) and depth:
        for each in value:
            yield from _articles(each, depth - 1)
    elif isinstance(value, Mapping) and depth:
        if any(kind.endswith(("Article", "BlogPosting", "Report")) for kind in _kinds(value)):
            yield value
        else:
            for name in ("@graph", "mainEntity"):
                yield from _articles(value.get(name), depth - 1)


def _kinds(value: Mapping[str, Any]) -> list[str]:
    return [each for each in _list(value.get("@type")) if isinstance(each, str)]


def _said(article: Mapping[str, Any], *names: str) -> Iterator[tuple[object, str]]:
    return ((article[name], "json-ld") for name in names if isinstance(article.get(name), str))


def _metas(tree: Any) -> dict[str, str]:
    """The page's meta elements by name, lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for each in tree.iter("meta"):
        name = each.get("property") or each.get("name") or each.get("itemprop") or each.get("http-equiv")
        if name and each.get("content"):
            found.setdefault(name.strip().lower(), each.get("content"))
    return found


def _named(metas: Mapping[str, str], names: tuple[str, ...]) -> Iterator[tuple[object, str]]:
    return ((metas[name], "meta") for name in names if name in metas)


def _times(tree: Any, itemprop: str) -> Iterator[tuple[object, str]]:
    """Dates of elements marked as microdata, and of <time pubdate>."""
    for each in tree.xpath("//*[@itemprop] | //time[@pubdate]"):
        marked = (each.get("itemprop") or "").lower() == itemprop
        if marked or (itemprop == "datepublished" and each.get("pubdate") is not None):
            yield each.get("datetime") or each.get("content") or each.text_content(), "time"


def _name(value: object) -> str | None:
    return _text(value.get("name")) if isinstance(value, Mapping) else _text(value)


def _text(value: object, *, lines: bool = False) -> str | None:
    value = value[0] if isinstance(value, list) and value else value
    if not isinstance(value, str):
        return None
    text = unescape(value)
    return (text if lines else " ".join(text.split())) or None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
