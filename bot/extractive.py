"""The extractive writer: the best one to three source sentences, verbatim and cited, or none."""

from collections.abc import AsyncGenerator, Mapping, Sequence

from bot.answer import ProvenSentence, Question, Quote, Usage
from bot.confidence import answerable
from bot.conflicts import conflict, tell
from bot.headlines import lead
from bot.premise import unsaid
from bot.publishers import named
from bot.ranking import SENTENCES, Ranked, answered_by_one, choose, names_in, rank, with_antecedent
from index import Evidence

LIKELY = 0.1  # a further quote must be so many times as likely to answer as the first


class ExtractiveWriter:
    """Answers with sentences of the articles themselves. It needs no model, and cannot say what they do not."""

    name = "extractive"
    model: str | None = None

    async def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence | Usage]:
        """The best sentences, best first, and both sides where they conflict; nothing when none is good enough."""
        if question.for_news:
            for quote in filter(None, map(lead, evidence[:SENTENCES])):
                yield ProvenSentence(_one_line(quote.text), (quote,), "verbatim")
            return
        if unsaid(question.text, evidence):
            return
        ranked = rank(question.text, evidence, weights, question.recency)
        if not answerable(question.text, ranked, weights):
            return
        chosen = choose(_likely(question.text, _of_named(question.text, ranked)), names_in(question.text))
        if (differing := conflict(question.text, ranked, weights)) is not None:
            if (told := tell(question, differing)) is not None:
                yield told
            both = [side.sentence for side in differing.sides]
            chosen = [*both, *(each for each in chosen if each not in both)][:SENTENCES]
        for sentence in chosen:
            quote = Quote(sentence.evidence, with_antecedent(sentence))
            yield ProvenSentence(_one_line(quote.text), (quote,), "verbatim")


def _of_named(question: str, ranked: Sequence[Ranked]) -> Sequence[Ranked]:
    """Where the best sentence is of a publisher that the question names, only what such publishers say."""
    names = named(question, {each.evidence.article.publisher or "" for each in ranked} - {""})
    if not ranked or ranked[0].evidence.article.publisher not in names:
        return ranked
    return [each for each in ranked if each.evidence.article.publisher in names]


def _likely(question: str, ranked: Sequence[Ranked]) -> Sequence[Ranked]:
    """Without what is much less likely to answer than the first: better one quote than three."""
    least = LIKELY * (ranked[0].relevance or 0.0) if ranked and answered_by_one(question) else 0.0
    return [each for each in ranked if each.relevance is None or each.relevance >= least]


def _one_line(text: str) -> str:
    return " ".join(text.split())
