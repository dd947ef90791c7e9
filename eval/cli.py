"""The commands under `dateline eval`: run, gate, compare, report, add."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from eval.case import GateVerdict, Run

app = typer.Typer(help="Measure answers, and block a bad deploy.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Data = Annotated[Path | None, typer.Option(help="The folder of the development data.")]
Work = Annotated[Path, typer.Option(help="Where archives and runs are kept between runs.")]
SuiteName = Annotated[str, typer.Argument(help="A bundled suite, or a folder with a suite.toml.")]
WORK = Path(".dateline-eval")


@app.command()
def run(
    suite: SuiteName,
    data: Data = None,
    work: Work = WORK,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many cases, drawn with the suite's seed.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with the run that was broken off.")] = False,
    save_baseline: Annotated[bool, typer.Option(help="Make this run the suite's baseline.")] = False,
    as_json: Json = False,
) -> None:
    """Run a suite and show its metrics."""
    from bot.shell.output import console, print_json
    from eval.run import run_suite
    from eval.runs import write_run
    from eval.suite import read_suite

    chosen = read_suite(suite)
    path, done = run_suite(chosen, data, work, limit=limit, resume=resume)
    if save_baseline:
        write_run(chosen.baseline, _bare(done))
    if as_json:
        print_json({"run": str(path), "metrics": [_metric_json(each) for each in done.metrics]})
        return
    screen = console()
    for metric in done.metrics:
        screen.print(
            f"{metric.name:<28} {metric.value:6.3f}  [{metric.low:.3f}, {metric.high:.3f}]  n = {metric.count}"
        )
    screen.print(f"\n{path}")


@app.command()
def gate(
    suites: Annotated[list[str], typer.Argument(help="Suites that must all pass.")],
    data: Data = None,
    work: Work = WORK,
    allow_unmeasured: Annotated[bool, typer.Option(help="Let what could not be measured pass.")] = False,
    as_json: Json = False,
) -> None:
    """Run suites and say whether to deploy. Codes: 0 pass, 1 regression, 2 configuration, 3 unmeasured."""
    from bot.shell.output import console, print_json
    from eval.report.words import wording

    verdicts = {name: _judged(name, data, work) for name in suites}
    if as_json:
        print_json({name: _verdict_json(verdict) for name, verdict in verdicts.items()})
    else:
        screen = console()
        for name, verdict in verdicts.items():
            screen.print(f"{name}: {wording(verdict).word}{f' ({verdict.reason})' if verdict.reason else ''}")
            for check in verdict.checks:
                screen.print(f"  {'ok  ' if check.passed else 'FAIL'} {check.reason}")
    codes = {verdict.code for verdict in verdicts.values()} - ({3} if allow_unmeasured else set())
    # A wrong configuration says least, so it outranks; then what is known to be worse; then what is not known.
    raise typer.Exit(next((code for code in (2, 1, 3) if code in codes), 0))


@app.command()
def compare(before: Path, after: Path) -> None:
    """Compare two runs of one suite, case by case."""
    from bot.shell.output import console
    from eval.compare import compare as compare_runs
    from eval.compare import render_comparison
    from eval.runs import read_run

    console().print(render_comparison(compare_runs(read_run(before), read_run(after))))


@app.command()
def report(
    path: Annotated[Path, typer.Argument(metavar="RUN", help="A run's file.")],
    out: Annotated[Path | None, typer.Option(help="A folder for report.html, report.xml and report.md.")] = None,
) -> None:
    """Write a run's report: one HTML page, JUnit XML, Markdown for a pull request."""
    from bot.shell.output import console
    from eval.gate import judge
    from eval.report.html import render_html
    from eval.report.junit import render_junit
    from eval.report.markdown import render_markdown
    from eval.runs import read_run
    from eval.suite import read_suite

    done = read_run(path)
    suite = read_suite(done.identity.suite)
    baseline = read_run(suite.baseline) if suite.baseline.is_file() else None
    verdict = judge(suite, done, baseline)
    same = [each for each in _finished(path.parent, done.identity.suite) if each.identity != done.identity]
    folder = out or path.parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.html").write_text(render_html(done, verdict, baseline, same), "utf-8")
    (folder / "report.xml").write_text(render_junit(done, verdict), "utf-8")
    (folder / "report.md").write_text(render_markdown(done, verdict, baseline), "utf-8")
    console().print(str(folder / "report.html"))


@app.command()
def add(
    question: Annotated[str, typer.Argument(help="The question, as it was asked.")],
    cases: Annotated[Path, typer.Option(help="The cases.jsonl to add it to.")],
) -> None:
    """Add a question as a case that a person completes: it refuses to run until `expected` or `refuse` is filled in."""
    import json
    import uuid

    from bot.shell.output import console

    case: dict[str, Any] = {
        "id": f"added-{uuid.uuid4().hex[:8]}",
        "kind": "added",
        "question": question,
        "refuse": None,
        "expected": [],
        "articles": [],
        "note": "to be completed: set refuse, and expected unless it is to be refused",
    }
    with cases.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(case, ensure_ascii=False) + "\n")
    console().print(f"{case['id']} was added to {cases}; complete its expected, articles and refuse.")


def _finished(folder: Path, suite: str) -> "list[Run]":
    """The suite's finished runs in a folder, oldest first; broken-off ones are left out."""
    from eval.runs import read_run
    from index import BadConfiguration

    found = []
    for path in sorted(folder.glob(f"{suite}-*.jsonl")):
        try:
            found.append(read_run(path))
        except BadConfiguration:
            continue
    return found


def _judged(name: str, data: Path | None, work: Path) -> "GateVerdict":
    from bot.engine import AnswerFailure
    from eval.case import GateVerdict
    from eval.gate import judge
    from eval.run import run_suite
    from eval.runs import read_run
    from eval.suite import read_suite
    from index import BadConfiguration, ModelUnavailable

    try:
        suite = read_suite(name)
        baseline = read_run(suite.baseline) if suite.baseline.is_file() else None
        _path, done = run_suite(suite, data, work)
        return judge(suite, done, baseline)
    except BadConfiguration as error:
        return GateVerdict(2, (), str(error))
    except (AnswerFailure, ModelUnavailable) as error:
        return GateVerdict(3, (), str(error))


def _bare(done: "Run") -> "Run":
    """A run as a baseline: scores without what a person reads of failures."""
    from dataclasses import replace

    return replace(done, results=tuple(replace(each, details={}, latency_ms={}, usage={}) for each in done.results))


def _metric_json(metric: Any) -> dict[str, Any]:
    return {
        "name": metric.name,
        "value": round(metric.value, 6),
        "low": round(metric.low, 6),
        "high": round(metric.high, 6),
        "count": metric.count,
    }


def _verdict_json(verdict: "GateVerdict") -> dict[str, Any]:
    from eval.report.words import wording

    checks = [
        {"metric": each.metric, "condition": each.condition, "passed": each.passed, "reason": each.reason}
        for each in verdict.checks
    ]
    return {"code": verdict.code, "verdict": wording(verdict).word, "reason": verdict.reason, "checks": checks}
