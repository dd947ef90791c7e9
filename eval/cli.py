"""The commands under `dateline eval`: run, gate, judge, compare, report, add."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from eval.case import GateVerdict, Run
    from eval.judge import Judge
    from eval.recording import Recording
    from index import Rating

app = typer.Typer(help="Measure answers, and block a bad deploy.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Data = Annotated[Path | None, typer.Option(help="The folder of the development data.")]
Work = Annotated[Path, typer.Option(help="Where archives and runs are kept between runs.")]
SuiteName = Annotated[str, typer.Argument(help="A bundled suite, or a folder with a suite.toml.")]
Record = Annotated[Path | None, typer.Option(help="Ask the model, and keep its replies in this file.")]
Replay = Annotated[Path | None, typer.Option(help="Ask nobody: take the model's replies from this file.")]
JudgedBy = Annotated[
    Path | None,
    typer.Option("--judge", help="Have a model judge answers; the file is what `dateline eval judge` wrote."),
]
WORK = Path(".dateline-eval")


@app.command()
def run(
    suite: SuiteName,
    data: Data = None,
    work: Work = WORK,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many cases, drawn with the suite's seed.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on with the run that was broken off.")] = False,
    record: Record = None,
    replay: Replay = None,
    judge: JudgedBy = None,
    save_baseline: Annotated[bool, typer.Option(help="Make this run the suite's baseline.")] = False,
    as_json: Json = False,
) -> None:
    """Run a suite and show its metrics. Code 1 when some cases could not be measured."""
    from bot.shell.output import print_json
    from eval.run import run_suite
    from eval.runs import bare, write_run
    from eval.spending import spent
    from eval.suite import read_suite
    from index import BadConfiguration

    chosen = read_suite(suite)
    recording = _recording(record, replay, resume=resume)
    path, done = run_suite(
        chosen, data, work, limit=limit, resume=resume, recording=recording, judge=_judge(judge, recording)
    )
    lost = [each.unmeasured for each in done.results if each.unmeasured]
    if save_baseline and lost:
        raise BadConfiguration(f"{len(lost)} cases are unmeasured: this run is no baseline. {lost[0]}")
    if save_baseline:
        write_run(chosen.baseline, bare(done))
    if as_json:
        took = {each.name: round(each.value, 6) for each in spent(done.results)}
        metrics = [_metric_json(each) for each in done.metrics]
        print_json({"run": str(path), "metrics": metrics, "spent": took, "unmeasured": lost})
    else:
        _show_run(done, path)
    raise typer.Exit(1 if lost else 0)


@app.command()
def gate(
    suites: Annotated[list[str], typer.Argument(help="Suites that must all pass.")],
    data: Data = None,
    work: Work = WORK,
    record: Record = None,
    replay: Replay = None,
    judge: JudgedBy = None,
    allow_unmeasured: Annotated[bool, typer.Option(help="Let what could not be measured pass.")] = False,
    as_json: Json = False,
) -> None:
    """Run suites and say whether to deploy. Codes: 0 pass, 1 regression, 2 configuration, 3 unmeasured."""
    from bot.shell.output import console, print_json
    from eval.report.words import wording
    from index import BadConfiguration

    if record is not None and len(suites) > 1:
        raise BadConfiguration("A recording is of one suite; give one suite with --record.")
    recording = _recording(record, replay, resume=False)
    voter = _judge(judge, recording)
    verdicts = {name: _judged(name, data, work, recording, voter) for name in suites}
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


@app.command("judge")
def qualify_judge(
    data: Annotated[Path, typer.Option(help="The folder of the development data.")],
    out: Annotated[Path, typer.Option(help="Where the qualification is written.")] = WORK / "judge.json",
    seed: Annotated[int, typer.Option(help="Which labelled claims are drawn.")] = 2026,
    as_json: Json = False,
) -> None:
    """Try the judge of DATELINE_JUDGE_MODEL on labelled claims. Code 0 when it qualifies, else 1."""
    from dataclasses import asdict

    from bot.settings import read_settings
    from bot.shell.output import console, print_json, progress
    from eval.judge import draw, judge, qualify, write_qualification

    candidate = judge(read_settings())
    sets = draw(data, seed)
    with progress(candidate.model, sum(map(len, sets.values())), unit="claims") as tick:
        given = qualify(candidate, sets, seed, tick)
    write_qualification(out, given)
    failings = given.failings()
    if as_json:
        print_json({**asdict(given), "qualified": not failings, "failings": failings, "file": str(out)})
        raise typer.Exit(1 if failings else 0)
    screen = console()
    for name, value in {**given.balanced_accuracy, "all": given.overall}.items():
        count = given.items.get(name, sum(given.items.values()))
        screen.print(f"balanced accuracy, {name:<18} {value:.3f}  n = {count}")
    screen.print(f"agreement with itself {'':<14} {given.agreement:.3f}")
    screen.print(f"\n{given.model}: {'not qualified: ' + '; '.join(failings) if failings else 'qualified'}\n{out}")
    raise typer.Exit(1 if failings else 0)


@app.command()
def compare(before: Path, after: Path, as_json: Json = False) -> None:
    """Compare two runs of one suite, case by case."""
    from dataclasses import asdict

    from bot.shell.output import console, print_json
    from eval.compare import compare as compare_runs
    from eval.compare import render_comparison
    from eval.runs import read_run

    changed = compare_runs(read_run(before), read_run(after))
    if as_json:
        print_json(asdict(changed))
    else:
        console().print(render_comparison(changed))


@app.command()
def report(
    path: Annotated[Path, typer.Argument(metavar="RUN", help="A run's file.")],
    out: Annotated[Path | None, typer.Option(help="A folder for report.html, report.xml and report.md.")] = None,
    as_json: Json = False,
) -> None:
    """Write a run's report: one HTML page, JUnit XML, Markdown for a pull request."""
    from bot.shell.output import console, print_json
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
    if as_json:
        print_json({name: str(folder / f"report.{name}") for name in ("html", "xml", "md")})
    else:
        console().print(str(folder / "report.html"))


