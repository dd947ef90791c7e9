"""The gate: floors, ceilings and the comparison with the baseline, decided into one value.

Floors hold on the lower 95 % bound. A regression must be both significant (paired, one-sided, Holm-corrected over the
gated metrics, p < .05) and larger than the metric's minimum effect.
"""

from collections.abc import Sequence
from typing import Literal

from eval.case import Check, GateVerdict, Metric, Run
from eval.compare import SIGNIFICANT, p_worse, paired_results, paired_scores, refuse_unlike
from eval.metrics.statistics import holm
from eval.suite import Demand, Suite


def judge(suite: Suite, run: Run, baseline: Run | None) -> GateVerdict:
    """The verdict on a run. Raises BadConfiguration when run and baseline are not of the same suite and data."""
    if baseline is not None:
        refuse_unlike(baseline.identity, run.identity)
    metrics = {metric.name: metric for metric in run.metrics}
    demands = [demand for demand in suite.demands if not _only_advises(run, demand)]
    measured = [demand for demand in demands if demand.metric in metrics]
    missing = [demand.metric for demand in demands if demand.metric not in metrics]
    lost = [each for each in run.results if each.unmeasured]
    checks = [check for demand in measured for check in _bounds(demand, metrics[demand.metric])]
    if baseline is not None:
        checks += _regressions(demands, suite.seed, run, baseline)
    reasons = [check.reason for check in checks if not check.passed]
    # What is known to be worse blocks, whatever else could not be measured.
    code: Literal[0, 1, 3] = 1 if reasons else 3 if missing or lost else 0
    reasons += [f"not measured: {', '.join(missing)}"] if missing else []
    if lost:
        reasons.append(f"{len(lost)} of {len(run.results)} cases are unmeasured: {lost[0].unmeasured}")
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


def _only_advises(run: Run, demand: Demand) -> bool:
    """Whether an unqualified judge gave the metric. One that no judge gave is missing."""
    return "judge" in run.identity.settings and run.identity.is_advisory(demand.metric)


def _regressions(demands: Sequence[Demand], seed: int, run: Run, baseline: Run) -> list[Check]:
    gated = [demand for demand in demands if demand.min_effect is not None]
    pairs = paired_results(baseline, run)
    compared = [_higher_is_better(demand, *paired_scores(demand.metric, pairs)) for demand in gated]
    adjusted = holm([p_worse(before, after, seed) for before, after in compared])
    checks = []
    for demand, (before, after), p in zip(gated, compared, adjusted, strict=True):
        change = (sum(after) - sum(before)) / len(after) if after else 0.0
        passed = not (p < SIGNIFICANT and -change > (demand.min_effect or 0.0))
        shown = (-change if demand.lower_is_better else change) + 0.0  # no minus zero
        word = "no regression" if passed else "regression"
        reason = f"{demand.metric} {shown:+.3f} against the baseline (p = {p:.3f}): {word}"
        checks.append(Check(demand.metric, "regression", passed, reason))
    return checks


def _higher_is_better(demand: Demand, before: list[float], after: list[float]) -> tuple[list[float], list[float]]:
    """The scores, turned round where lower is better."""
    if not demand.lower_is_better:
        return before, after
    return [1.0 - score for score in before], [1.0 - score for score in after]
