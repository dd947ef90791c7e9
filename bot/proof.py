"""Whether the sentences that a drafted sentence cites carry it. Pure and deterministic; no model is asked.

A sentence passes when it cites what exists, when every number, date and name in it is in the quotes or in the
article's own metadata, when its quotations are verbatim and by the right speaker, when no "not" or "may" was added or
lost, and when the quotes have most of its words. The reasons are written for the model that may mend the sentence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.answer import ProvenSentence, Quote
from bot.engine import LeftOut
from bot.entailment import carried, contradiction, coverage, swapped, words
from bot.figures import Moment, agrees, figures, known_moments, moments, on, same_figure, without_dates
from bot.markers import DraftSentence
from bot.names import is_known, known_names, mixed_up, names
from bot.numbering import NumberedSource, resolve
from bot.quotations import folded, misattributed, misquoted
from index import Article

MOST_QUOTES = 8  # a sentence that cites more is citing at random
_MARKUP = re.compile(r"https?:|www\.|\]\s*\(|!\[|<[a-z/!]|&#?\w+;|javascript:|[`{}|\\]|\[\d", re.I)
_LEANS = re.compile(r"\b(?:he|she|they|it|his|her|their|its|this|these)\b", re.I)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a sentence is measured against: its quotes, their articles' metadata, the sentences next to them."""

    quotes: tuple[Quote, ...]
    around: tuple[str, ...]

    @property
    def texts(self) -> list[str]:
        """The cited sentences."""
        return [quote.text for quote in self.quotes]

    @property
    def metadata(self) -> str:
        """What the articles say about themselves."""
        return " . ".join(_metadata(article) for article in self._articles())

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


def prove(draft: DraftSentence, sources: Sequence[NumberedSource], question: str) -> ProvenSentence | LeftOut:
    """The sentence with the quotes that carry it, or why it is left out."""
    text = draft.text
    if _MARKUP.search(text):
        return LeftOut(text, "it contains a link or markup")
    quotes = _cited(draft, sources)
    if not quotes:
        return LeftOut(text, "it cites no sentence of the sources")
    ground = _ground(_with_antecedents(text, quotes, sources), sources)
    if not any(folded(text) == folded(quote.text) for quote in ground.quotes):
        reason = _fault(text, ground, question)
        if reason:
            return LeftOut(text, reason)
    verbatim = any(folded(text).rstrip(" .") in folded(quote.text) for quote in ground.quotes)
    return ProvenSentence(text, _needed(text, ground.quotes), "verbatim" if verbatim else "supported")


def _fault(text: str, ground: Ground, question: str) -> str | None:
    """The first thing that is wrong with a sentence, None when nothing is found."""
    texts = ground.texts
    return (
        _wrong_figure(text, ground)
        or _wrong_date(text, ground)
        or _wrong_name(text, ground)
        or misquoted(text, ground.stretches(), ground.paragraphs())
        or misattributed(text, texts, ground.around)
        or contradiction(text, texts)
        or ("the cited sentences do not say this" if not carried(text, texts, ground.metadata, question) else None)
    )


def _wrong_figure(text: str, ground: Ground) -> str | None:
    plain = without_dates(text)
    there = [figure for each in [*ground.texts, ground.metadata] for figure in figures(each)]
    for figure in figures(text):
        if figure.value == "1" and not any(c.isdigit() for c in plain[max(0, figure.end - 4) : figure.end]):
            continue  # "one of them" is not a number
        if not any(same_figure(figure, other) for other in there):
            if agrees(Moment(year=_year(figure.value)), ground.moments()):
                continue
            return f"the number {figure.text} is not in the cited sentences"
    return _wrong_count(text, ground)


def _wrong_count(text: str, ground: Ground) -> str | None:
    """A number that the sources have, but of something else: "12 killed" where they have 12 injured and 3 killed."""
    counted = [pair for each in ground.texts for pair in _counts(each)]
    of_noun = {noun: {value for value, other in counted if other == noun} for _, noun in counted}
    for value, noun in _counts(text):
        if noun in of_noun and value not in of_noun[noun]:
            return "the cited sentences give another number for this"
    return None


def _counts(text: str) -> list[tuple[str, str]]:
    """Each number with the next content word behind it."""
    plain = without_dates(text)
    pairs = []
    for figure in figures(text):
        following = re.match(r"\s+((?:[a-z’'-]+\s?){1,3})", plain[figure.end :])
        for word in following[1].split() if following else ():
            if stem := next(iter(words(word)), None):
                pairs.append((figure.value, stem))
                break
    return pairs


