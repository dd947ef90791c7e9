"""A suite run from its name to its file: data read, archive opened, cases asked, the run written as it goes."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.engine import Writer
from bot.settings import Settings, read_settings
from bot.shell.output import progress
from bot.wiring import open_archive, writer
from eval.case import Identity, Result, Run
from eval.datasets import Dataset, digest, rounds
from eval.measure import identity, results, summarise
from eval.runs import append_result, read_partial, start_run, write_run
from eval.suite import Suite, read_dataset
from index import Archive, BadConfiguration

Parts = Callable[[Settings, Path], tuple[Archive, Writer]]


def run_suite(
    suite: Suite,
    data: Path | None,
    work: Path,
    *,
    limit: int | None = None,
    resume: bool = False,
    parts: Parts | None = None,
) -> tuple[Path, Run]:
    """Run a suite; the run's file and the run.

    The archive is kept in `work` under the digest of its articles, so that nothing is embedded twice. Results are
    written as they come; `resume` goes on with the suite's newest unfinished file. `parts` makes the archive and the
    writer, for tests. Raises BadConfiguration, AnswerFailure.
    """
    dataset = read_dataset(suite, data, limit)
    name = f"{suite.name}-{digest(dataset)[0][:12]}"
    archive, answers_with = (parts or _parts)(read_settings(), work / "archives" / name)
    with archive:
        who = identity(suite, dataset, archive, answers_with)
        path, done = _begin(work / "runs", who, resume=resume)
        start_run(path, who, tuple(done.values()))
        found: list[Result] = []
        with progress(suite.name, len(dataset.cases) + len(dataset.claims), unit="cases") as tick:
            for part in rounds(dataset):
                _hold(archive, part)
                for result in results(part, archive, answers_with, done):
                    found.append(result)
                    if result.case_id not in done:
                        append_result(path, result)
                    tick()
    run = Run(who, tuple(found), summarise(found, suite.seed))
    write_run(path, run)
    return path, run


def _hold(archive: Archive, part: Dataset) -> None:
    """Make the archive hold exactly these articles."""
    report = archive.ingest(part.articles)
    if report.errors:
        raise BadConfiguration(f"{report.errors[0][0]}: {report.errors[0][1]}")
    wanted = {article.id for article in part.articles}
    for version in archive.articles():
        if version.article.id not in wanted:
            archive.remove(version.article.id)


def _begin(folder: Path, who: Identity, *, resume: bool) -> tuple[Path, dict[str, Result]]:
    """The file of this run, and the results it has already when it goes on with the newest one of the same cases."""
    last = max(folder.glob(f"{who.suite}-*.jsonl"), default=None)
    if resume and last is not None:
        begun, before = read_partial(last)
        if (begun.data, begun.cases, begun.models) == (who.data, who.cases, who.models):
            return last, {each.case_id: each for each in before}
    return folder / f"{who.suite}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.jsonl", {}


def _parts(settings: Settings, home: Path) -> tuple[Archive, Writer]:
    answers_with = writer(settings)
    return open_archive(settings, home), answers_with
