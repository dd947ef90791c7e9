"""Two runs of one suite side by side: what moved, whether by chance, and which cases turned."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.case import Identity, Metric, Result, Run
from eval.metrics.statistics import holm, mcnemar_exact_p, paired_bootstrap_p
from index import BadConfiguration

LIKE = ("suite", "data", "cases")
SIGNIFICANT = 0.05
SHOWN = 20  # cases that turned, each way
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Difference:
    """How a metric moved. `p`: how likely chance moves it so far either way, Holm-corrected; None without pairs."""

    metric: str
    before: float
    after: float
    difference: float
    p: float | None
    pairs: int


@dataclass(frozen=True, slots=True)
class Turned:
    """A case that was right and is wrong, or the other way round."""

    case_id: str
    kind: str
    question: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one run to another. `only_before` and `only_after` are metrics that the other has not."""

    before: Identity
    after: Identity
    differences: tuple[Difference, ...]
    worse: tuple[Turned, ...]
    better: tuple[Turned, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]


def compare(before: Run, after: Run) -> Comparison:
    """What changed. Raises BadConfiguration when the runs did not measure the same cases over the same articles."""
    refuse_unlike(before.identity, after.identity)
    old = {metric.name: metric for metric in before.metrics}
    new = {metric.name: metric for metric in after.metrics}
    pairs = paired_results(before, after)
    shared = [(old[name], new[name]) for name in sorted(old.keys() & new.keys())]
    return Comparison(
        before.identity,
        after.identity,
        _differences(shared, pairs, after.identity.seed),
        tuple(_turned(now) for was, now in pairs if _right(was) is True and _right(now) is False),
        tuple(_turned(now) for was, now in pairs if _right(was) is False and _right(now) is True),
        tuple(sorted(old.keys() - new.keys())),
        tuple(sorted(new.keys() - old.keys())),
    )


def paired_results(before: Run, after: Run) -> list[tuple[Result, Result]]:
    """The results of the cases that both runs have, in the order of the second."""
    results = {each.case_id: each for each in before.results}
    return [(results[each.case_id], each) for each in after.results if each.case_id in results]


def paired_scores(metric: str, pairs: Sequence[tuple[Result, Result]]) -> tuple[list[float], list[float]]:
    """The scores of the cases that have one in both runs; `correct.stale` is `correct` over the kind `stale`."""
    both = [
        (before, after)
        for was, now in pairs
        if (before := _score(was, metric)) is not None and (after := _score(now, metric)) is not None
    ]
    return [before for before, _ in both], [after for _, after in both]


def p_worse(before: Sequence[float], after: Sequence[float], seed: int) -> float:
    """How likely chance alone makes the second so much worse: McNemar's exact test for 0 and 1, else a bootstrap."""
    if not before:
        return 1.0
    if set(before) | set(after) <= {0.0, 1.0}:
        return mcnemar_exact_p(before, after)
    return paired_bootstrap_p(before, after, seed)


def unlike(before: Identity, after: Identity) -> tuple[str, ...]:
    """In which of suite, data and cases two runs differ: with any of them they are not comparable."""
    return tuple(name for name in LIKE if getattr(before, name) != getattr(after, name))


def refuse_unlike(before: Identity, after: Identity) -> None:
    """Raises BadConfiguration, naming what differs, when two runs are not comparable."""
    differ = unlike(before, after)
    if differ:
        named = "; ".join(f"{name} {getattr(before, name)[:12]} and {getattr(after, name)[:12]}" for name in differ)
        raise BadConfiguration(f"These are unlike runs and cannot be compared: they differ in {named}.")


def render_comparison(comparison: Comparison) -> str:
    """The comparison for a terminal."""
    lines = [f"{comparison.after.suite}: before {_who(comparison.before)}, after {_who(comparison.after)}"]
    lines += _settings(comparison)
    width = max([len(each.metric) for each in comparison.differences] + [6])
    lines += ["", f"{'metric':<{width}}  {'before':>8}  {'after':>8}  {'change':>8}  {'p':>6}  {'n':>5}"]
    lines += [_row(each, width) for each in comparison.differences]
    for names, which in ((comparison.only_before, "before"), (comparison.only_after, "after")):
        if names:
            lines.append(f"measured only {which}: {', '.join(names)}")
    lines += _cases("right before, wrong now", comparison.worse)
    lines += _cases("wrong before, right now", comparison.better)
    lines += ["", f"p: paired, two-sided, Holm-corrected; * marks p < {SIGNIFICANT}; – where nothing could be paired."]
    return "\n".join(lines)


def _differences(
    shared: Sequence[tuple[Metric, Metric]], pairs: Sequence[tuple[Result, Result]], seed: int
) -> tuple[Difference, ...]:
    paired = [paired_scores(old.name, pairs) for old, _ in shared]
    adjusted = iter(holm([_p(before, after, seed) for before, after in paired if before]))
    return tuple(
        Difference(old.name, old.value, new.value, new.value - old.value, next(adjusted) if was else None, len(was))
        for (old, new), (was, _) in zip(shared, paired, strict=True)
    )


def _score(result: Result, metric: str) -> float | None:
    if metric in result.scores:
        return result.scores[metric]
    name, _, kind = metric.partition(".")
    return result.scores.get(name) if kind == result.kind else None


def _p(before: Sequence[float], after: Sequence[float], seed: int) -> float:
    """Two-sided, for a reader has not said which way is worse: the smaller tail, twice."""
    return min(1.0, 2 * min(p_worse(before, after, seed), p_worse(after, before, seed)))


def _right(result: Result) -> bool | None:
    """Whether an answer was correct, or a claim judged as its label says; None where neither was asked."""
    correct, verified = result.scores.get("correct"), result.scores.get("verified")
    if correct is not None:
        return correct == 1
    return None if verified is None else verified == result.scores.get("supported")


def _turned(result: Result) -> Turned:
    return Turned(result.case_id, result.kind, str(result.details.get("question", "")))


def _who(identity: Identity) -> str:
    return f"{identity.revision} of {identity.started_at}"


def _settings(comparison: Comparison) -> list[str]:
    """The models, prompts and settings that differ: what may have made the difference."""
    lines = []
    for name in ("models", "prompts", "settings"):
        old: Mapping[str, object] = getattr(comparison.before, name)
        new: Mapping[str, object] = getattr(comparison.after, name)
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                lines.append(_seen(f"  {name}.{key}: {old.get(key, '–')} → {new.get(key, '–')}"))
    return lines


def _row(each: Difference, width: int) -> str:
    p = "–" if each.p is None else f"{each.p:.3f}"
    mark = "*" if each.p is not None and each.p < SIGNIFICANT else " "
    numbers = f"{each.before:8.3f}  {each.after:8.3f}  {each.difference:+8.3f}  {p:>6}{mark} {each.pairs:>5}"
    return f"{_seen(each.metric):<{width}}  {numbers}"


def _cases(heading: str, turned: Sequence[Turned]) -> list[str]:
    if not turned:
        return []
    lines = ["", f"{heading} ({len(turned)}):"]
    lines += [f"  {_seen(each.case_id)} · {_seen(each.kind)} · {_seen(each.question)[:100]}" for each in turned[:SHOWN]]
    return lines + ([f"  and {len(turned) - SHOWN} more"] if len(turned) > SHOWN else [])


def _seen(text: str) -> str:
    """Text on one line, without what would move a terminal's cursor."""
    return _UNSEEN.sub(" ", text)
