"""The best sentences of the evidence judged again, by the model that comes with Dateline: does this one answer?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.answer import Question
from bot.ranking import Ranked, rank, with_antecedent
from index import Evidence, Reranker

JUDGED = 6  # sentences; four put the answer first as often and among three less often (eval/LOG.md, entry 29)

LONGEST = 300  # characters; the model reads some 75 tokens beside question and title, and the end would be cut off


def rerank(
    question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float], reranker: Reranker | None
) -> tuple[Evidence, ...]:
    """The evidence with the relevance of its sentences: the best ones' own, for all others the mean of those.

    `weights` has the question's stems, as `rank` takes them. Without a reranker, the evidence as it is.
    """
    best = rank(question.text, evidence, weights, question.recency)[:JUDGED] if reranker else []
    if reranker is None or not best:
        return tuple(evidence)
    judged = reranker.relevance(question.text, [told(each) for each in best])
    own = {(each.evidence.passage.id, each.place): float(number) for each, number in zip(best, judged, strict=True)}
    other = float(judged.mean())
    return tuple(
        replace(
            found,
            relevance=tuple(own.get((found.passage.id, at), other) for at in range(len(found.passage.sentences))),
        )
        for found in evidence
    )


def told(sentence: Ranked) -> str:
    """A sentence as the model was trained to read it: after its article's title, with what it leans on if short."""
    quote = " ".join(sentence.evidence.passage.quote(with_antecedent(sentence)).split())
    if len(quote) > LONGEST:
        quote = " ".join(sentence.text.split())
    title = sentence.evidence.article.title
    return f"{title}: {quote}" if title else quote
