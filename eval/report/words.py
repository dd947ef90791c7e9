"""What every form of the report says alike: the verdict in words, numbers, the failed cases, text made safe."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from eval.case import GateVerdict, Metric, Result, Run
from eval.compare import unlike

# Characters that XML cannot hold, that have no UTF-8, or that turn the direction of what follows them.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


@dataclass(frozen=True, slots=True)
class Wording:
    """How a verdict is said: in a word, with a sign beside its colour, and in a sentence."""

    word: str
    sign: str
    sentence: str


UNJUDGED = Wording("NOT JUDGED", "○", "This run was measured, not judged.")
VERDICTS = {
    0: Wording("PASS", "✓", "This may be deployed."),
    1: Wording("REGRESSION", "✗", "This is worse than allowed. Do not deploy it."),
    2: Wording("CONFIGURATION", "!", "The gate is set up wrongly. Nothing was judged."),
    3: Wording("UNMEASURED", "?", "Not everything could be measured. Do not deploy on it."),
}


def wording(verdict: GateVerdict | None) -> Wording:
    """The words of a verdict; they come from its code alone."""
    return UNJUDGED if verdict is None else VERDICTS[verdict.code]


def summary(run: Run, verdict: GateVerdict | None) -> str:
    """How many conditions hold and how many cases failed, in a sentence."""
    cases = f"{len(failures(run.results)):,} of {len(run.results):,} cases failed"
    if not told(run.results):
        cases = "which cases failed was not kept"
    lost = sum(bool(each.unmeasured) for each in run.results)
    cases += f"; {lost:,} could not be measured" if lost else ""
    if verdict is None or not verdict.checks:
        return f"{cases[:1].upper()}{cases[1:]}."
    broken = sum(not check.passed for check in verdict.checks)
    total = len(verdict.checks)
    conditions = f"{broken} of {total} conditions not met" if broken else f"All {total} conditions met"
    return f"{conditions}; {cases}."


def clean(text: object) -> str:
    """Text without the characters that no report can show."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", str(text))


def flat(text: object) -> str:
    """Text on one line."""
    return " ".join(clean(text).split())


def failed_scores(result: Result) -> tuple[str, ...]:
    """The metrics that a case failed, as its scorer named them."""
    return tuple(map(str, result.details.get("failed") or ()))


def title(run: Run, metric: str) -> str:
    """A metric's name, marked when it only advises."""
    return f"{metric} (advisory)" if run.identity.is_advisory(metric) else metric


def failures(results: Sequence[Result]) -> tuple[Result, ...]:
    """The cases that failed, in the order of the run."""
    return tuple(each for each in results if failed_scores(each))


def told(results: Sequence[Result]) -> bool:
    """Whether a run says which of its cases failed; a baseline is stored without that."""
    return all("failed" in each.details for each in results)


def texts(value: object) -> tuple[str, ...]:
    """A detail that is a text, a list of texts, or empty, as a list of texts."""
    if value is None or value == "":
        return ()
    return tuple(map(clean, value)) if isinstance(value, list | tuple) else (clean(value),)


def expected(result: Result) -> tuple[str, ...]:
    """What was expected: each entry must be there; where one of several will do, they stand side by side."""
    value = result.details.get("expected")
    if not isinstance(value, list | tuple):
        return texts(value)
    return tuple(
        " or ".join(f"“{clean(one)}”" for one in each) if isinstance(each, list | tuple) else clean(each)
        for each in value
    )


def comparable(run: Run, baseline: Run | None) -> Run | None:
    """The baseline, unless it measured something else."""
    return baseline if baseline is not None and not unlike(baseline.identity, run.identity) else None


def earlier(run: Run, history: Sequence[Run]) -> tuple[Run, ...]:
    """The runs of the same cases that came before, oldest first."""
    alike = [each for each in history if each != run and comparable(run, each) is not None]
    before = [each for each in alike if each.identity.started_at <= run.identity.started_at]
    return tuple(sorted(before, key=lambda each: each.identity.started_at))


def by_name(run: Run | None) -> dict[str, Metric]:
    """The metrics of a run by their names."""
    return {metric.name: metric for metric in run.metrics} if run is not None else {}


def number(value: float) -> str:
    """A metric's value: three decimals, or fewer for large numbers."""
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"


def bounds(metric: Metric) -> str:
    """A metric's 95 % interval; an area under a curve has none."""
    return f"{number(metric.low)} – {number(metric.high)}" if metric.low < metric.high else "no interval"


def change(value: float) -> str:
    """A difference with its sign, and a minus that is as wide as a plus."""
    rounded = 0.0 if abs(value) < 0.0005 else value
    return ("±0.000" if rounded == 0 else f"{rounded:+.3f}").replace("-", "−")
