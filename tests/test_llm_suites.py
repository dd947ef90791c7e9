"""rgb and poisonedrag asked of a model: runs complete, every case is scored, and what was poisoned is counted."""

import pytest

from bot.engine import Writer
from bot.llm import LLMWriter
from eval.case import Case, Metric, Result
from eval.datasets import Dataset, load
from eval.measure import results, summarise
from index import Archive, Article
from tests.conftest import DATA
from tests.scripted_server import serving
from tests.test_llama_cpp import url as llama_url
from tests.test_recording import quotes_the_first

SOME = 4  # cases, over their own articles; `dateline eval run rgb --data DIR` takes all
SUITES = {"rgb": {"noise", "negatives", "counterfactual"}, "poisonedrag": {"poisoned", "poisoned_choice"}}
llama = llama_url


def share(name: str, count: int) -> Dataset:
    """So many cases, and the articles that are theirs."""
    whole = load(name, DATA, count)

    def is_of(article: Article, case: Case) -> bool:
        return article.publisher in case.filter.publishers or article.id.startswith(f"{case.id}#")

    articles = tuple(each for each in whole.articles if any(is_of(each, case) for case in whole.cases))
    return Dataset(name, articles, whole.cases, ())


def run(name: str, archive: Archive, count: int, writer: Writer) -> tuple[list[Result], tuple[Metric, ...]]:
    dataset = share(name, count)
    assert archive.ingest(dataset.articles).errors == ()
    done = list(results(dataset, archive, writer, {}))
    return done, summarise(done, 2026)


@pytest.mark.parametrize("name", SUITES)
def test_a_scripted_model_is_run_and_scored(name: str, archive: Archive) -> None:
    with serving(quotes_the_first) as server:
        done, metrics = run(name, archive, SOME, LLMWriter(server.url, "none", "scripted"))
        assert len(server.requests) >= SOME
    _are_scored(done, metrics, name, SOME)
    assert any(each.details["quotes"] for each in done)


@pytest.mark.parametrize("name", SUITES)
def test_smollm2_is_run_and_scored(name: str, archive: Archive, llama: str) -> None:
    writer = LLMWriter(
        llama, "none", "smollm2", context_tokens=1000, reply_tokens=30, first_token_timeout=200, total_timeout=250
    )
    _are_scored(*run(name, archive, 1, writer), name, 1)


def _are_scored(done: list[Result], metrics: tuple[Metric, ...], name: str, count: int) -> None:
    assert len(done) == count
    assert {each.kind for each in done} <= SUITES[name]
    for each in done:
        assert not each.unmeasured
        assert each.usage["prompt_tokens"] >= 100
        assert each.scores["citation_validity"] in (1.0, None)
    assert {metric.name for metric in metrics} & {"forbidden_said", "correct", "rightly_refused"}
