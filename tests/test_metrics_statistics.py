"""Intervals and tests, against hand-worked numbers and the table of the design."""

import random
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.metrics import statistics

SHARES = st.lists(st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 0.9, 1.0]), min_size=1, max_size=30)
PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30)


def test_bootstrap_interval() -> None:
    values = [0.0] * 50 + [1.0] * 50
    low, high = statistics.bootstrap_interval(values, 7)
    # The mean's standard error is √(.25 / 100) = .05, so about .5 ± 1.96 · .05.
    assert low == pytest.approx(0.402, abs=0.02)
    assert high == pytest.approx(0.598, abs=0.02)
    assert statistics.bootstrap_interval(values, 7) == (low, high)
    assert statistics.bootstrap_interval([0.25] * 9, 1) == (0.25, 0.25)
    assert statistics.bootstrap_interval([0.5], 1) == (0.5, 0.5)
    with pytest.raises(ValueError, match="no values"):
        statistics.bootstrap_interval([], 1)


def test_many_values_are_drawn_in_parts() -> None:
    low, high = statistics.bootstrap_interval([0.0, 1.0] * 10_000, 7, resamples=250)  # 100 rows at a time
    assert 0.49 < low < 0.5 < high < 0.51


@given(SHARES, st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_an_interval_holds_the_values_and_not_their_order(values: list[float], seed: int) -> None:
    low, high = statistics.bootstrap_interval(values, seed, resamples=200)
    assert min(values) - 1e-12 <= low <= high <= max(values) + 1e-12
    assert statistics.bootstrap_interval(values[::-1], seed, resamples=200) == (low, high)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Worked with z² = 3.8415. 0 of 10: high = z² / (n + z²) = 3.8415 / 13.8415.
        (0, 10, 0, 0.2775),
        (10, 10, 0.7225, 1),
        # 5 of 10: ½ ± z √(.25/10 + z²/400) / (1 + z²/10) = ½ ± .3658 / 1.3841
        (5, 10, 0.2366, 0.7634),
        # 81 of 263, the example of Newcombe 1998, table I: .2553 to .3662
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (0, 0, 0, 1),
    ],
)
def test_wilson(successes: int, n: int, low: float, high: float) -> None:
    assert statistics.wilson_lower(successes, n) == pytest.approx(low, abs=5e-5)
    assert statistics.wilson_upper(successes, n) == pytest.approx(high, abs=5e-5)


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_wilson_holds_the_share(one: int, other: int) -> None:
    successes, n = sorted((one, other))
    low, high = statistics.wilson_lower(successes, n), statistics.wilson_upper(successes, n)
    assert 0 <= low <= (successes / n if n else 0.5) <= high <= 1
    assert low == pytest.approx(1 - statistics.wilson_upper(n - successes, n), abs=1e-12)


def test_more_successes_than_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        statistics.wilson_lower(3, 2)


@pytest.mark.parametrize(
    ("worse", "better", "p"),
    [
        (0, 0, 1),
        (1, 0, 1 / 2),
        (0, 1, 1),
        (5, 0, 1 / 32),
        (1, 1, 3 / 4),  # 1 or 2 of 2
        (6, 2, (28 + 8 + 1) / 256),  # 6, 7 or 8 of 8
        (2, 6, 1 - (1 + 8) / 256),  # 2 or more of 8
    ],
)
def test_mcnemar(worse: int, better: int, p: float) -> None:
    before = [1.0] * worse + [0.0] * better + [1.0, 0.0]
    after = [0.0] * worse + [1.0] * better + [1.0, 0.0]
    assert statistics.mcnemar_exact_p(before, after) == p


@given(PAIRS)
def test_mcnemar_looks_at_both_sides_alike(pairs: list[tuple[bool, bool]]) -> None:
    before, after = [each for each, _ in pairs], [each for _, each in pairs]
    worse, better = statistics.mcnemar_exact_p(before, after), statistics.mcnemar_exact_p(after, before)
    b, c = pairs.count((True, False)), pairs.count((False, True))
    # Together they count everything once and the split as it is twice.
    assert worse + better == pytest.approx(1 + comb(b + c, b) / 2 ** (b + c))
    assert 0 < worse <= 1
    assert statistics.mcnemar_exact_p(before[::-1], after[::-1]) == worse


