"""What a feed or sitemap says of articles, as frozen values."""

from dataclasses import dataclass
from datetime import datetime

from index.errors import BadArticle


@dataclass(frozen=True, slots=True)
class Listed:
    """An article as its source lists it. `name` is the entry's own id; `stamp` changes when the entry does."""

    url: str
    stamp: str
    origin: str  # feed or sitemap
    name: str | None = None
    title: str | None = None
    byline: str | None = None
    publisher: str | None = None
    language: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """All that a source lists: articles, the names of those it has withdrawn, and further sitemaps."""

    articles: tuple[Listed, ...] = ()
    withdrawn: frozenset[str] = frozenset()
    sitemaps: tuple[str, ...] = ()
    refused: tuple[BadArticle, ...] = ()
