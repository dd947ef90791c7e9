"""The best sentences judged again, by the model that comes with Dateline: does this one answer the question?"""

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

from bot.ranking import Ranked, with_antecedent
from index import Recency, Reranker, recency_weight

JUDGED = 6  # sentences; four put the answer first as often and among three less often (eval/LOG.md, entry 29)
RELEVANCE = 0.6  # what a sentence that surely answers is ahead of one that surely does not
LONGEST = 300  # characters; the model reads some 75 tokens beside question and title, and the end would be cut off


def rerank(question: str, ranked: Sequence[Ranked], recency: Recency | None, reranker: Reranker) -> list[Ranked]:
    """The same sentences, as `rank` gives them, in another order: those that answer come first.

    The best are judged, and have their relevance; all others count as those do in the mean. With `recency` that counts
    less by an article's age, at twice the half-life: an old article that answers well must not go before a newer one
    that answers, too.
    """
    if not ranked:
        return []
    numbers = reranker.relevance(question, [told(each) for each in ranked[:JUDGED]]).tolist()
    judged = [replace(each, relevance=number) for each, number in zip(ranked, numbers, strict=False)]
    others = sum(numbers) / len(numbers)

    def place(each: Ranked) -> float:
        likely = others if each.relevance is None else each.relevance
        return each.order + RELEVANCE * likely * sqrt(_newness(each, recency))

    return sorted([*judged, *ranked[len(judged) :]], key=lambda each: -place(each))


def told(sentence: Ranked) -> str:
    """A sentence as the model was trained to read it: after its article's title, with what it leans on if short."""
    quote = " ".join(sentence.evidence.passage.quote(with_antecedent(sentence)).split())
    if len(quote) > LONGEST:
        quote = " ".join(sentence.text.split())
    title = sentence.evidence.article.title
    return f"{title}: {quote}" if title else quote


def _newness(sentence: Ranked, recency: Recency | None) -> float:
    return recency_weight(sentence.evidence.article.published_at, recency) if recency else 1.0
