"""A claim verified as the prover verifies a drafted sentence: against the source sentences that match it best."""

import hashlib
from collections.abc import Sequence

from bot.agreement import wrong_date
from bot.alignment import places, support
from bot.amounts import wrong_figure
from bot.answer import ProvenSentence, Quote
from bot.engine import LeftOut
from bot.ground import Ground
from bot.markers import Cited, DraftSentence
from bot.numbering import number
from bot.proof import MOST_QUOTES, prove
from bot.quotations import folded
from eval.case import Claim, Result
from index import Article, Evidence, Passage, sentences, stems

CITED = 3  # the sets cite whole texts; a writer of ours would cite about so many sentences
WRONG_FIGURE = 0.2  # what a number or date that is not as the sources have it takes from a sentence's support


def verify_claim(claim: Claim) -> Result:
    """Whether the prover lets the claim pass and how well its sources carry it, beside the human label.

    `group` names the claim's sources: claims of one group are never in both halves of a set.
    """
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
        "group": hashlib.sha256("\n".join(claim.sources).encode()).hexdigest()[:16],
    }
    scores: dict[str, float | None] = {
        "verified": float(passed),
        "supported": float(claim.supported),
        "support": carried(claim.text, claim.sources),
    }
    return Result(claim.id, claim.kind, scores, {}, {}, details)


def carried(text: str, sources: Sequence[str]) -> float:
    """How well the sources carry a text of one or more sentences: 1 when all of it, less for all that is missing.

    What is missing adds up over the sentences: a text is as doubtful as its doubtful sentences together.
    """
    evidence = [_evidence(at, each) for at, each in enumerate(sources)]
    quotes = tuple(Quote(each, span) for each in evidence for span in each.passage.sentences)
    laid, ground = places([quote.text for quote in quotes]), Ground(quotes, ((),) * len(quotes))
    missing = 0.0
    for start, end in sentences(text):
        said = text[start:end]
        missing += 1 - support(said, laid)
        missing += WRONG_FIGURE * bool(wrong_figure(said, ground) or wrong_date(said, ground))
    return 1 - missing


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
