"""A run as Markdown for a comment on a pull request: the verdict, the gated metrics, a few failed cases."""

import re
import textwrap
from collections.abc import Sequence

from eval.case import Check, GateVerdict, Metric, Result, Run
from eval.report.words import (
    bounds,
    by_name,
    change,
    clean,
    comparable,
    expected,
    failed_scores,
    failures,
    flat,
    number,
    summary,
    texts,
    title,
    wording,
)
from eval.spending import spent

LONGEST = 60_000  # characters; GitHub takes 65,536
CASES = 10
ROWS = 60
_CASE, _REASON, _NAME = 4000, 300, 80  # characters of a case, a reason, a name


def render_markdown(run: Run, verdict: GateVerdict | None, baseline: Run | None) -> str:
    """The comment. What comes from cases stands in code, where GitHub makes no links, mentions or HTML of it."""
    said = wording(verdict)
    like = comparable(run, baseline)
    parts = [
        f"## {said.sign} {said.word} · {_code(run.identity.suite)}",
        f"{said.sentence} {summary(run, verdict)}",
        *_reasons(verdict),
        *_table(run, verdict, like),
        *_spent(run),
        f"Tier {run.identity.tier}, revision {_code(run.identity.revision)}, "
        + (f"baseline {_code(like.identity.revision)}." if like is not None else "no baseline to compare with."),
    ]
    failed = failures(run.results)
    if failed:
        parts.append(f"### Failed cases ({len(failed):,})")
        parts += _cases(failed, LONGEST - sum(len(part) + 2 for part in parts) - 200)
    return "\n\n".join(parts) + "\n"


def _reasons(verdict: GateVerdict | None) -> list[str]:
    """Why not, where the table cannot say it: without checks there is no table of them."""
    if verdict is None or verdict.code == 0:
        return []
    broken = [f"- {_code(check.reason, _REASON)}" for check in verdict.checks if not check.passed]
    return ["\n".join(broken[:ROWS])] if broken else [f"- {_code(verdict.reason or 'no reason was given', _REASON)}"]


def _table(run: Run, verdict: GateVerdict | None, baseline: Run | None) -> list[str]:
    """The gated metrics, or all where nothing was gated."""
    checks = verdict.checks if verdict is not None else ()
    gated = {check.metric for check in checks}
    shown = [metric for metric in run.metrics if metric.name in gated or not gated][:ROWS]
    if not shown:
        return []
    before = by_name(baseline)
    head = "| metric | value | 95 % interval | baseline | change | n | gate |\n|---|--:|--:|--:|--:|--:|---|"
    return [
        "\n".join([head, *(_row(title(run, metric.name), metric, before.get(metric.name), checks) for metric in shown)])
    ]


def _spent(run: Run) -> list[str]:
    """What the run took, on one line."""
    took = ", ".join(f"{each.name} {number(each.value)}" for each in spent(run.results))
    return [f"Took {took}."] if took else []


def _row(name: str, metric: Metric, before: Metric | None, checks: Sequence[Check]) -> str:
    own = [check for check in checks if check.metric == metric.name]
    gate = ", ".join(f"{'✓' if check.passed else '✗'} {check.condition}" for check in own) or "–"
    was = (number(before.value), change(metric.value - before.value)) if before is not None else ("–", "–")
    cells = (_code(name), f"**{number(metric.value)}**", bounds(metric), *was, f"{metric.count:,}", gate)
    return f"| {' | '.join(cells)} |"


def _cases(failed: Sequence[Result], room: int) -> list[str]:
    blocks: list[str] = []
    for result in failed[:CASES]:
        block = _case(result)
        room -= len(block) + 2
        if room < 0:
            break
        blocks.append(block)
    more = len(failed) - len(blocks)
    return [*blocks, f"{more:,} more in the report page."] if more else blocks


def _case(result: Result) -> str:
    failed = ", ".join(failed_scores(result))
    name = " · ".join(f"<code>{_entities(flat(text)[:_NAME])}</code>" for text in (result.case_id, result.kind, failed))
    said = _wrapped(result)[:_CASE]
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", said)), default=0))
    return f"<details>\n<summary>{name}</summary>\n\n{fence}text\n{said}\n{fence}\n\n</details>"


def _wrapped(result: Result) -> str:
    fields = {
        "question": texts(result.details.get("question")),
        "answer": texts(result.details.get("answer")) or ("(none)",),
        "quote": texts(result.details.get("quotes"))[:5],
        "evidence": texts(result.details.get("evidence"))[:5],
        "expected": expected(result),
        "note": texts(result.details.get("note")),
    }
    lines = []
    for label, values in fields.items():
        for value in values:
            shown = textwrap.shorten(flat(value), 800, placeholder=" …")
            lines += textwrap.wrap(f"{label}: {shown}", 96, subsequent_indent="  ")
    return "\n".join(lines)


def _code(text: object, longest: int = _NAME) -> str:
    """Text in a code span of one line that may stand in a table."""
    said = flat(text)[:longest].replace("|", "¦").strip() or "–"
    ticks = "`" * (1 + max(map(len, re.findall("`+", said)), default=0))
    pad = " " if said.startswith("`") or said.endswith("`") else ""
    return f"{ticks}{pad}{said}{pad}{ticks}"


def _entities(text: str) -> str:
    return "".join(each if each.isalnum() or each in " -_,.@%" else f"&#{ord(each)};" for each in clean(text))
