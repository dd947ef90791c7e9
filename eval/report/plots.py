"""The report's pictures as SVG: what a run's confidence is worth, how long answers take, what they cost."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10, sqrt

from eval.case import Metric, Result, Run
from eval.metrics.refusal import area_under_risk, reliability, risk_coverage
from eval.metrics.statistics import percentile
from eval.report.words import clean

WIDTH, HEIGHT = 400, 236
LEFT, RIGHT, TOP, BOTTOM = 46, 388, 28, 190
LATENCIES = (("total", "whole answer"), ("first_sentence", "first sentence"), ("search", "search"))
_BARS = 18  # of the latency histogram
_KINDS = 7  # of the cost plot; the rest are summed


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture with its heading and what it says in words. `svg` is empty where there is nothing to draw."""

    title: str
    svg: str
    caption: str


Ticks = Sequence[tuple[float, str]]  # where on the axis from 0 to 1, and what stands there


def plots(run: Run, baseline: Run | None) -> tuple[Plot, ...]:
    """The four pictures of a run."""
    return (
        risk_coverage_plot(run.results, baseline.results if baseline is not None else ()),
        reliability_plot(run.results),
        latency_plot(run.results),
        cost_plot(run.results),
    )


def risk_coverage_plot(results: Sequence[Result], before: Sequence[Result]) -> Plot:
    """How many of the surest answers are wrong; the baseline's curve is dashed."""
    title = "Risk and coverage"
    points = risk_coverage(*_confident(results))
    if not points:
        return Plot(title, "", "No answer of this run came with a confidence.")
    old = risk_coverage(*_confident(before))
    top = _nice(max(point.risk for point in (*points, *old)))
    curves = [
        _path([(point.coverage, point.risk / top) for point in each], kind)
        for each, kind in ((old, "was"), (points, "line"))
        if each
    ]
    area = area_under_risk(points) or 0.0
    caption = f"Of all answers given, {points[-1].risk:.1%} are wrong; the mean over all coverages is {area:.3f}."
    half = next((point.risk for point in points if point.coverage >= 0.5), points[-1].risk)
    caption += f" Of the surer half, {half:.1%} are wrong." + (" Dashed: the baseline." if old else "")
    ticks = [(each / 4, f"{each / 4:.0%}") for each in range(5)]
    svg = _frame(title, caption, "wrong", "answers given, surest first", _shares(top), ticks, curves)
    return Plot(title, svg, caption)


def reliability_plot(results: Sequence[Result]) -> Plot:
    """How often a question that was given a probability has an answer in the archive."""
    title = "Reliability"
    known = [
        (likely, each.scores.get("rightly_refused") is None)
        for each in results
        if (likely := each.scores.get("probability")) is not None
    ]
    if not known:
        return Plot(title, "", "No question of this run came with a probability.")
    bins = reliability([likely for likely, _ in known], [there for _, there in known])
    most = max(each.count for each in bins)
    body = [_path([(0, 0), (1, 1)], "was"), _path([(each.predicted, each.observed) for each in bins], "line")]
    body += [
        f'<circle class="dot" cx="{_x(each.predicted):.1f}" cy="{_y(each.observed):.1f}" '
        f'r="{2.5 + 5 * sqrt(each.count / most):.1f}"/>'
        for each in bins
    ]
    caption = (
        f"{len(known):,} questions; a larger dot stands for more of them. On the dashed line the probability says how "
        "often there is an answer, where as many questions have one as have none; where more have one, dots lie above."
    )
    ticks = [(each / 4, f"{each / 4:.2f}") for each in range(5)]
    return Plot(title, _frame(title, caption, "answerable", "probability", _shares(1.0), ticks, body), caption)


