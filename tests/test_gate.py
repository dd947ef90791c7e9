"""The gate: it passes an unchanged system, and a broken one never gets through."""

import random
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.answer import ProvenSentence, Question, Quote
from bot.engine import Writer
from bot.extractive import ExtractiveWriter
from bot.ranking import choose, rank, with_antecedent
from bot.settings import Settings
from eval.case import GateVerdict, Run
from eval.gate import judge
from eval.run import run_suite
from eval.runs import metrics_line, read_run
from eval.suite import Suite, read_dataset, read_suite
from index import Archive, BadConfiguration, Evidence, MiniLM, Reranker
from tests.test_shell import dateline

SMOKE = read_suite("smoke")


@dataclass
class Broken:
    """A writer that quotes what it is told to, whatever is asked."""

    quotes: str
    name: str = "extractive"
    model: str | None = None

    async def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence]:
        ranked = rank(question.text, evidence, weights)
        match self.quotes:
            case "nothing":
                chosen: list[Quote] = []
            case "everything":
                chosen = [Quote(each.evidence, each.span) for each in ranked]
            case "whatever comes first":
                chosen = [Quote(found, found.passage.sentences[0]) for found in evidence[:1]]
            case "without a threshold":
                chosen = [Quote(each.evidence, with_antecedent(each)) for each in choose(ranked)]
            case _:
                raise AssertionError(self.quotes)
        for quote in chosen:
            yield ProvenSentence(self._says(quote), (quote,), "verbatim")

    def _says(self, quote: Quote) -> str:
        return "Yes" if self.quotes == "whatever comes first" else quote.text


class Shuffled(Archive):
    """An archive whose index has lost its order: it finds passages, but any."""

    def search(self, query, k, chosen=None):  # type: ignore[no-untyped-def]
        everything = super().search("the council said the company of people", 60, chosen)
        return random.Random(query.text).sample(everything, min(k, len(everything)))


class Misplaced(Archive):
    """An archive that gives quotes one character beside where they stand."""

    def versions(self, article_id: str):  # type: ignore[no-untyped-def]
        return tuple(
            replace(each, article=replace(each.article, body=f" {each.article.body}"))
            for each in super().versions(article_id)
        )


def run_smoke(home: Path, work: Path, writer: Writer, kind: type[Archive] = Archive) -> Run:
    """The smoke suite over the sample archive that is already embedded."""

    def parts(_settings: Settings, own: Path) -> tuple[Archive, Writer]:
        shutil.copytree(home, own, dirs_exist_ok=True)
        return kind(own, MiniLM(), reranker=Reranker()), writer

    return run_suite(SMOKE, None, work, parts=parts)[1]


def verdict(run: Run) -> GateVerdict:
    return judge(SMOKE, run, read_run(SMOKE.baseline))


@pytest.fixture(scope="module")
def unchanged(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_smoke(sample_home, tmp_path_factory.mktemp("work"), ExtractiveWriter())


def test_an_unchanged_system_passes(unchanged: Run) -> None:
    assert verdict(unchanged) == replace(verdict(unchanged), code=0), verdict(unchanged).reason


def test_two_runs_have_the_same_metrics_byte_for_byte(unchanged: Run, sample_home: Path, tmp_path: Path) -> None:
    again = run_smoke(sample_home, tmp_path, ExtractiveWriter())
    assert metrics_line(again.metrics) == metrics_line(unchanged.metrics)
    assert verdict(again).code == 0


@pytest.mark.parametrize("quotes", ["nothing", "everything", "whatever comes first", "without a threshold"])
def test_a_constant_or_careless_answerer_is_blocked(sample_home: Path, tmp_path: Path, quotes: str) -> None:
    given = verdict(run_smoke(sample_home, tmp_path, Broken(quotes)))
    assert given.code == 1, given


def test_a_dropped_recency_signal_is_blocked(
    sample_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.retrieval.RECENCY", 0.0)
    monkeypatch.setattr("bot.ranking.RECENCY", 0.0)
    monkeypatch.setattr("bot.ranking.recency_weight", lambda *_: 1.0)
    given = verdict(run_smoke(sample_home, tmp_path, ExtractiveWriter()))
    assert given.code == 1, given


def test_a_shuffled_index_is_blocked(sample_home: Path, tmp_path: Path) -> None:
    given = verdict(run_smoke(sample_home, tmp_path, ExtractiveWriter(), Shuffled))
    assert given.code == 1
    assert any(check.metric == "recall@5" and not check.passed for check in given.checks)


def test_a_wrong_citation_offset_is_blocked(sample_home: Path, tmp_path: Path) -> None:
    given = verdict(run_smoke(sample_home, tmp_path, ExtractiveWriter(), Misplaced))
    assert given.code == 1
    assert any(check.metric == "citation_validity" and not check.passed for check in given.checks)


def test_a_metric_that_was_not_measured_is_no_pass(unchanged: Run) -> None:
    without = replace(unchanged, metrics=tuple(each for each in unchanged.metrics if each.name != "correct"))
    assert judge(SMOKE, without, None).code == 3


def test_a_baseline_of_other_cases_is_refused(unchanged: Run) -> None:
    other = replace(unchanged, identity=replace(unchanged.identity, cases="0" * 64))
    with pytest.raises(BadConfiguration, match="cases"):
        judge(SMOKE, unchanged, other)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("gate", "nothing"), 2, "There is no suite 'nothing'. Bundled are"),
        (("gate", "squad2"), 2, "needs the development data; say where with --data DIR"),
        (("gate", "squad2", "--data", "nowhere"), 2, "nowhere"),
        (("run", "nothing"), 2, "There is no suite 'nothing'"),
        (("compare", "a.jsonl", "b.jsonl"), 2, "a.jsonl"),
    ],
)
def test_bad_input_is_named(arguments: tuple[str, ...], code: int, message: str) -> None:
    done = dateline("eval", *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert message in " ".join((done.stdout + done.stderr).split())


def test_a_malformed_case_is_named_with_its_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "suite.toml").write_text('description = "mine"\n')
    (folder / "cases.jsonl").write_text('{"id": "1", "kind": "x"}\n')
    with pytest.raises(BadConfiguration, match=r"cases\.jsonl:1: field 'articles' is missing"):
        read_dataset(read_suite(str(folder)), None, None)
    (folder / "suite.toml").write_text('colour = "red"\n')
    with pytest.raises(BadConfiguration, match="colour"):
        read_suite(str(folder))


def test_a_broken_off_run_goes_on_where_it_stopped(unchanged: Run, sample_home: Path, tmp_path: Path) -> None:
    def parts(_settings: Settings, own: Path) -> tuple[Archive, Writer]:
        shutil.copytree(sample_home, own, dirs_exist_ok=True)
        return Archive(own, MiniLM(), reranker=Reranker()), ExtractiveWriter()

    path, _ = run_suite(SMOKE, None, tmp_path, parts=parts)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:50]) + lines[50][:20], "utf-8")  # killed in the middle of a line
    resumed, run = run_suite(SMOKE, None, tmp_path, resume=True, parts=parts)
    assert resumed == path
    assert metrics_line(run.metrics) == metrics_line(unchanged.metrics)


def test_every_bundled_suite_can_be_read() -> None:
    from eval.suite import bundled

    assert {"smoke", "multihop_rag", "squad2"} <= set(bundled())
    for name in bundled():
        assert isinstance(read_suite(name), Suite)
