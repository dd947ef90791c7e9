"""What a drafted sentence is measured against: the sentences it cites, and what their articles say of themselves."""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from bot.answer import Quote
from bot.moments import Moment, known_moments, on
from index import Article

# What a sentence says of somebody whom a sentence before it names.
LEANS = re.compile(
    r"\b(?:he|she|they|it|him|them|his|her|their|its|this|these|the (?:company|firm|bank|club|team|group|party|agency|"
    r"ministry|minister|president|mayor|governor|court|country|nation|city|town|village|government|army|man|woman))\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a sentence is measured against: its quotes, their articles' metadata, the sentences next to them."""

    quotes: tuple[Quote, ...]
    around: tuple[tuple[str, ...], ...]  # of each quote, the sentences before and behind it

    @property
    def texts(self) -> list[str]:
        """The cited sentences."""
        return [quote.text for quote in self.quotes]

    @property
    def homes(self) -> list[tuple[str, ...]]:
        """Each cited sentence with its article's metadata, and with the sentences around it when it leans on them."""
        return [
            (quote.text, *(near if LEANS.search(quote.text) else ()), metadata(quote.evidence.article))
            for quote, near in zip(self.quotes, self.around, strict=True)
        ]

    @property
    def metadata(self) -> str:
        """What the articles say about themselves."""
        return " . ".join(metadata(article) for article in self._articles())

    def moments(self) -> list[Moment]:
        """The dates that the quotes say or imply, and when their articles appeared."""
        said = [moment for quote in self.quotes for moment in known_moments(quote.text, _published(quote))]
        return [*said, *(moment for quote in self.quotes for moment in on(_published(quote)))]

    def stretches(self) -> list[str]:
        """The cited text, sentences that follow each other joined."""
        joined: list[tuple[Quote, int]] = []
        for quote in sorted(self.quotes, key=lambda each: (each.evidence.passage.id, each.span.start)):
            last = joined[-1] if joined else None
            same = last and last[0].evidence.passage.id == quote.evidence.passage.id
            if (
                last
                and same
                and not quote.evidence.passage.text[last[1] : quote.span.start - last[0].evidence.passage.start].strip()
            ):
                joined[-1] = (last[0], quote.span.end - quote.evidence.passage.start)
            else:
                joined.append((quote, quote.span.end - quote.evidence.passage.start))
        return [
            quote.evidence.passage.text[quote.span.start - quote.evidence.passage.start : end] for quote, end in joined
        ]

    def paragraphs(self) -> list[str]:
        """The paragraphs of the passages that are cited: quotation marks close in them."""
        texts = {quote.evidence.passage.id: quote.evidence.passage.text for quote in self.quotes}
        return [paragraph for text in texts.values() for paragraph in text.split("\n")]

    def _articles(self) -> list[Article]:
        return list({quote.evidence.article.id: quote.evidence.article for quote in self.quotes}.values())


@lru_cache(maxsize=1024)
def metadata(article: Article) -> str:
    """An article's title, publisher, byline, dateline and day, as far as it has them."""
    when = f"{article.published_at:%B %-d, %Y}" if article.published_at else None
    parts = (article.title, article.publisher, article.byline, article.dateline, when)
    return " . ".join(part for part in parts if part)


def _published(quote: Quote) -> date | None:
    when = quote.evidence.article.published_at
    return when.date() if when else None
