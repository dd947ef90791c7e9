"""A run as one self-contained HTML page: the verdict first, then what was measured, then every failed case."""

from collections.abc import Sequence
from html import escape

from eval.case import Check, GateVerdict, Identity, Result, Run
from eval.report.metric_table import metric_section
from eval.report.plots import plots
from eval.report.style import STYLE
from eval.report.words import (
    clean,
    comparable,
    earlier,
    expected,
    failed_scores,
    failures,
    summary,
    texts,
    told,
    wording,
)

OPEN = 20  # failed cases are unfolded when they are no more than this
_WHOLE = ("suite", "tier", "revision", "started_at", "seed")
_DIGESTS = ("data", "cases")
_MAPS = ("models", "prompts", "settings")


def render_html(run: Run, verdict: GateVerdict | None, baseline: Run | None, history: Sequence[Run]) -> str:
    """The page. A baseline or earlier run that measured other cases or articles is left out."""
    like, said = comparable(run, baseline), wording(verdict)
    parts = [
        _verdict(run, verdict, _note(baseline, like)),
        metric_section(run, verdict, like, earlier(run, history)),
        _plots(run, like),
        _failed(run.results),
        _kinds(run.results),
        _identity(run.identity, like.identity if like is not None else None),
        "<footer>Made by <code>dateline eval report</code>. This page loads nothing and runs no script.</footer>",
    ]
    title = f"{said.sign} {said.word} · {_safe(run.identity.suite)} · Dateline"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body>\n</html>\n"
    )


def _safe(text: object) -> str:
    return escape(clean(text))


def _verdict(run: Run, verdict: GateVerdict | None, note: str) -> str:
    said, who = wording(verdict), run.identity
    kind = "unjudged" if verdict is None else said.word.lower()
    checks = verdict.checks if verdict is not None else ()
    broken = [check for check in checks if not check.passed]
    met = [check for check in checks if check.passed]
    reason = f"<p>{_safe(verdict.reason)}</p>" if verdict is not None and verdict.reason and not broken else ""
    folded = f"<details><summary>What was met ({len(met)})</summary>{_checks(met)}</details>" if met else ""
    return (
        f'<div class="masthead"><span><b>Dateline</b> evaluation of <bdi>{_safe(who.suite)}</bdi></span>'
        f"<span>tier {_safe(who.tier)}, revision <code>{_safe(who.revision)}</code></span>"
        f'<time datetime="{_safe(who.started_at)}">{_safe(_time(who.started_at))}</time></div>\n'
        f'<header class="verdict {kind}"><p class="stamp"><span aria-hidden="true">{said.sign}</span> {said.word}</p>'
        f'<h1>{said.sentence}</h1><p class="deck">{summary(run, verdict)}</p>'
        f"{reason}{_checks(broken)}{folded}{note}</header>"
    )


def _checks(checks: Sequence[Check]) -> str:
    rows = "".join(
        f'<li><span class="mark {"good" if check.passed else "bad"}">{"✓" if check.passed else "✗"}</span>'
        f"<span>{_safe(check.reason)}</span></li>"
        for check in checks
    )
    return f'<ul class="checks">{rows}</ul>' if rows else ""


def _note(baseline: Run | None, like: Run | None) -> str:
    if baseline is None or like is not None:
        return ""
    return '<p class="note">The baseline measured another suite, other articles or other cases; it is not shown.</p>'


def _plots(run: Run, baseline: Run | None) -> str:
    figures = "".join(
        f"<figure><h3>{each.title}</h3>{each.svg}<figcaption>{escape(each.caption)}</figcaption></figure>"
        for each in plots(run, baseline)
    )
    return f'<section><h2>Confidence, time and cost</h2><div class="plots">{figures}</div></section>'


def _failed(results: Sequence[Result]) -> str:
    failed = failures(results)
    if not told(results):
        return "<section><h2>Failed cases</h2><p>This run was stored without what its cases said.</p></section>"
    if not failed:
        return "<section><h2>Failed cases</h2><p>None.</p></section>"
    cases = "".join(_case(each, unfolded=len(failed) <= OPEN) for each in failed)
    return f"<section><h2>{len(failed):,} failed {'case' if len(failed) == 1 else 'cases'}</h2>{cases}</section>"


