"""Whether the sentences that a drafted sentence cites carry it. Pure and deterministic; no model is asked.

A sentence passes when it cites what exists, when every number, date and name in it is in the quotes or in the
article's own metadata, when its quotations are verbatim and by the right speaker, when no "not" or "may" was added or
lost, and when the quotes have most of its words. The reasons are written for the model that may mend the sentence.
"""

import re
from collections.abc import Sequence

from bot.agreement import missing_names, wrong_date, wrong_name
from bot.amounts import wrong_figure
from bot.answer import ProvenSentence, Quote
from bot.engine import LeftOut
from bot.entailment import carried, coverage
from bot.figures import figures
from bot.ground import LEANS, Ground, metadata
from bot.markers import DraftSentence
from bot.moments import moments
from bot.names import is_known, known_names
from bot.numbering import NumberedSource, resolve
from bot.quotations import folded, misattributed, misquoted
from bot.turns import contradiction
from bot.words import words

MOST_QUOTES = 8  # a sentence that cites more is citing at random
_MARKUP = re.compile(r"https?:|www\.|\]\s*\(|!\[|<[a-z/!]|&#?\w+;|javascript:|[`{}|\\]|\[\d", re.I)


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
        wrong_figure(text, ground)
        or wrong_date(text, ground)
        or wrong_name(text, ground)
        or misquoted(text, ground.stretches(), ground.paragraphs())
        or misattributed(text, texts, ground.around)
        or contradiction(text, texts)
        or carried(text, texts, ground.homes, ground.metadata, question)
    )


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
    """The quotes, each that leans ("He said …") with the sentences before it up to a name that the claim needs."""
    own = [*(quote.text for quote in quotes), *(metadata(quote.evidence.article) for quote in quotes)]
    missing = missing_names(text, own)
    added: list[Quote] = []
    for quote in quotes if missing else ():
        if LEANS.search(quote.text):
            before = _neighbours(quote, sources, -2, 0)
            for place, other in enumerate(reversed(before), start=1):
                there = known_names(other.text)
                if any(is_known(name, there, text) for name in missing):
                    added += before[-place:]
                    break
    return tuple(dict.fromkeys([*added, *quotes]))


def _neighbours(quote: Quote, sources: Sequence[NumberedSource], back: int, ahead: int) -> list[Quote]:
    """The quotes of the same passage that stand next to one in its source."""
    own = next((source.quotes for source in sources if source.article.id == quote.evidence.article.id), ())
    at = next((place for place, other in enumerate(own) if other.span == quote.span), None)
    if at is None:
        return []
    near = [*own[max(0, at + back) : at], *own[at + 1 : at + ahead + 1]]
    return [other for other in near if other.evidence.passage.id == quote.evidence.passage.id]


def _ground(quotes: tuple[Quote, ...], sources: Sequence[NumberedSource]) -> Ground:
    around = (tuple(other.text for other in _neighbours(quote, sources, -2, 1)) for quote in quotes)
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
