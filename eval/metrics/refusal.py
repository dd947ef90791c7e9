"""Whether the system refuses what it should, and whether its confidence tells right from wrong."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import floor


@dataclass(frozen=True, slots=True)
class RefusalCounts:
    """How many questions were rightly refused, wrongly refused, wrongly answered (should be refused), answered."""

    rightly_refused: int
    wrongly_refused: int
    wrongly_answered: int
    answered: int


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """Answering this share of the questions, the surest, this share of the answers is wrong."""

    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The predictions between `low` and `high`: their mean, how often they came true, how many they are."""

    low: float
    high: float
    predicted: float
    observed: float
    count: int


def refusal_counts(refused: Sequence[bool], should_refuse: Sequence[bool]) -> RefusalCounts:
    """The confusion matrix of refusing, case by case."""
    pairs = list(zip(map(bool, refused), map(bool, should_refuse), strict=True))
    return RefusalCounts(
        rightly_refused=pairs.count((True, True)),
        wrongly_refused=pairs.count((True, False)),
        wrongly_answered=pairs.count((False, True)),
        answered=pairs.count((False, False)),
    )


def refusal_precision(counts: RefusalCounts) -> float | None:
    """The share of the refusals that were right. None when nothing was refused."""
    refused = counts.rightly_refused + counts.wrongly_refused
    return counts.rightly_refused / refused if refused else None


def refusal_recall(counts: RefusalCounts) -> float | None:
    """The share of what should be refused that was. None when nothing should be."""
    wanted = counts.rightly_refused + counts.wrongly_answered
    return counts.rightly_refused / wanted if wanted else None


def auc(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """The probability that a positive scores higher than a negative, a tie being half: the area under the ROC curve.

    The statistic of Mann & Whitney 1947 over the number of pairs (Hanley & McNeil 1982). None when a side is empty.
    """
    if not positives or not negatives:
        return None
    ordered = sorted(negatives)
    # Twice the count is a whole number, which keeps the sum exact and the order of the values without effect.
    doubled = sum(bisect_left(ordered, each) + bisect_right(ordered, each) for each in positives)
    return doubled / (2 * len(positives) * len(negatives))


def risk_coverage(confidences: Sequence[float], correct: Sequence[bool]) -> tuple[RiskPoint, ...]:
    """The risk–coverage curve (El-Yaniv & Wiener 2010): how much is answered, how much of it wrong.

    One point for every distinct confidence, from the surest down; equal confidences come and go together.
    """
    pairs = sorted(zip(confidences, map(bool, correct), strict=True), key=lambda pair: -pair[0])
    points, taken, wrong = [], 0, 0
    for _, group in groupby(pairs, key=lambda pair: pair[0]):
        outcomes = [right for _, right in group]
        taken += len(outcomes)
        wrong += outcomes.count(False)
        points.append(RiskPoint(taken / len(pairs), wrong / taken))
    return tuple(points)


def area_under_risk(points: Sequence[RiskPoint]) -> float | None:
    """The area under a risk–coverage curve, lower is better: each point's risk times the coverage it adds.

    Without ties it is AURC of Geifman et al. 2019, the mean of the risks at 1, 2, … n answers.
    """
    if not points:
        return None
    before = [0.0, *(point.coverage for point in points)]
    return min(1.0, sum(point.risk * (point.coverage - start) for point, start in zip(points, before, strict=False)))


def reliability(probabilities: Sequence[float], outcomes: Sequence[bool], bins: int = 10) -> tuple[ReliabilityBin, ...]:
    """A reliability diagram (Guo et al. 2017): equally wide bins over [0, 1], those without predictions left out.

    A probability on a border is in the upper bin, 1 in the last.
    """
    held: dict[int, list[tuple[float, bool]]] = {}
    for probability, outcome in zip(probabilities, map(bool, outcomes), strict=True):
        if not 0 <= probability <= 1:
            raise ValueError(f"{probability} is no probability")
        held.setdefault(min(int(probability * bins), bins - 1), []).append((probability, outcome))
    return tuple(
        ReliabilityBin(
            low=place / bins,
            high=(place + 1) / bins,
            predicted=sum(sorted(probability for probability, _ in pairs)) / len(pairs),
            observed=sum(outcome for _, outcome in pairs) / len(pairs),
            count=len(pairs),
        )
        for place, pairs in sorted(held.items())
    )


def recall_at_false_refusal(
    answerable_confidences: Sequence[float], unanswerable_confidences: Sequence[float], rate: float
) -> float | None:
    """The most of the unanswerable that one threshold refuses while it refuses at most `rate` of the answerable.

    What is below the threshold is refused: a point of the ROC curve. None when a side is empty.
    """
    if not answerable_confidences or not unanswerable_confidences:
        return None
    ordered = sorted(answerable_confidences)
    allowed = floor(rate * len(ordered) + 1e-9)  # 0.3 × 10 may come out as 2.9999…
    if allowed >= len(ordered):
        return 1.0
    below = sum(each < ordered[allowed] for each in unanswerable_confidences)
    return below / len(unanswerable_confidences)
