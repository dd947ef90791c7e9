"""What a run took: time to the first sentence and to the whole answer, tokens, money.

Worked out from a run's results when it is shown, and no part of its metrics: no two runs take the same time.
"""

from collections.abc import Sequence

from eval.case import Metric, Result
from eval.metrics.statistics import percentile

TIMES = ("first_sentence", "total")
USAGE = ("prompt_tokens", "completion_tokens", "cost_usd")


def spent(results: Sequence[Result]) -> tuple[Metric, ...]:
    """The median and the 95th percentile of the times in milliseconds; the sums of the tokens and US dollars.

    Empty for results that were stored without them, as those of a baseline are.
    """
    found = []
    for name in TIMES:
        times = sorted(each.latency_ms[name] for each in results if name in each.latency_ms)
        for share in (50, 95) if times else ():
            found.append(_metric(f"{name}_ms_p{share}", percentile(times, share / 100), len(times)))
    for name in USAGE:
        used = [each.usage[name] for each in results if name in each.usage]
        if used:
            found.append(_metric(name, sum(used), len(used)))
    return tuple(found)


def _metric(name: str, value: float, count: int) -> Metric:
    return Metric(name, value, value, value, count)
