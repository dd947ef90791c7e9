"""The extractive writer: the best one to three source sentences, verbatim and cited, or none."""

from collections.abc import AsyncGenerator, Mapping, Sequence

from bot.answer import ProvenSentence, Question, Quote, Usage
from bot.confidence import answerable
from bot.ranking import choose, rank, with_antecedent
from index import Evidence


class ExtractiveWriter:
    """Answers with sentences of the articles themselves. It needs no model, and cannot say what they do not."""

    name = "extractive"
    model: str | None = None

    async def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence | Usage]:
        """The best sentences, best first; nothing when none is good enough."""
        ranked = rank(question.text, evidence, weights, question.recency)
        if answerable(question.text, ranked, weights):
            for sentence in choose(ranked):
                quote = Quote(sentence.evidence, with_antecedent(sentence))
                yield ProvenSentence(_one_line(quote.text), (quote,), "verbatim")


def _one_line(text: str) -> str:
    return " ".join(text.split())
