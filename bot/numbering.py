"""Evidence numbered for a model, and its numbers read back: `[2.3]` is the third sentence of the second source."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.answer import Quote
from bot.planted import is_planted
from bot.times import age
from index import Article, Evidence

HEADER_TOKENS = 60  # what a source's first line and a sentence's number cost, about
NUMBER_TOKENS = 6
LONG_AGO = datetime.min.replace(tzinfo=UTC)

# What an article may not contain as it stands, or it could pass for our own numbers and fences.
_LOOKS_LIKE_OURS = re.compile(r"[\[【](\s*\d[\d.,;\s–-]*)[\]】]|<(?=\s*/?\s*sources?\b)", re.I)


@dataclass(frozen=True, slots=True)
class NumberedSource:
    """An article of the evidence under its number; `quotes[k - 1]` is its sentence k, in the order of the body."""

    number: int
    article: Article
    quotes: tuple[Quote, ...]


def number(evidence: Sequence[Evidence], *, newest_first: bool = False) -> tuple[NumberedSource, ...]:
    """The articles in the order of the evidence, or the newest first; each with its passages' sentences in body order.

    A sentence that speaks to a model has no number: it is not shown, and cannot be cited.
    """
    by_article: dict[str, dict[int, Quote]] = {}
    for found in evidence:
        quotes = by_article.setdefault(found.article.id, {})
        for span in found.passage.sentences:
            if not is_planted(found.passage.quote(span)):
                quotes.setdefault(span.start, Quote(found, span))
    articles = [tuple(quotes[at] for at in sorted(quotes)) for quotes in by_article.values() if quotes]
    if newest_first:
        articles.sort(key=lambda quotes: quotes[0].evidence.article.published_at or LONG_AGO, reverse=True)
    return tuple(
        NumberedSource(place, quotes[0].evidence.article, quotes) for place, quotes in enumerate(articles, start=1)
    )


def place_of(sources: Sequence[NumberedSource], quote: Quote) -> str | None:
    """The number of the last sentence that a quote takes in, as the model reads it; None when it has none."""
    for source in sources:
        for place, each in enumerate(source.quotes, start=1):
            if each.evidence.article.id == quote.evidence.article.id and each.span.end == quote.span.end:
                return f"[{source.number}.{place}]"
    return None


def resolve(sources: Sequence[NumberedSource], source_no: int, sentence_no: int) -> Quote | None:
    """The sentence that a citation names, None when there is no such source or sentence."""
    if not 1 <= source_no <= len(sources):
        return None
    quotes = sources[source_no - 1].quotes
    return quotes[sentence_no - 1] if 1 <= sentence_no <= len(quotes) else None


def render(sources: Sequence[NumberedSource], as_of: datetime) -> str:
    """The sources as the model reads them: a line on each with publisher, date and age, then its sentences."""
    return "\n\n".join(_render_source(source, as_of) for source in sources)


def fit(evidence: Sequence[Evidence], budget: int, tokens: Callable[[str], Sequence[object]]) -> tuple[Evidence, ...]:
    """The best passages that take at most `budget` tokens when rendered, in the order of the evidence."""
    kept: list[Evidence] = []
    known: set[str] = set()
    for found in evidence:
        cost = len(tokens(found.passage.text)) + NUMBER_TOKENS * len(found.passage.sentences)
        if found.article.id not in known:
            cost += HEADER_TOKENS + len(tokens(found.article.title))
        if cost <= budget:
            kept.append(found)
            known.add(found.article.id)
            budget -= cost
    return tuple(kept)


def _render_source(source: NumberedSource, as_of: datetime) -> str:
    article = source.article
    published = article.published_at
    when = f"{published:%B %-d, %Y} ({age(published, as_of)})" if published else "date unknown"
    publisher, title = _told(article.publisher, "publisher unknown"), _told(article.title, "untitled")
    lines = [f"Source {source.number}: {publisher}, {when}: {title}"]
    version_before, end_before = None, 0
    for place, quote in enumerate(source.quotes, start=1):
        passage = quote.evidence.passage
        if version_before is not None and passage.text and _is_gap(quote, end_before):
            lines.append("…")
        lines.append(f"[{source.number}.{place}] {_plain(quote.text)}")
        version_before, end_before = passage.version_id, quote.span.end
    return "\n".join(lines)


def _is_gap(quote: Quote, end_before: int) -> bool:
    """Whether text of the body is missing before this sentence: its passage begins with it, well after the last one."""
    return quote.span.start == quote.evidence.passage.sentences[0].start and quote.span.start - end_before > 4


def _told(text: str | None, otherwise: str) -> str:
    """What an article says of itself, on one line."""
    return _plain(text) if text and not is_planted(text) else otherwise


def _plain(text: str) -> str:
    """One line that cannot be taken for a number or a fence of ours."""
    return _LOOKS_LIKE_OURS.sub(lambda found: f"({found[1]})" if found[1] else "‹", " ".join(text.split()))
