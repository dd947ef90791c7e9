"""Questions that ask for news of nothing in particular, and the words by which others ask for news of something."""

import re
from collections.abc import Iterable

from bot.answer import Quote
from bot.planted import is_planted
from bot.publishers import without_names
from bot.ranking import says_little
from bot.when import without_newest, without_time
from bot.words import words
from index import Evidence, Span, stems

SHORT = 80  # characters; a lead that is shorter teases

# "What happened?", "Any news?", "What is going on?", "the headlines": one of these must be there, and nothing but these
# and the words that say how it is told and not what of.
_ASKING = frozenset(stems("news new happen happened happening headline headlines going latest update updates stories"))
_FORM = _ASKING | frozenset(
    stems(
        "any anything everything thing things there about top main big important biggest today day week world tell "
        "give show me us please summary summarize brief briefing catch up read report reported reports article "
        "articles event events story know been out"
    )
)
# "When did it happen?" asks of something that was named before.
_OF_ONE = re.compile(r"\b(?:when|where|why|how|who|which|it|he|she|they|him|her|them)\b", re.I)
_OF_SOMETHING = re.compile(
    r"\b(?:news|updates?|headlines) (?:about|on|of|from|regarding)\b|\bwhat(?:['’]s| is| has| have)? happen", re.I
)


def asks_for_news(question: str, publishers: Iterable[str]) -> bool:
    """Whether a question asks what is new, of everything; it may name a time and publishers."""
    plain = without_names(question, publishers)
    subject = words(without_newest(without_time(plain)))
    asking = not _ASKING.isdisjoint(stems(plain)) and not _OF_ONE.search(plain)
    return asking and subject <= _FORM


def without_asking(question: str, weights: dict[str, float]) -> dict[str, float]:
    """The stems that say what news is asked for: "any news about the ferry" is about the ferry."""
    if not _OF_SOMETHING.search(question):
        return weights
    return {stem: weight for stem, weight in weights.items() if stem not in _ASKING | {"ani"}} or weights


def lead(found: Evidence) -> Quote | None:
    """The first sentence of a passage that says something; with the next one where it says little of what happened."""
    passage = found.passage
    telling = [
        span
        for span in passage.sentences
        if not says_little(passage.quote(span).strip()) and not is_planted(passage.quote(span))
    ]
    if not telling:
        return None
    first, *more = telling
    short = len(passage.quote(first)) < SHORT
    follows = more and not passage.quote(Span(first.end, more[0].start)).strip()
    return Quote(found, Span(first.start, more[0].end) if short and follows else first)
