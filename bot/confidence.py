"""Whether the evidence is good enough to answer from, and how likely it is that it holds an answer.

Both take the sentences as `rank` gives them. The bar was set on one half of the development questions and holds on the
other; what the reranker's judgement counts was chosen on all of those that it was not trained on. The probability is a
logistic regression; its coefficients are fitted by `python -m eval.bench.calibrate` and lie in confidence.json.
eval/LOG.md has what both are worth (entries 19, 31 and 33).
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from math import exp, log
from pathlib import Path
from typing import NamedTuple

from bot.asking import offers, wanted
from bot.ranking import Ranked, choose, log_odds
from index import header, stems

SURE_ENOUGH = 1.55  # below it nothing is said; for a question of TYPICAL_WORDS words
TYPICAL_WORDS = 6
LENGTH_ALLOWANCE = 0.08  # one sentence covers less of a long question: the bar falls with the log of its length
JUDGEMENT = 0.2  # what the log odds of relevance count for
NEITHER = 0.22  # the relevance from which on it speaks for an answer
COEFFICIENTS = Path(__file__).with_name("confidence.json")

_NAME = re.compile(r"(?<=[\w,;:)’”\"'] )(?:[A-Z][\w’'&.-]*\w)")


class Signals(NamedTuple):
    """What speaks for an answer."""

    score: float  # of the best sentence, as `rank` gives it
    likelihood: float  # log odds of the sentence that is likeliest to answer
    words: float  # log of how many words the question is searched by
    names: float  # share of the question's names that the best sentence's passage and header have


def answerable(question: str, ranked: Sequence[Ranked], weights: Mapping[str, float]) -> bool:
    """Whether the best sentences are good enough to be an answer; `weights` has the question's stems."""
    if not ranked or confidence(ranked, weights) < 0:
        return False
    # "How many" is not answered by a sentence without a number, however well it fits.
    return wanted(question) != "number" or any(offers("number", each.text, question) for each in choose(ranked))


def confidence(ranked: Sequence[Ranked], weights: Mapping[str, float]) -> float:
    """How far the best sentence is above the bar; below zero nothing is said. Comparable between questions."""
    best = max((each.score for each in ranked), default=0.0)
    return best + JUDGEMENT * (log_odds(_relevance(ranked)) - log_odds(NEITHER)) - bar(len(weights))


def bar(words: int) -> float:
    """The score the best sentence must reach, for a question of so many content words."""
    return SURE_ENOUGH - LENGTH_ALLOWANCE * max(0.0, log(max(words, 1) / TYPICAL_WORDS))


def probability(question: str, ranked: Sequence[Ranked], weights: Mapping[str, float]) -> float:
    """The probability that the evidence holds an answer, where as many questions have one as have none."""
    if not ranked:
        return 0.0
    fitted = _fitted()
    logit = fitted["intercept"]
    logit += sum(fitted[name] * value for name, value in signals(question, ranked, weights)._asdict().items())
    return 1 / (1 + exp(-max(-30.0, min(30.0, logit))))


def signals(question: str, ranked: Sequence[Ranked], weights: Mapping[str, float]) -> Signals:
    """The signals of a question with its ranked sentences; at least one sentence."""
    best = max(ranked, key=lambda each: each.score)
    passage = set(stems(f"{header(best.evidence.article)}\n{best.evidence.passage.text}"))
    named = {stem for name in _NAME.findall(question) for stem in stems(name)}
    share = len(named & passage) / len(named) if named else 1.0
    return Signals(best.score, log_odds(_relevance(ranked)), log(max(1, len(weights))), share)


def _relevance(ranked: Sequence[Ranked]) -> float:
    """The greatest of the sentences; where none was judged, what speaks neither for an answer nor against it."""
    return max((each.relevance for each in ranked if each.relevance is not None), default=NEITHER)


@cache
def _fitted() -> dict[str, float]:
    return dict(json.loads(COEFFICIENTS.read_text("utf-8"))["coefficients"])