def latency_plot(results: Sequence[Result]) -> Plot:
    """How many answers took how long, on a logarithmic scale."""
    title = "Latency"
    total = sorted(value for each in results if (value := each.latency_ms.get("total")) is not None and value > 0)
    if not total:
        return Plot(title, "", "No times were measured.")
    low, high = log10(total[0]) - 0.02, log10(total[-1]) + 0.02
    counts = [0] * _BARS
    for value in total:
        counts[min(_BARS - 1, int((log10(value) - low) / (high - low) * _BARS))] += 1
    top = max(counts)
    bars = [_bar(place / _BARS, (place + 1) / _BARS, count / top) for place, count in enumerate(counts) if count]
    middle = (log10(percentile(total, 0.5)) - low) / (high - low)
    for kind in ("halo", "median"):
        bars.append(f'<line class="{kind}" x1="{_x(middle):.1f}" x2="{_x(middle):.1f}" y1="{TOP}" y2="{BOTTOM}"/>')
    caption = "; ".join(_times(results, key, label) for key, label in LATENCIES if _times(results, key, label))
    caption = f"{caption[:1].upper()}{caption[1:]}. The upright line is the median."
    values = [factor * 10**power for power in range(floor(low), ceil(high) + 1) for factor in (1, 2, 5)]
    ticks = [((log10(each) - low) / (high - low), _ms(each)) for each in values if low <= log10(each) <= high]
    ticks = ticks[:: ceil(len(ticks) / 6)] if ticks else []
    ys = [(0.0, "0"), (1.0, f"{top:,}")]
    return Plot(title, _frame(title, caption, "answers", "time for the whole answer", ys, ticks, bars), caption)


def cost_plot(results: Sequence[Result]) -> Plot:
    """What each kind of case cost, the dearest first."""
    title = "Cost"
    tokens = sum(each.usage.get("prompt_tokens", 0) + each.usage.get("completion_tokens", 0) for each in results)
    kinds: defaultdict[str, float] = defaultdict(float)
    for each in results:
        kinds[clean(each.kind)] += each.usage.get("cost_usd", 0.0)
    total = sum(kinds.values())
    if total <= 0:
        used = f"{tokens:,.0f} tokens were used" if tokens else "no model was paid for"
        return Plot(title, "", f"Nothing was spent: {used}.")
    ranked = sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))
    rest = sum(cost for _, cost in ranked[_KINDS:])
    shown = [*ranked[:_KINDS], *([("all others", rest)] if len(ranked) > _KINDS else [])]
    step = min(24.0, (BOTTOM - TOP + 20) / len(shown))
    most = max(cost for _, cost in shown)
    body = ['<text x="124" y="14">US dollars</text>']
    for row, (kind, cost) in enumerate(shown):
        middle, length = TOP + step * (row + 0.5), 190 * cost / most
        body.append(
            f'<text class="strong" x="116" y="{middle + 4:.1f}" text-anchor="end">{escape(_short(kind))}</text>'
        )
        body.append(
            f'<rect class="bar" x="124" y="{middle - step * 0.3:.1f}" width="{length:.1f}" height="{step * 0.6:.1f}"/>'
        )
        body.append(f'<text x="{130 + length:.1f}" y="{middle + 4:.1f}">{cost:.4f}</text>')
    caption = f"{total:.4f} in all, {total / len(results):.5f} a case; {tokens:,.0f} tokens."
    return Plot(title, _svg(f"{title}. {caption}", body, ceil(TOP + step * len(shown) + 8)), caption)


def interval(metric: Metric, before: Metric | None) -> str:
    """A metric's 95 % interval as a band with its value, and the baseline's value as a ring."""
    values = [metric.low, metric.value, metric.high, *([before.value] if before is not None else [])]
    low, high = min(0.0, *values), max(1.0, *values)

    def at(value: float) -> float:
        return 6 + 128 * (value - low) / (high - low)

    ring = f'<circle class="ring" cx="{at(before.value):.1f}" cy="10" r="3.5"/>' if before is not None else ""
    said = f"{metric.value:.3f}, 95 % interval {metric.low:.3f} to {metric.high:.3f}"
    said += f", baseline {before.value:.3f}" if before is not None else ""
    return (
        f'<svg viewBox="0 0 140 20" width="140" height="20" role="img" aria-label="{said}">'
        f'<line class="grid" x1="6" x2="134" y1="10" y2="10"/>'
        f'<path class="grid" d="M6 6V14M70 7V13M134 6V14"/>'
        f'<rect class="band" x="{at(metric.low):.1f}" y="5" width="{max(1.5, at(metric.high) - at(metric.low)):.1f}" '
        f'height="10" rx="1"/>{ring}'
        f'<line class="value-tick" x1="{at(metric.value):.1f}" x2="{at(metric.value):.1f}" y1="3" y2="17"/></svg>'
    )


