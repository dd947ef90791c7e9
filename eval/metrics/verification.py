"""How well supported claims are told from unsupported ones."""

import random
from collections.abc import Sequence
from itertools import pairwise


def sensitivity(predicted: Sequence[bool], gold: Sequence[bool]) -> float | None:
    """The share of the true that are predicted true: TP / (TP + FN). None when nothing is true."""
    return _share(predicted, gold, of=True)


def specificity(predicted: Sequence[bool], gold: Sequence[bool]) -> float | None:
    """The share of the false that are predicted false: TN / (TN + FP). None when nothing is false."""
    return _share(predicted, gold, of=False)


def balanced_accuracy(predicted: Sequence[bool], gold: Sequence[bool]) -> float | None:
    """The mean of sensitivity and specificity (Brodersen et al. 2010; the measure of LLM-AggreFact).

    1/2 for any constant. None when one of the classes is absent.
    """
    true, false = sensitivity(predicted, gold), specificity(predicted, gold)
    return None if true is None or false is None else (true + false) / 2


def best_threshold(scores: Sequence[float], gold: Sequence[bool]) -> float | None:
    """The threshold whose `score >= threshold` has the highest balanced accuracy; the lowest of the best.

    It stands half way between two neighbouring scores, or on the lowest. Fit it on one half of the data and report
    `balanced_accuracy` on the other. None when one of the classes is absent.
    """
    pairs = sorted(zip(scores, map(bool, gold), strict=True))
    trues = sum(label for _, label in pairs)
    falses = len(pairs) - trues
    if not trues or not falses:
        return None
    # Balanced accuracy times 2 · trues · falses, a whole number, so that equals are equal: all predicted true at first.
    merit = best = trues * falses
    threshold = pairs[0][0]
    for (score, label), (above, _) in pairwise(pairs):
        merit += -falses if label else trues
        if above > score and merit > best:
            best, threshold = merit, _between(score, above)
    return threshold


def tuned_on_halves(
    scores: Sequence[float], gold: Sequence[bool], groups: Sequence[str], seed: int, times: int = 100
) -> list[float]:
    """Balanced accuracy on one half of the groups with the threshold that is best on the other half, both ways round.

    The groups are halved `times` times at random; a halving that leaves a half with one class only has no value.
    """
    draw, names = random.Random(seed), sorted(set(groups))
    found = []
    for _ in range(times):
        first = set(draw.sample(names, len(names) // 2))
        for own in (True, False):
            tune = [at for at, group in enumerate(groups) if (group in first) is own]
            rest = [at for at, group in enumerate(groups) if (group in first) is not own]
            threshold = best_threshold([scores[at] for at in tune], [gold[at] for at in tune])
            if threshold is not None:
                value = balanced_accuracy([scores[at] >= threshold for at in rest], [gold[at] for at in rest])
                found += [value] if value is not None else []
    return found


def _share(predicted: Sequence[bool], gold: Sequence[bool], *, of: bool) -> float | None:
    matches = [bool(said) is of for said, label in zip(predicted, gold, strict=True) if bool(label) is of]
    return sum(matches) / len(matches) if matches else None


def _between(low: float, high: float) -> float:
    middle = low / 2 + high / 2
    return middle if low < middle <= high else high  # two floats may have none between them