def _case(result: Result, *, unfolded: bool) -> str:
    details = result.details
    question = _safe(details.get("question") or result.case_id)
    tags = (
        f'<span class="bad">✗ {_safe(", ".join(failed_scores(result)))}</span>'
        f"<span>{_safe(result.kind)}</span><code>{_safe(result.case_id)}</code>"
    )
    answer = "".join(f'<span class="answer">{_safe(text)}</span>' for text in texts(details.get("answer")))
    status = f" <span class='soft'>({_safe(details['status'])})</span>" if details.get("status") else ""
    rows = [
        _field("Expected", "<br>".join(map(escape, expected(result)))),
        _field("Answer", (answer or '<span class="none">none</span>') + status),
        _field("Quotes", "".join(f"<blockquote>{escape(text)}</blockquote>" for text in texts(details.get("quotes")))),
        _field("Evidence", _list(texts(details.get("evidence")))),
        _field("Note", _safe(details.get("note") or "")),
    ]
    return (
        f'<details class="case"{" open" if unfolded else ""}><summary>'
        f'<span class="question" dir="auto">{question}</span><span class="tags">{tags}</span></summary>'
        f"<dl>{''.join(rows)}</dl></details>"
    )


def _field(name: str, content: str) -> str:
    return f'<dt>{name}</dt><dd dir="auto">{content}</dd>' if content else ""


def _list(items: Sequence[str]) -> str:
    return f'<ol class="evidence">{"".join(f"<li>{escape(each)}</li>" for each in items)}</ol>' if items else ""


def _kinds(results: Sequence[Result]) -> str:
    """How many cases of each kind passed; of those no more is shown."""
    if not told(results):
        return ""
    rows = []
    for kind in sorted({each.kind for each in results}):
        own = [each for each in results if each.kind == kind and each.scores]
        if not own:
            continue
        passed = len(own) - len(failures(own))
        share = 100 * passed / len(own)
        rows.append(
            f'<tr><th scope="row">{_safe(kind)}</th><td class="figure">{passed:,} of {len(own):,}</td><td>'
            '<svg viewBox="0 0 100 8" width="100%" height="8" preserveAspectRatio="none" aria-hidden="true">'
            f'<rect class="passed-part" width="{share:.2f}" height="8"/>'
            f'<rect class="failed-part" x="{share:.2f}" width="{100 - share:.2f}" height="8"/></svg></td></tr>'
        )
    head = '<tr><th scope="col">kind</th><th scope="col" class="figure">passed</th><th scope="col"></th></tr>'
    return (
        f'<section><h2>Cases by kind</h2><table class="kinds"><thead>{head}</thead>'
        f"<tbody>{''.join(rows)}</tbody></table></section>"
        if rows
        else ""
    )


def _identity(who: Identity, before: Identity | None) -> str:
    """What was measured and with what, beside the baseline's where it is another."""
    rows = []
    new, old = _named(who), _named(before) if before is not None else {}
    for name in (*new, *(each for each in old if each not in new)):
        value, was = new.get(name, "–"), old.get(name, "–")
        other = "" if before is None else f"<td>{'the same' if was == value else f'<code>{_safe(was)}</code>'}</td>"
        rows.append(f'<tr><th scope="row">{_safe(name)}</th><td><code>{_safe(value)}</code></td>{other}</tr>')
    head = '<tr><th scope="col"></th><th scope="col">this run</th><th scope="col">baseline</th></tr>'
    return (
        f'<section><h2>The run</h2><table class="identity{"" if before is not None else " alone"}">'
        f"{f'<thead>{head}</thead>' if before is not None else ''}<tbody>{''.join(rows)}</tbody></table></section>"
    )


def _named(who: Identity) -> dict[str, str]:
    named = {name.replace("_", " "): str(getattr(who, name)) for name in _WHOLE}
    named |= {f"{name} digest": getattr(who, name)[:16] for name in _DIGESTS}
    return named | {
        f"{name.removesuffix('s')} {key}": str(value) or "none"
        for name in _MAPS
        for key, value in sorted(getattr(who, name).items())
    }


def _time(text: str) -> str:
    """A time of a run as it is read: 2026-11-23T09:30:00Z as 2026-11-23 09:30 UTC."""
    day, _, clock = text.partition("T")
    return f"{day} {clock[:5]} UTC" if clock.endswith("Z") else text
