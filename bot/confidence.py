"""Whether the evidence is good enough to answer from."""

from collections.abc import Mapping, Sequence
from math import log

from bot.asking import offers, wanted
from bot.ranking import Ranked, choose, rank
from index import Evidence

SURE_ENOUGH = 1.55  # below it nothing is said; for a question of TYPICAL_WORDS words
TYPICAL_WORDS = 6
LENGTH_ALLOWANCE = 0.15  # one sentence covers less of a long question: the bar falls with the log of its length


def answerable(question: str, ranked: Sequence[Ranked], weights: Mapping[str, float]) -> bool:
    """Whether the best sentences are good enough to be an answer; `weights` has the question's stems."""
    if not ranked or max(each.score for each in ranked) < bar(len(weights)):
        return False
    # "How many" is not answered by a sentence without a number, however well it fits.
    return wanted(question) != "number" or any(offers("number", each.text, question) for each in choose(ranked))


def confidence(question: str, evidence: Sequence[Evidence], weights: Mapping[str, float]) -> float:
    """How far the best sentence is above the bar; below zero nothing is said. Comparable between questions."""
    ranked = rank(question, evidence, weights)
    return max((each.score for each in ranked), default=0.0) - bar(len(weights))


def bar(words: int) -> float:
    """The score the best sentence must reach, for a question of so many content words."""
    return SURE_ENOUGH - LENGTH_ALLOWANCE * max(0.0, log(max(words, 1) / TYPICAL_WORDS))