@app.command()
def add(
    cases: Annotated[Path, typer.Option(help="The cases.jsonl to add it to.")],
    question: Annotated[str | None, typer.Argument(help="The question, as it was asked.")] = None,
    answer: Annotated[str | None, typer.Option(metavar="ID", help="An answer that went wrong, by its id.")] = None,
    disliked: Annotated[bool, typer.Option("--disliked", help="Every answer that somebody rated down.")] = False,
    as_json: Json = False,
) -> None:
    """Add a question, or answers that went wrong, as cases that a person completes. Until then the suite refuses."""
    from bot.shell.output import console, print_json
    from eval.adding import add_case, asked, of_answer, without_known
    from index import BadConfiguration

    if (question is not None) + (answer is not None) + disliked != 1:
        raise BadConfiguration("Give either a question, or --answer ID, or --disliked.")
    if question is not None:
        added = [asked(question)]
    else:
        added = without_known(cases, [of_answer(*each) for each in _stored_answers(answer)])
    for case in added:
        add_case(cases, case)
        if not as_json:
            console().print(f"{case['id']} was added to {cases}; complete its refuse, expected and articles.")
    if as_json:
        print_json({"added": [case["id"] for case in added], "cases": str(cases)})
    elif not added:
        console().print(f"{cases} has them all already.")


def _stored_answers(answer_id: str | None) -> list[tuple[str, tuple["Rating", ...]]]:
    """An answer of the user's archive, or all that somebody rated down, each with its ratings.

    Raises BadConfiguration when there is none of that id.
    """
    from bot.settings import read_settings
    from bot.wiring import open_archive
    from index import BadConfiguration

    settings = read_settings()
    with open_archive(settings) as archive:
        if answer_id is None:
            return [
                (each, archive.answers.ratings(json.loads(each)["answer_id"])) for each in archive.answers.disliked()
            ]
        found = archive.answers.get(answer_id)
        if found is None:
            raise BadConfiguration(
                f"The archive in {settings.home} has no answer {answer_id!r}; its id is in its JSON."
            )
        return [(found, archive.answers.ratings(answer_id))]


def _recording(record: Path | None, replay: Path | None, *, resume: bool) -> "Recording | None":
    from datetime import UTC, datetime

    from eval.recording import begin, read
    from index import BadConfiguration

    if record is not None and replay is not None:
        raise BadConfiguration("--record asks the model and --replay asks nobody: give one of them.")
    if record is not None:
        return begin(record, datetime.now(UTC), resume=resume)
    return read(replay) if replay is not None else None


def _judge(qualification: Path | None, recording: "Recording | None") -> "Judge | None":
    """The judge of the settings, when one is asked for; its replies are recorded and replayed like the answers'."""
    from functools import partial

    from bot.chat import Chat
    from bot.settings import read_settings
    from eval.judge import judge
    from eval.recording import RecordedChat

    if qualification is None:
        return None
    return judge(read_settings(), partial(RecordedChat, recording) if recording else Chat, qualification)


def _show_run(done: "Run", path: Path) -> None:
    from bot.shell.output import console
    from eval.report.words import number, title
    from eval.spending import spent

    screen = console()
    for metric in done.metrics:
        name = title(done, metric.name)
        screen.print(f"{name:<28} {metric.value:6.3f}  [{metric.low:.3f}, {metric.high:.3f}]  n = {metric.count}")
    for each in spent(done.results):
        screen.print(f"{each.name:<28} {number(each.value)}")
    lost = [each.unmeasured for each in done.results if each.unmeasured]
    if lost:
        screen.print(f"\n{len(lost)} of {len(done.results)} cases are unmeasured: {lost[0]}")
    failures = [each.details["not_judged"] for each in done.results if each.details.get("not_judged")]
    if failures:
        screen.print(f"\n{len(failures)} answers were not judged: {failures[0]}")
    screen.print(f"\n{path}")


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


def _judged(
    name: str, data: Path | None, work: Path, recording: "Recording | None", voter: "Judge | None"
) -> "GateVerdict":
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
        _path, done = run_suite(suite, data, work, recording=recording, judge=voter)
        return judge(suite, done, baseline)
    except BadConfiguration as error:
        return GateVerdict(2, (), str(error))
    except (AnswerFailure, ModelUnavailable) as error:
        return GateVerdict(3, (), str(error))


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