def test_mcnemar_takes_thousands_and_only_zeros_and_ones() -> None:
    n = 4000
    assert statistics.mcnemar_exact_p([1] * n, [0] * n) == 0.0  # 2^-4000 is below the smallest float
    with pytest.raises(ValueError, match="0 and 1"):
        statistics.mcnemar_exact_p([0.5], [1])
    with pytest.raises(ValueError, match="shorter"):
        statistics.mcnemar_exact_p([1, 1], [1])


def test_paired_bootstrap() -> None:
    before = [0.8] * 100
    worse = [0.6] * 30 + [0.8] * 70
    assert statistics.paired_bootstrap_p(before, worse, 7) < 0.001
    assert statistics.paired_bootstrap_p(worse, before, 7) > 0.99
    assert statistics.paired_bootstrap_p(before, before, 7) == 1
    assert statistics.paired_bootstrap_p([], [], 7) == 1
    # As many up as down: about a half.
    even = [0.6] * 20 + [1.0] * 20 + [0.8] * 60
    assert statistics.paired_bootstrap_p(before, even, 7) == pytest.approx(0.5, abs=0.05)
    assert statistics.paired_bootstrap_p(before, worse, 7) == statistics.paired_bootstrap_p(before, worse, 7)


def test_a_handful_of_cases_proves_nothing() -> None:
    # Every resample of one difference is that difference; of 4 cases that all got worse 1 in 16 is chance.
    assert statistics.paired_bootstrap_p([0.9], [0.1], 7) == 1 / 2
    assert statistics.paired_bootstrap_p([0.9] * 60, [0.1] * 4 + [0.9] * 56, 7) >= 1 / 16


def test_the_paired_bootstrap_agrees_with_the_normal_approximation() -> None:
    # Differences: 40 of −1, 20 of +1, 340 of 0. Mean −.05, standard deviation √(60/400 − .0025) = .384,
    # z = .05 / (.384 / 20) = 2.604, one-sided p = .0046.
    before, after = [1.0] * 40 + [0.0] * 20 + [1.0] * 340, [0.0] * 40 + [1.0] * 20 + [1.0] * 340
    assert statistics.paired_bootstrap_p(before, after, 7) == pytest.approx(0.0046, abs=0.003)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=20), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_the_paired_bootstrap_of_anything(pairs: list[tuple[float, float]], seed: int) -> None:
    before, after = [each for each, _ in pairs], [each for _, each in pairs]
    p = statistics.paired_bootstrap_p(before, after, seed, resamples=200)
    assert 0 < p <= 1
    assert statistics.paired_bootstrap_p(before[::-1], after[::-1], seed, resamples=200) == p


def test_chance_alone_raises_an_alarm_no_more_often_than_one_time_in_twenty() -> None:
    # 200 pairs of runs over 100 cases, of which about 10 change, to either side alike.
    exact = bootstrapped = 0
    for seed in range(200):
        draw = random.Random(seed)
        changes = [draw.choice((-1, 1)) if draw.random() < 0.1 else 0 for _ in range(100)]
        before, after = [float(each < 0) for each in changes], [float(each > 0) for each in changes]
        exact += statistics.mcnemar_exact_p(before, after) < 0.05
        bootstrapped += statistics.paired_bootstrap_p(before, after, seed, resamples=500) < 0.05
    assert exact <= 10
    assert bootstrapped <= 20  # the bootstrap is an approximation


def test_holm() -> None:
    # Sorted: .005 · 4, .01 · 3, .03 · 2, .04 · 1 → .02, .03, .06, and .06 again, for it is not below a smaller one's.
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert statistics.holm([]) == ()
    assert statistics.holm([0.04]) == (0.04,)
    assert statistics.holm([0.5, 0.5, 0.5]) == (1, 1, 1)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_only_ever_raises_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = statistics.holm(p_values)
    assert all(raw <= each <= 1 for raw, each in zip(p_values, adjusted, strict=True))
    assert all(each <= len(p_values) * raw for raw, each in zip(p_values, adjusted, strict=True))  # Bonferroni
    by_raw = [each for _, each in sorted(zip(p_values, adjusted, strict=True))]
    assert by_raw == sorted(by_raw)
    assert statistics.holm(p_values[::-1]) == adjusted[::-1]


@pytest.mark.parametrize(("n", "points"), [(100, 8.9), (291, 5.2), (420, 4.3), (1026, 2.8), (1530, 2.3)])
def test_minimum_detectable_is_the_table_of_the_design(n: int, points: float) -> None:
    assert round(statistics.minimum_detectable(n) * 100, 1) == points


def test_minimum_detectable_of_nothing() -> None:
    with pytest.raises(ValueError, match="no cases"):
        statistics.minimum_detectable(0)
