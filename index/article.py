"""The words of the archive as frozen values: articles, passages, evidence.

Offsets are Unicode code points into the body of one article version, half open: [start, end).
Times are timezone-aware UTC; a date that is not known is None.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch [start, end) of a body, in code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Article:
    """One published piece as it was read from a source.

    `id` is stable for the same source: the id the source gives, else made from its URL, else from its path.
    `source` is where it was read: a path (with `#line` for a record of many) or a URL.
    `body` is normalised text (see `index.normalise`); a wire-style opening stays in it and is repeated in `dateline`.
    `correction` is what it says of its own or another article's mistakes.
    `published_origin` and `modified_origin` say where the dates were read (see `index.reading.dates.Dated`).
    """

    id: str
    source: str
    title: str
    body: str
    url: str | None = None
    byline: str | None = None
    publisher: str | None = None
    section: str | None = None
    language: str | None = None
    dateline: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    published_origin: str | None = None
    modified_origin: str | None = None
    correction: str | None = None


@dataclass(frozen=True, slots=True)
class ArticleVersion:
    """An article's text as it stood when it was seen; `current` is false once a newer one has replaced it.

    It stands from `stands_from` (None: from its publication) until `replaced_at`: when its publisher says that it was
    modified, else when the change was seen.
    """

    id: int
    number: int
    article: Article
    first_seen_at: datetime
    seen_at: datetime
    current: bool
    stands_from: datetime | None = None
    replaced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What was wrong in an article: its own note, or with `notice_id` another article that corrects it.

    `at` is when that was published; `taken_back` are the wrong figures and names, as the notice has them.
    """

    text: str
    at: datetime | None = None
    notice_id: str | None = None
    taken_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Retraction:
    """An article that its publisher has withdrawn: its text is gone from the archive, this is kept."""

    article_id: str
    url: str | None
    title: str
    reason: str
    retracted_at: datetime


@dataclass(frozen=True, slots=True)
class Passage:
    """A contiguous span of one version's body, cut at sentence ends.

    `sentences` are the spans of its sentences in the body; they are ordered, do not overlap and lie in the passage.
    """

    id: int
    version_id: int
    ordinal: int
    start: int
    end: int
    text: str
    sentences: tuple[Span, ...]

    def quote(self, span: Span) -> str:
        """The verbatim text of a span of the body that lies in this passage."""
        return self.text[span.start - self.start : span.end - self.start]


class Copy(NamedTuple):
    """An article that carries a report, as its readers know it."""

    article_id: str
    publisher: str | None
    title: str
    url: str | None
    published_at: datetime | None

    @classmethod
    def of(cls, article: Article) -> "Copy":
        """What is known of an article."""
        return cls(article.id, article.publisher, article.title, article.url, article.published_at)

    @property
    def order(self) -> tuple[bool, datetime, str]:
        """Sorts copies by when they were published, the undated last."""
        return by_publication(self.published_at, self.article_id)


def by_publication(published_at: datetime | None, article_id: str) -> tuple[bool, datetime, str]:
    """Sorts articles by when they were published, the undated last."""
    return (published_at is None, published_at or datetime.max.replace(tzinfo=UTC), article_id)


class Story(NamedTuple):
    """What else tells the story of an article: other reports, each by its first outlet, the oldest first."""

    id: str
    others: tuple[Copy, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage found for a question.

    `article` carries the metadata of the version the passage is from, its body left empty.
    `score` is how well it was found (higher is better, comparable within one question only); `found_by` names the
    signals that brought it up; `similarities` has the cosine of each sentence with the question, in order, and
    `relevance` how likely it answers, None where the reranker was not asked (`bot.reranking`).
    `correction` says what of the article was corrected; sentences that were taken back are not in the passage's.
    `copies` are the articles that carry the same report, this one among them, the first one first.
    """

    passage: Passage
    article: Article
    score: float
    found_by: tuple[str, ...]
    similarities: tuple[float, ...]
    copies: tuple[Copy, ...] = ()
    correction: Correction | None = None
    relevance: tuple[float | None, ...] = ()

    @property
    def outlets(self) -> int:
        """How many publishers carry this report; one that does not name itself counts as one."""
        return len({copy.publisher or copy.article_id for copy in self.copies}) or 1


@dataclass(frozen=True, slots=True)
class Filter:
    """Which articles may be evidence: published in [since, until), by these publishers, known at `as_of`.

    `publishers` are spelt as the archive has them; `without` names articles, by id, that may not be evidence.

    An article without a date matches no `since` or `until`. `as_of` leaves out what was published later, and what
    has no date and was first seen later; an article is read in the version that stood then.
    """

    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None
    publishers: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Filter()
