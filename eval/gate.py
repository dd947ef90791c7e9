"""The gate: floors, ceilings and the comparison with the baseline, decided into one value.

Floors hold on the lower 95 % bound. A regression must be both significant (paired, one-sided, Holm-corrected over the
gated metrics, p < .05) and larger than the metric's minimum effect.
"""

from collections.abc import Sequence
from typing import Literal

from eval.case import Check, GateVerdict, Metric, Run
from eval.compare import SIGNIFICANT, refuse_unlike
from eval.metrics.statistics import holm, mcnemar_exact_p, paired_bootstrap_p
from eval.suite import Demand, Suite


def judge(suite: Suite, run: Run, baseline: Run | None) -> GateVerdict:
    """The verdict on a run. Raises BadConfiguration when run and baseline are not of the same suite and data."""
    if baseline is not None:
        refuse_unlike(baseline.identity, run.identity)
    metrics = {metric.name: metric for metric in run.metrics}
    measured = [demand for demand in suite.demands if demand.metric in metrics]
    missing = [demand.metric for demand in suite.demands if demand.metric not in metrics]
    checks = [check for demand in measured for check in _bounds(demand, metrics[demand.metric])]
    if baseline is not None:
        checks += _regressions(suite, run, baseline)
    reasons = [check.reason for check in checks if not check.passed]
    # What is known to be worse blocks, whatever else could not be measured.
    code: Literal[0, 1, 3] = 1 if reasons else 3 if missing else 0
    reasons += [f"not measured: {', '.join(missing)}"] if missing else []
    return GateVerdict(code, tuple(checks), "; ".join(reasons))


def _bounds(demand: Demand, metric: Metric) -> list[Check]:
    checks = []
    if demand.floor is not None:
        passed = metric.low >= demand.floor
        sign = "≥" if passed else "<"
        reason = f"{metric.name} {metric.value:.3f}, lower bound {metric.low:.3f} {sign} floor {demand.floor:.3f}"
        checks.append(Check(metric.name, "floor", passed, reason))
    if demand.ceiling is not None:
        passed = metric.value <= demand.ceiling
        sign = "≤" if passed else ">"
        reason = f"{metric.name} {metric.value:.3f} {sign} ceiling {demand.ceiling:.3f}"
        checks.append(Check(metric.name, "ceiling", passed, reason))
    return checks


def _regressions(suite: Suite, run: Run, baseline: Run) -> list[Check]:
    gated = [demand for demand in suite.demands if demand.min_effect is not None]
    compared = [_paired(demand, baseline, run) for demand in gated]
    adjusted = holm([_p(before, after, suite.seed) for before, after in compared])
    checks = []
    for demand, (before, after), p in zip(gated, compared, adjusted, strict=True):
        change = (sum(after) - sum(before)) / len(after) if after else 0.0
        passed = not (p < SIGNIFICANT and -change > (demand.min_effect or 0.0))
        shown = (-change if demand.lower_is_better else change) + 0.0  # no minus zero
        word = "no regression" if passed else "regression"
        reason = f"{demand.metric} {shown:+.3f} against the baseline (p = {p:.3f}): {word}"
        checks.append(Check(demand.metric, "regression", passed, reason))
    return checks


def _paired(demand: Demand, baseline: Run, run: Run) -> tuple[list[float], list[float]]:
    """The scores of the cases both runs have, turned so that higher is better."""

    def turned(score: float) -> float:
        return 1.0 - score if demand.lower_is_better else score

    old = {each.case_id: each.scores.get(demand.metric) for each in baseline.results}
    pairs = [
        (turned(before), turned(after))
        for each in run.results
        if (after := each.scores.get(demand.metric)) is not None and (before := old.get(each.case_id)) is not None
    ]
    return [before for before, _ in pairs], [after for _, after in pairs]


def _p(before: Sequence[float], after: Sequence[float], seed: int) -> float:
    if not before:
        return 1.0
    if set(before) | set(after) <= {0.0, 1.0}:
        return mcnemar_exact_p(before, after)
    return paired_bootstrap_p(before, after, seed)
