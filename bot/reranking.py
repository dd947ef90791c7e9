"""The best sentences of the evidence judged by the model that comes with Dateline: does this one answer?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.answer import Question
from bot.ranking import Ranked, mean_relevance, rank, timely, with_antecedent
from index import Evidence, Reranker

JUDGED = 12  # sentences; six put the answer among three less often (eval/LOG.md, entry 32)
FOUND = 0.28  # what a passage with a sentence that surely answers is ahead of one that surely has none
LONGEST = 300  # characters; the model reads some 75 tokens beside question and title, and the end would be cut off


def rerank(
    question: Question, asked: str, evidence: Sequence[Evidence], weights: Mapping[str, float], reranker: Reranker
) -> tuple[Evidence, ...]:
    """The evidence with the relevance of its best sentences, in a new order: passages that answer are ahead.

    `asked` is what they are to answer, the question or the part of it that a sentence can; `weights` has the question's
    stems, as `rank` takes them.
    """
    best = rank(question.text, evidence, weights, question.recency)[:JUDGED]
    if not best:
        return tuple(evidence)
    numbers = reranker.relevance(asked, [told(each) for each in best])
    own = {(each.evidence.passage.id, each.place): float(number) for each, number in zip(best, numbers, strict=True)}
    judged = [
        replace(found, relevance=tuple(own.get((found.passage.id, at)) for at in range(len(found.passage.sentences))))
        for found in evidence
    ]
    others = mean_relevance(judged)

    def place(found: Evidence) -> float:
        relevance = max((each for each in found.relevance if each is not None), default=others)
        return found.score + FOUND * timely(relevance, found.article, question.recency)

    return tuple(sorted(judged, key=lambda found: -place(found)))


def told(sentence: Ranked) -> str:
    """A sentence as the model was trained to read it: after its article's title, with what it leans on if short."""
    quote = " ".join(sentence.evidence.passage.quote(with_antecedent(sentence)).split())
    if len(quote) > LONGEST:
        quote = " ".join(sentence.text.split())
    title = sentence.evidence.article.title
    return f"{title}: {quote}" if title else quote
