"""Refusal, confidence and verification metrics, worked by hand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import refusal, verification
from eval.metrics.refusal import RefusalCounts, ReliabilityBin, RiskPoint

# Few distinct values, so that ties are common.
SCORES = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), max_size=12)
LABELLED = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.booleans()), max_size=12)
ALL, NONE = [True] * 4, [False] * 4


def test_counts_precision_and_recall() -> None:
    #                         right  wrong  missed answered right
    counts = refusal.refusal_counts([True, True, False, False, True], [True, False, True, False, True])
    assert counts == RefusalCounts(rightly_refused=2, wrongly_refused=1, wrongly_answered=1, answered=1)
    assert refusal.refusal_precision(counts) == 2 / 3
    assert refusal.refusal_recall(counts) == 2 / 3


def test_who_always_or_never_refuses() -> None:
    should = [True, False, False, False]
    always, never = refusal.refusal_counts(ALL, should), refusal.refusal_counts(NONE, should)
    assert (refusal.refusal_precision(always), refusal.refusal_recall(always)) == (1 / 4, 1)
    assert (refusal.refusal_precision(never), refusal.refusal_recall(never)) == (None, 0)
    assert refusal.refusal_recall(refusal.refusal_counts(ALL, NONE)) is None
    assert refusal.refusal_counts([], []) == RefusalCounts(0, 0, 0, 0)
    with pytest.raises(ValueError, match="shorter"):
        refusal.refusal_counts(ALL, [True])


@pytest.mark.parametrize(
    ("positives", "negatives", "area"),
    [
        ([0.9, 0.8], [0.1, 0.2], 1),
        ([0.1, 0.2], [0.9, 0.8], 0),
        ([0.5, 0.5], [0.5], 1 / 2),  # all ties
        ([0.9, 0.3], [0.5, 0.1], 3 / 4),  # of 4 pairs only .3 < .5 is wrong
        ([0.9, 0.5], [0.5, 0.1], 3.5 / 4),  # one tie
        ([], [0.5], None),
        ([0.5], [], None),
    ],
)
def test_auc(positives: list[float], negatives: list[float], area: float | None) -> None:
    assert refusal.auc(positives, negatives) == area


@given(SCORES, SCORES)
def test_auc_is_antisymmetric_and_blind_to_order(positives: list[float], negatives: list[float]) -> None:
    area, other = refusal.auc(positives, negatives), refusal.auc(negatives, positives)
    if area is None or other is None:
        assert not positives or not negatives
        return
    assert area + other == pytest.approx(1)
    assert 0 <= area <= 1
    assert refusal.auc(positives[::-1], negatives[::-1]) == area
    pairs = [(p > n) + (p == n) / 2 for p in positives for n in negatives]
    assert area == pytest.approx(sum(pairs) / len(pairs))


def test_risk_coverage() -> None:
    # By confidence: .9 right | .5 wrong, .5 right | .1 wrong
    points = refusal.risk_coverage([0.5, 0.9, 0.1, 0.5], [False, True, False, True])
    assert points == (RiskPoint(1 / 4, 0), RiskPoint(3 / 4, 1 / 3), RiskPoint(1, 1 / 2))
    # 0 · 1/4 + 1/3 · 1/2 + 1/2 · 1/4 = 7/24
    assert refusal.area_under_risk(points) == pytest.approx(7 / 24)


def test_the_area_without_ties_is_the_mean_of_the_risks() -> None:
    # Risks at 1, 2, 3 answers: 0, 1/2, 1/3.
    points = refusal.risk_coverage([3, 2, 1], [True, False, True])
    assert refusal.area_under_risk(points) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


def test_risk_of_nothing_of_ties_and_of_one_class() -> None:
    assert refusal.risk_coverage([], []) == ()
    assert refusal.area_under_risk([]) is None
    assert refusal.risk_coverage([0.5] * 4, [True, False, False, False]) == (RiskPoint(1, 3 / 4),)
    assert refusal.area_under_risk(refusal.risk_coverage([1, 2, 3], [True] * 3)) == 0
    assert refusal.area_under_risk(refusal.risk_coverage([1, 2, 3], [False] * 3)) == pytest.approx(1)


@given(LABELLED)
def test_risk_coverage_of_anything(pairs: list[tuple[float, bool]]) -> None:
    points = refusal.risk_coverage([each for each, _ in pairs], [each for _, each in pairs])
    assert all(0 < point.coverage <= 1 and 0 <= point.risk <= 1 for point in points)
    assert all(one.coverage < other.coverage for one, other in pairwise(points))
    assert not pairs or points[-1] == RiskPoint(1, [right for _, right in pairs].count(False) / len(pairs))
    again = refusal.risk_coverage([each for each, _ in pairs[::-1]], [each for _, each in pairs[::-1]])
    assert again == points
    area = refusal.area_under_risk(points)
    assert area is None or 0 <= area <= 1


def test_reliability() -> None:
    found = refusal.reliability([0.05, 0.15, 0.15, 0.2, 1.0], [False, True, False, True, True], bins=5)
    assert [(each.low, each.high, each.count) for each in found] == [(0, 0.2, 3), (0.2, 0.4, 1), (0.8, 1, 1)]
    assert found[0].predicted == pytest.approx((0.05 + 0.15 + 0.15) / 3)
    assert found[0].observed == 1 / 3
    assert found[2] == ReliabilityBin(0.8, 1, 1, 1, 1)
    assert refusal.reliability([], []) == ()
    with pytest.raises(ValueError, match=r"1\.2 is no probability"):
        refusal.reliability([1.2], [True])


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=20), st.integers(1, 12))
def test_reliability_of_anything(pairs: list[tuple[float, bool]], bins: int) -> None:
    found = refusal.reliability([each for each, _ in pairs], [each for _, each in pairs], bins)
    assert sum(each.count for each in found) == len(pairs)
    assert all(each.low - 1e-9 <= each.predicted <= each.high + 1e-9 for each in found)
    assert all(0 <= each.observed <= 1 for each in found)
    assert refusal.reliability([each for each, _ in pairs[::-1]], [each for _, each in pairs[::-1]], bins) == found


@pytest.mark.parametrize(
    ("rate", "share"),
    [
        # answerable .2 .4 .6 .8, unanswerable .1 .3 .3 .5 .9
        (0.0, 1 / 5),  # threshold .2: only .1 is below
        (0.25, 3 / 5),  # threshold .4 refuses one answerable: .1 .3 .3
        (0.49, 3 / 5),
        (0.5, 4 / 5),
        (1.0, 5 / 5),
    ],
)
def test_recall_at_false_refusal(rate: float, share: float) -> None:
    assert refusal.recall_at_false_refusal([0.8, 0.2, 0.6, 0.4], [0.9, 0.1, 0.3, 0.5, 0.3], rate) == share


def test_recall_at_false_refusal_of_ties_and_nothing() -> None:
    assert refusal.recall_at_false_refusal([0.5] * 4, [0.5] * 3, 0.9) == 0  # they cannot be told apart
    assert refusal.recall_at_false_refusal([], [0.5], 0.1) is None
    assert refusal.recall_at_false_refusal([0.5], [], 0.1) is None
    ten = [each / 10 for each in range(10)]
    assert refusal.recall_at_false_refusal(ten, [0.25], 0.3) == 1  # 3 of 10, though .3 is a little less than 3/10


@given(SCORES, SCORES, st.floats(0, 1))
def test_recall_at_false_refusal_is_the_best_threshold(
    answerable: list[float], unanswerable: list[float], rate: float
) -> None:
    found = refusal.recall_at_false_refusal(answerable, unanswerable, rate)
    if found is None:
        assert not answerable or not unanswerable
        return
    best = max(
        sum(each < threshold for each in unanswerable) / len(unanswerable)
        for threshold in (-1.0, *answerable, 2.0)
        if sum(each < threshold for each in answerable) <= rate * len(answerable) + 1e-9
    )
    assert found == best


def test_sensitivity_specificity_and_balanced_accuracy() -> None:
    gold = [True, True, True, True, False, False]
    predicted = [True, True, True, False, True, False]
    assert verification.sensitivity(predicted, gold) == 3 / 4
    assert verification.specificity(predicted, gold) == 1 / 2
    assert verification.balanced_accuracy(predicted, gold) == (3 / 4 + 1 / 2) / 2
    # A constant earns a half, however many are true.
    assert verification.balanced_accuracy([True] * 6, gold) == 1 / 2
    assert verification.balanced_accuracy([False] * 6, gold) == 1 / 2


def test_verification_of_one_class_or_nothing() -> None:
    assert verification.balanced_accuracy(ALL, ALL) is None
    assert (verification.sensitivity(ALL, ALL), verification.specificity(ALL, ALL)) == (1, None)
    assert verification.balanced_accuracy([], []) is None
    assert verification.best_threshold([0.5, 0.6], [True, True]) is None
    assert verification.best_threshold([], []) is None


@pytest.mark.parametrize(
    ("scores", "gold", "threshold"),
    [
        ([1, 2, 3, 4], [False, False, True, True], 2.5),
        # ≥ 1: ½. ≥ 1.5: (1 + ½)/2 = ¾. ≥ 2.5: (½ + ½)/2. ≥ 3.5: (½ + 1)/2 = ¾ too, and the lower is taken.
        ([1, 2, 3, 4], [False, True, False, True], 1.5),
        ([2, 2, 2], [True, False, True], 2),  # all ties: all true
        ([1, 2], [True, False], 1),  # upside down: no threshold beats a constant
    ],
)
def test_best_threshold(scores: list[float], gold: list[bool], threshold: float) -> None:
    assert verification.best_threshold(scores, gold) == threshold


@given(LABELLED)
def test_no_threshold_is_better_than_the_best(pairs: list[tuple[float, bool]]) -> None:
    scores, gold = [each for each, _ in pairs], [each for _, each in pairs]
    best = verification.best_threshold(scores, gold)
    if best is None:
        assert len(set(gold)) < 2
        return
    reached = verification.balanced_accuracy([each >= best for each in scores], gold)
    assert reached is not None and 1 / 2 <= reached <= 1
    for threshold in (*scores, 2.0):
        other = verification.balanced_accuracy([each >= threshold for each in scores], gold)
        assert other is not None and other <= reached + 1e-12
    assert verification.best_threshold(scores[::-1], gold[::-1]) == best


def test_a_threshold_from_one_half_is_measured_on_the_other() -> None:
    gold = [True, False] * 8
    groups = [f"source {at // 2}" for at in range(16)]
    right = verification.tuned_on_halves([float(each) for each in gold], gold, groups, seed=1, times=5)
    assert right == [1.0] * 10
    blind = verification.tuned_on_halves([0.5] * 16, gold, groups, seed=1, times=5)
    assert blind == [0.5] * 10
    assert verification.tuned_on_halves([0.1, 0.9], [True, True], ["a", "b"], seed=1) == []
    mixed = [0.1 * at for at in range(16)]
    assert verification.tuned_on_halves(mixed, gold, groups, 3) == verification.tuned_on_halves(mixed, gold, groups, 3)
