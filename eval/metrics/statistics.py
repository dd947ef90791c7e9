"""How sure a measured number is, and whether a change for the worse is more than chance.

Every function is deterministic: the bootstraps draw from NumPy's PCG64 with the seed that is given, over the sorted
values, so that the order of the cases has no effect.
"""

from collections.abc import Sequence
from math import ceil, comb, sqrt

import numpy as np
from numpy.typing import NDArray

Z_95 = 1.959963984540054  # 97.5 % of a normal distribution are below: two-sided 95 %
Z_80 = 0.8416212335729143  # 80 % are below: the power that is usually asked for
_AT_ONCE = 2_000_000  # drawn values held in memory at a time


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of the ordered values that so large a share does not exceed (nearest rank).

    Raises IndexError without values.
    """
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def bootstrap_interval(values: Sequence[float], seed: int, resamples: int = 2000) -> tuple[float, float]:
    """The 95 % interval of the mean by the percentile bootstrap (Efron & Tibshirani 1993, chapter 13).

    Raises ValueError without values.
    """
    if not values:
        raise ValueError("no values, no interval")
    means = _resampled_means(np.sort(np.asarray(values, dtype=np.float64)), seed, resamples)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def wilson_lower(successes: int, n: int) -> float:
    """The lower end of Wilson's 95 % interval of a share (Wilson 1927), 0 when nothing was counted."""
    return _wilson(successes, n)[0]


def wilson_upper(successes: int, n: int) -> float:
    """The upper end of Wilson's 95 % interval of a share (Wilson 1927), 1 when nothing was counted."""
    return _wilson(successes, n)[1]


def paired_bootstrap_p(before: Sequence[float], after: Sequence[float], seed: int, resamples: int = 10_000) -> float:
    """The p-value that `after` is worse, by its mean, than `before` on the same cases; one-sided.

    The differences are resampled with their mean moved to 0, and p is the share of means as low as the one measured,
    (1 + hits) / (1 + resamples) (Efron & Tibshirani 1993, section 16.4; Berg-Kirkpatrick et al. 2012). Ours: never
    below 2^-m with m the number of cases that differ, the least that a sign-flip test of m cases can say, because the
    bootstrap is much too sure about a handful of cases. 1 when nothing differs.
    """
    differences = np.sort(np.asarray([b - a for a, b in zip(before, after, strict=True)], dtype=np.float64))
    changed = int(np.count_nonzero(differences))
    if not changed:
        return 1.0
    mean = differences.mean()
    # Means that only rounding tells from the measured one are as low as it.
    hits = int(np.count_nonzero(_resampled_means(differences - mean, seed, resamples) <= mean + 1e-12))
    return max((1 + hits) / (1 + resamples), 0.5**changed)


def mcnemar_exact_p(before: Sequence[float], after: Sequence[float]) -> float:
    """The p-value that `after` is worse than `before` on the same cases, scores being 0 or 1; one-sided, exact.

    McNemar 1947 with the binomial distribution: of the cases that changed, the chance that as many or more went from
    right to wrong if either direction were equally likely. 1 when nothing changed. Raises ValueError for other scores.
    """
    if not {*before, *after} <= {0, 1}:
        raise ValueError("McNemar's test is for scores of 0 and 1")
    pairs = list(zip(map(bool, before), map(bool, after), strict=True))
    worse, better = pairs.count((True, False)), pairs.count((False, True))
    changed = worse + better
    # Whole numbers: their quotient is right to the last digit for any number of cases.
    return sum(comb(changed, each) for each in range(worse, changed + 1)) / (1 << changed)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values adjusted for being several (Holm 1979), in the order given; compare each with the one alpha.

    The i-th smallest of m is multiplied by m - i + 1, is not below a smaller one's, and not above 1.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return tuple(adjusted)


def minimum_detectable(n: int, discordance: float = 0.1) -> float:
    """The smallest difference of two shares on the same n cases that is found 4 times in 5, at 5 % two-sided.

    (z_.975 + z_.8) · √(discordance / n), discordance being the share of cases whose score changes: the normal
    approximation for paired shares (Connett et al. 1987) without the difference's own, small part of the variance.
    """
    if n < 1:
        raise ValueError("no cases, nothing detectable")
    return (Z_95 + Z_80) * sqrt(discordance / n)


def _resampled_means(values: NDArray[np.float64], seed: int, resamples: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    rows = max(1, _AT_ONCE // len(values))
    return np.concatenate(
        [
            values[generator.integers(0, len(values), size=(min(rows, resamples - done), len(values)))].mean(axis=1)
            for done in range(0, resamples, rows)
        ]
    )


def _wilson(successes: int, n: int) -> tuple[float, float]:
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")
    if n == 0:
        return 0.0, 1.0
    share, z = successes / n, Z_95
    centre = share + z * z / (2 * n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # At the ends of the scale the formula is exact and only rounding is not.
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == n else (centre + half) / scale
    return low, high
