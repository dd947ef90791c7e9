"""A suite run from its name to its file: data read, archive opened, cases asked, the run written as it goes."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import index
from bot.engine import Writer
from bot.settings import Settings, read_settings
from bot.shell.output import progress
from bot.wiring import open_archive, writer
from eval.case import Identity, Result, Run
from eval.datasets import Dataset, digest, rounds
from eval.judge import Judge
from eval.measure import identity, results, summarise
from eval.recording import AskedAt, RecordedChat, Recording
from eval.runs import append_result, read_partial, start_run, write_run
from eval.suite import Suite, read_dataset
from index import Archive, BadConfiguration

Parts = Callable[[Settings, Path], tuple[Archive, Writer]]

INDEX = Path(index.__file__).parent
# What of the code decides what is stored of an article: where it has changed, a kept archive is no longer what
# ingest would make.
STORED_BY = (
    *("articles.py", "blocks.py", "correcting.py", "embedding.py", "ingesting.py", "likeness.py", "minilm.py"),
    *("models.py", "normalise.py", "passages.py", "reports.py", "segmenter.py", "stories.py", "tables.py"),
    "reading/*.py",
)


def run_suite(
    suite: Suite,
    data: Path | None,
    work: Path,
    *,
    limit: int | None = None,
    resume: bool = False,
    recording: Recording | None = None,
    judge: Judge | None = None,
    parts: Parts | None = None,
) -> tuple[Path, Run]:
    """Run a suite; the run's file and the run.

    The archive is kept in `work` (`archive_name`), so that nothing is embedded twice. Results are written as they come;
    `resume` goes on with the suite's newest unfinished file. `recording` has the model's replies or takes them down;
    `judge` is put every sentence of every answer. `parts` makes the archive and the writer, for tests. Raises
    BadConfiguration, AnswerFailure.
    """
    dataset = read_dataset(suite, data, limit)
    home = work / "archives" / archive_name(suite, dataset)
    archive, answers_with = (parts or _parts(recording))(read_settings(), home)
    if recording is not None:
        answers_with = AskedAt(answers_with, recording.asked_at)
    with archive:
        replays = recording is not None and recording.replays
        who = identity(suite, dataset, archive, answers_with, judge, replays=replays)
        path, done = _begin(work / "runs", who, resume=resume)
        start_run(path, who, tuple(done.values()))
        found: list[Result] = []
        with progress(suite.name, len(dataset.cases) + len(dataset.claims), unit="cases") as tick:
            for part in rounds(dataset):
                _hold(archive, part)
                for result in results(part, archive, answers_with, done, judge):
                    found.append(result)
                    if result.case_id not in done:
                        append_result(path, result)
                    tick()
    if recording is not None:
        recording.finish()
    run = Run(who, tuple(found), summarise(found, suite.seed))
    write_run(path, run)
    return path, run


def archive_name(suite: Suite, dataset: Dataset) -> str:
    """The folder of a suite's archive: the suite, the digest of its articles, that of the code that stores them."""
    files = sorted(path for pattern in STORED_BY for path in INDEX.glob(pattern))
    code = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()
    return f"{suite.name}-{digest(dataset)[0][:12]}-{code[:8]}"


def filled_archive(work: Path, suite: Suite, dataset: Dataset) -> Path:
    """The archive that a run of the suite has left in `work`. Raises BadConfiguration when there is none."""
    home = work / "archives" / archive_name(suite, dataset)
    if not home.exists():
        raise BadConfiguration(
            f"{home} does not exist: run `dateline eval run {suite.name} --data DIR --work {work}` first."
        )
    return home


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
            return last, {each.case_id: each for each in before if not each.unmeasured}
    return folder / f"{who.suite}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.jsonl", {}


def _parts(recording: Recording | None) -> Parts:
    """The parts that the settings name. Raises BadConfiguration when there is a recording and no model."""

    def parts(settings: Settings, home: Path) -> tuple[Archive, Writer]:
        if recording is not None and not settings.uses_llm:
            raise BadConfiguration(
                f"{recording.path} is for replies of a model, and none is set: set DATELINE_LLM_MODEL and "
                "DATELINE_LLM_BASE_URL as they are at the recording. A replay asks no server and needs no key."
            )
        answers_with = writer(settings, partial(RecordedChat, recording) if recording is not None else None)
        return open_archive(settings, home), answers_with

    return parts