def sparkline(values: Sequence[float]) -> str:
    """A metric's course over runs, this run's as a dot; nothing to see with fewer than two."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    # A flat line is drawn flat: what moves less than a point fills no more than its share of the height.
    span = max(high - low, 0.05)
    floor_at = (low + high - span) / 2
    spots = [(4 + 72 * at / (len(values) - 1), 18 - 14 * (value - floor_at) / span) for at, value in enumerate(values)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    said = f"{len(values)} runs: {', '.join(f'{value:.3f}' for value in values)}"
    return (
        f'<svg viewBox="0 0 80 22" width="80" height="22" role="img" aria-label="{said}"><title>{said}</title>'
        f'<path class="spark" d="M{path}"/>'
        f'<circle class="now" cx="{spots[-1][0]:.1f}" cy="{spots[-1][1]:.1f}" r="2.75"/></svg>'
    )


def _confident(results: Sequence[Result]) -> tuple[list[float], list[bool]]:
    """The confidence of every answer that was given, and whether it was right; a refusal is no answer."""
    given = [
        (sure, right == 1)
        for each in results
        if (sure := each.scores.get("confidence")) is not None and (right := each.scores.get("correct")) is not None
        if 1 not in (each.scores.get("rightly_refused"), each.scores.get("wrongly_refused"))
    ]
    return [sure for sure, _ in given], [right for _, right in given]


def _frame(title: str, said: str, y_name: str, x_name: str, ys: Ticks, xs: Ticks, body: Sequence[str]) -> str:
    """A plot with its axes: names where they are read, on top and at the end."""
    parts = [f'<text x="6" y="14">{escape(y_name)}</text>']
    for at, label in ys:
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{_y(at):.1f}" y2="{_y(at):.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{_y(at) + 4:.1f}" text-anchor="end">{escape(label)}</text>')
    for at, label in xs:
        parts.append(f'<line class="axis" x1="{_x(at):.1f}" x2="{_x(at):.1f}" y1="{BOTTOM}" y2="{BOTTOM + 4}"/>')
        anchor = "end" if at > 0.95 else "middle"
        x = RIGHT if at > 0.95 else _x(at)
        parts.append(f'<text x="{x:.1f}" y="{BOTTOM + 18}" text-anchor="{anchor}">{escape(label)}</text>')
    parts += [*body, f'<line class="axis" x1="{LEFT}" x2="{RIGHT}" y1="{BOTTOM}" y2="{BOTTOM}"/>']
    parts.append(f'<text x="{RIGHT}" y="{BOTTOM + 38}" text-anchor="end">{escape(x_name)}</text>')
    return _svg(f"{title}. {said}", parts, HEIGHT)


def _svg(said: str, parts: Sequence[str], height: int) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(said)}">{"".join(parts)}</svg>'


def _x(at: float) -> float:
    return LEFT + (RIGHT - LEFT) * at


def _y(at: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * at


def _path(spots: Sequence[tuple[float, float]], kind: str) -> str:
    return f'<path class="{kind}" d="M{"L".join(f"{_x(x):.1f} {_y(y):.1f}" for x, y in spots)}"/>'


def _bar(start: float, end: float, height: float) -> str:
    x, y = _x(start) + 0.75, _y(height)
    return f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{_x(end) - x - 0.75:.1f}" height="{BOTTOM - y:.1f}"/>'


def _shares(top: float) -> Ticks:
    return [(each / 4, f"{100 * top * each / 4:.3g}%") for each in range(5)]


def _nice(value: float) -> float:
    return next(top for top in (0.04, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if value <= top)


def _times(results: Sequence[Result], key: str, label: str) -> str:
    found = sorted(value for each in results if (value := each.latency_ms.get(key)) is not None)
    if not found:
        return ""
    return f"{label} p50 {_ms(percentile(found, 0.5))}, p95 {_ms(percentile(found, 0.95))}"


def _ms(value: float) -> str:
    return f"{value / 1000:.3g} s" if value >= 1000 else f"{value:.3g} ms"


def _short(text: str) -> str:
    return text if len(text) <= 17 else text[:16] + "…"
