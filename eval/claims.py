"""A claim verified as the prover verifies a drafted sentence: against the source sentences that match it best."""

from collections.abc import Sequence

from bot.answer import ProvenSentence
from bot.engine import LeftOut
from bot.markers import Cited, DraftSentence
from bot.numbering import number
from bot.proof import MOST_QUOTES, prove
from bot.quotations import folded
from eval.case import Claim, Result
from index import Article, Evidence, Passage, sentences, stems

CITED = 3  # the sets cite whole texts; a writer of ours would cite about so many sentences


def verify_claim(claim: Claim) -> Result:
    """Whether the prover lets the claim pass, beside the human label."""
    verdict = _proven(claim.text, claim.sources, CITED)
    passed = isinstance(verdict, ProvenSentence)
    details = {
        "question": claim.text,
        "answer": "passed" if passed else f"left out: {getattr(verdict, 'reason', '')}",
        "quotes": [],
        "evidence": [],
        "expected": "supported" if claim.supported else "not supported",
        "note": "",
        "failed": [] if passed == claim.supported else ["verified"],
    }
    scores: dict[str, float | None] = {"verified": float(passed), "supported": float(claim.supported)}
    return Result(claim.id, claim.kind, scores, {}, {}, details)


def entails(premise: str, text: str) -> bool:
    """Whether the premise has the sentence verbatim, or the prover lets it pass when it cites all of the premise.

    Of a long premise it cites what matches best.
    """
    return folded(text) in folded(premise) or isinstance(_proven(text, (premise,), MOST_QUOTES), ProvenSentence)


def _proven(text: str, texts: Sequence[str], cited: int) -> ProvenSentence | LeftOut:
    """The prover's verdict on a sentence that cites so many sentences of the texts, those that share most words."""
    sources = number([_evidence(at, each) for at, each in enumerate(texts)])
    own = set(stems(text))
    places = [
        (len(own & set(stems(quote.text))), source.number, place)
        for source in sources
        for place, quote in enumerate(source.quotes, 1)
    ]
    best = sorted(places, key=lambda each: (-each[0], each[1], each[2]))[:cited]
    marks = tuple(Cited(source, place, place) for _, source, place in sorted(best, key=lambda each: each[1:]))
    return prove(DraftSentence(text, marks), sources, "")


def _evidence(at: int, text: str) -> Evidence:
    spans = sentences(text)
    article = Article(id=f"source-{at}", source=f"source-{at}", title="", body="")
    passage = Passage(at, at, 0, 0, len(text), text, spans)
    return Evidence(passage, article, 0.0, (), (0.0,) * len(spans))