def _wrong_date(text: str, ground: Ground) -> str | None:
    known = ground.moments()
    for said, moment in moments(text):
        figure = said.replace(",", "")
        if not agrees(moment, known) and not any(figure == each.value for t in ground.texts for each in figures(t)):
            return f"the date {said} is not in the cited sentences"
    return None


def _wrong_name(text: str, ground: Ground) -> str | None:
    source = " . ".join([*ground.texts, ground.metadata])
    known = known_names(source)
    found = names(without_dates(text))
    for name in found:
        if not is_known(name, known, text):
            return f"the name {name.text.rstrip('.')} is not in the cited sentences"
    if pair := mixed_up(text, source):
        return f"the name {pair} is not in the cited sentences"
    stems = [stem for name in found for stem in words(name.text)]
    for each in ground.texts:
        if pair := swapped(text, each, list(dict.fromkeys(stems))):
            return f"{pair} changed places"
    return None


def _cited(draft: DraftSentence, sources: Sequence[NumberedSource]) -> tuple[Quote, ...]:
    """The sentences that the markers name; of a source named as a whole, the sentence that fits best."""
    found: list[Quote | None] = []
    for source, first, last in draft.cited:
        if first == last == 0:
            found.append(_best(draft.text, sources[source - 1].quotes) if 1 <= source <= len(sources) else None)
        else:
            found += [resolve(sources, source, number) for number in range(first, last + 1)]
    kept = tuple(dict.fromkeys(quote for quote in found if quote is not None))
    return kept if len(kept) <= MOST_QUOTES else ()


def _best(text: str, quotes: Sequence[Quote]) -> Quote | None:
    best = max(quotes, key=lambda quote: coverage(text, [quote.text]), default=None)
    return best if best is not None and coverage(text, [best.text]) > 0 else None


def _with_antecedents(text: str, quotes: tuple[Quote, ...], sources: Sequence[NumberedSource]) -> tuple[Quote, ...]:
    """The quotes, each that leans ("He said …") with the sentence before it when that has a name the claim needs."""
    known = known_names(
        " . ".join([*(quote.text for quote in quotes), *(_metadata(q.evidence.article) for q in quotes)])
    )
    missing = [name for name in names(without_dates(text)) if not is_known(name, known, text)]
    added: list[Quote] = []
    for quote in quotes if missing else ():
        if _LEANS.search(quote.text):
            before = _neighbours(quote, sources, -2, 0)
            for place, other in enumerate(reversed(before), start=1):
                there = known_names(other.text)
                if any(is_known(name, there, text) for name in missing):
                    added += before[-place:]
                    break
    return tuple(dict.fromkeys([*added, *quotes]))


def _neighbours(quote: Quote, sources: Sequence[NumberedSource], back: int, ahead: int) -> list[Quote]:
    for source in sources:
        if quote in source.quotes:
            at = source.quotes.index(quote)
            near = source.quotes[max(0, at + back) : at + ahead + 1]
            return [
                other for other in near if other.evidence.passage.id == quote.evidence.passage.id and other != quote
            ]
    return []


def _ground(quotes: tuple[Quote, ...], sources: Sequence[NumberedSource]) -> Ground:
    around = [other.text for quote in quotes for other in _neighbours(quote, sources, -2, 1)]
    return Ground(quotes, tuple(around))


def _needed(text: str, quotes: tuple[Quote, ...]) -> tuple[Quote, ...]:
    """The quotes without those that add no word, number or name to what the others carry."""
    wanted = _offers(text)
    has = {quote: wanted & _offers(quote.text) for quote in quotes}
    kept = list(quotes)
    for quote in sorted(quotes, key=lambda each: len(has[each])):
        others = frozenset().union(*(has[other] for other in kept if other != quote))
        if len(kept) > 1 and has[quote] <= others:
            kept.remove(quote)
    return tuple(kept)


def _offers(text: str) -> frozenset[str]:
    return words(text) | {figure.value for figure in figures(text)} | {word.lower() for word, _ in moments(text)}


def _metadata(article: Article) -> str:
    when = f"{article.published_at:%B %-d, %Y}" if article.published_at else None
    parts = (article.title, article.publisher, article.byline, article.dateline, when)
    return " . ".join(part for part in parts if part)


def _published(quote: Quote) -> date | None:
    when = quote.evidence.article.published_at
    return when.date() if when else None


def _year(value: str) -> int:
    return int(value) if value.isdigit() and len(value) == 4 else 0
