"""Addresses in, articles out: what was fetched is read as a page, a text, a PDF, or as a list of more addresses."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from index.article import Article
from index.errors import BadArticle, FetchFailed
from index.fetching.fetched import Fetched
from index.fetching.listed import Listed, Listing
from index.fetching.listing import listing
from index.fetching.polite import Fetcher
from index.fetching.urls import canonical_url, declared_url, parse_url
from index.reading.dates import is_trusted
from index.reading.decoding import decode
from index.reading.fields import made_id


def read_url(url: str, fetcher: Fetcher) -> Iterator[Article | BadArticle]:
    """The article at an address, or those that the feed or sitemap there lists; each, or why it is refused."""
    try:
        fetched = fetcher.fetch(url)
        assert fetched is not None  # nothing was known before, so it cannot be unchanged
        found = listing(fetched, fetcher.largest)
        if found is None:
            yield article_from(fetched)
            return
        found = with_children(found, fetcher)
    except BadArticle as refused:
        yield refused
        return
    yield from found.refused
    for each in found.articles:
        try:
            page = fetcher.fetch(each.url)
            assert page is not None
            yield article_from(page, each)
        except BadArticle as refused:
            yield refused


def with_children(found: Listing, fetcher: Fetcher) -> Listing:
    """A listing with the articles of the sitemaps it names; indexes in an index are not followed further."""
    articles, refused = {each.url: each for each in found.articles}, list(found.refused)
    for url in found.sitemaps:
        try:
            fetched = fetcher.fetch(url)
            child = listing(fetched, fetcher.largest) if fetched else None
        except BadArticle as error:
            refused.append(error)
            continue
        if child is not None:
            articles = {each.url: each for each in child.articles} | articles
            refused += child.refused
    return replace(found, articles=tuple(articles.values()), refused=tuple(refused))


def article_from(fetched: Fetched, listed: Listed | None = None) -> Article:
    """The article of a fetched page, completed by what its source lists. Raises BadArticle.

    A date the page itself declares comes before the source's, the source's before one found in the page's text.
    """
    if parse_url(fetched.url).path == "/" and parse_url(fetched.asked).path != "/":
        raise FetchFailed(fetched.asked, "It redirects to the front page; the article is no longer there.", 404)
    article = _read(fetched)
    if listed is None:
        return article
    return _dated(
        replace(
            article,
            byline=article.byline or listed.byline,
            publisher=listed.publisher if _is_host(article) and listed.publisher else article.publisher,
            language=article.language or listed.language,
        ),
        listed,
        datetime.now(UTC),
    )


def _is_host(article: Article) -> bool:
    """Whether a page names no publisher, so that it was named after its host."""
    host = parse_url(article.url).authority.removeprefix("www.") if article.url else ""
    return (article.publisher or host).lower().removeprefix("www.") == host


def _read(fetched: Fetched) -> Article:
    source = canonical_url(fetched.url)
    if not fetched.content.strip():
        raise BadArticle(fetched.asked, "The page is empty.")
    if fetched.content.startswith(b"%PDF-"):
        from index.reading.pdf import article_from_pdf

        return _at(article_from_pdf(fetched.content, source), source)
    if fetched.kind in ("text/plain", "text/markdown"):
        from index.reading.plain import article_from_text

        return _at(article_from_text(decode(fetched.content, source), source), source)
    if "html" not in fetched.kind and fetched.kind not in ("", "text/xml", "application/xml"):
        raise BadArticle(fetched.asked, f"It is {fetched.kind}, and neither a page nor a feed.")
    from index.reading.declared import canonical_link
    from index.reading.html import article_from_html, decode_page

    page = decode_page(fetched.content, source, fetched.charset)
    source = declared_url(fetched.url, canonical_link(page))
    return article_from_html(page, source, source)


def _at(article: Article, url: str) -> Article:
    return replace(article, id=made_id(url), url=url)


def _dated(article: Article, listed: Listed, now: datetime) -> Article:
    published, modified = listed.published_at, listed.modified_at
    if published and is_trusted(published, now) and article.published_origin in (None, "text"):
        article = replace(article, published_at=published, published_origin=listed.origin)
    if modified and is_trusted(modified, now) and article.modified_origin in (None, "text"):
        article = replace(article, modified_at=modified, modified_origin=listed.origin)
    if article.modified_at and article.published_at and article.modified_at <= article.published_at:
        article = replace(article, modified_at=None, modified_origin=None)
    return article
