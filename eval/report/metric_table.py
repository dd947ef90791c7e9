"""The report page's table of metrics: value, interval, baseline, change, course over runs, what the gate said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from eval.case import Check, GateVerdict, Metric, Run
from eval.report.plots import interval, sparkline
from eval.report.words import bounds, by_name, change, clean, number, title
from eval.spending import spent


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table: its column's heading, its class, its content; `said` stands before it on a telephone."""

    heading: str
    kind: str
    content: str
    said: str = ""


def metric_section(run: Run, verdict: GateVerdict | None, baseline: Run | None, history: Sequence[Run]) -> str:
    """The table, the metrics that the gate looks at first. A column that nothing would stand in is left out."""
    if not run.metrics:
        return "<section><h2>Metrics</h2><p>Nothing was measured.</p></section>"
    checks = verdict.checks if verdict is not None else ()
    before, past = by_name(baseline), [by_name(each) for each in history]
    rows = {
        metric.name: _cells(metric, before.get(metric.name), _course(metric, past), checks) for metric in run.metrics
    }
    took = {metric.name: _spent_cells(metric) for metric in spent(run.results)}
    rows |= took
    empty = {cell.heading for cell in next(iter(rows.values()))} - {
        cell.heading for cells in rows.values() for cell in cells if cell.content
    }
    kept = {name: [cell for cell in cells if cell.heading not in empty] for name, cells in rows.items()}
    gated = {check.metric for check in checks}
    first = [name for name in kept if name in gated]
    rest = [name for name in kept if name not in gated and name not in took]
    groups = {"Gated": first, "Only reported": rest} if first else {"": rest}
    groups["What it took"] = [*took]
    head = _head(next(iter(kept.values())))
    bodies = "".join(
        f"<tbody>{_group(heading)}{''.join(_row(title(run, name), kept[name]) for name in names)}</tbody>"
        for heading, names in groups.items()
        if names
    )
    kind = "metrics short" if "gate" in empty and "baseline" in empty else "metrics"
    key = "The band is the interval, the upright stroke the value" + (", the ring the baseline." if before else ".")
    return (
        f'<section><h2>Metrics</h2><table class="{kind}" role="table"><thead>{head}</thead>'
        f'{bodies}</table><p class="note">{key}</p></section>'
    )


def _cells(metric: Metric, before: Metric | None, course: Sequence[float], checks: Sequence[Check]) -> list[Cell]:
    own = [check for check in checks if check.metric == metric.name]
    moved = change(metric.value - before.value) if before is not None else ""
    return [
        Cell("value", "figure value", number(metric.value)),
        Cell("95 % interval, 0 to 1", "range", f"{interval(metric, before)} <span>{bounds(metric)}</span>"),
        Cell("baseline", "figure before", number(before.value) if before is not None else "", "baseline"),
        Cell("change", "figure moved", moved, "change"),
        Cell("cases", "figure count", f"{metric.count:,}", "cases"),
        Cell("history", "past", sparkline(course)),
        Cell("gate", "gate", _gate(own)),
    ]


def _spent_cells(metric: Metric) -> list[Cell]:
    """A time, a number of tokens or a sum of money has no interval and nothing to be compared with."""
    shown = {"value": number(metric.value), "cases": f"{metric.count:,}"}
    return [replace(each, content=shown.get(each.heading, "")) for each in _cells(metric, None, (), ())]


def _head(cells: Sequence[Cell]) -> str:
    columns = "".join(f'<th scope="col" class="{cell.kind}" role="columnheader">{cell.heading}</th>' for cell in cells)
    return f'<tr role="row"><th scope="col" role="columnheader">metric</th>{columns}</tr>'


def _group(name: str) -> str:
    if not name:
        return ""
    return f'<tr class="group" role="row"><th colspan="8" scope="rowgroup" role="rowheader">{name}</th></tr>'


def _course(metric: Metric, past: Sequence[dict[str, Metric]]) -> list[float]:
    return [*(each[metric.name].value for each in past if metric.name in each), metric.value]


def _row(name: str, cells: Sequence[Cell]) -> str:
    columns = "".join(f'<td class="{cell.kind}" role="cell"{_said(cell)}>{cell.content}</td>' for cell in cells)
    return f'<tr role="row"><th scope="row" role="rowheader">{escape(clean(name))}</th>{columns}</tr>'


def _said(cell: Cell) -> str:
    return f' data-label="{cell.said}"' if cell.said else ""


def _gate(checks: Sequence[Check]) -> str:
    """The conditions on a metric, each with a sign: colour alone says nothing."""
    return "".join(
        f'<span class="{"good" if check.passed else "bad"}">{"✓" if check.passed else "✗"} {check.condition}</span>'
        for check in checks
    )
