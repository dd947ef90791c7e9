"""The embedded reranker with its real model, and what it does to the order of sentences."""

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answer import Question
from bot.ranking import RELEVANCE, rank
from bot.reranking import JUDGED, rerank
from index import Archive, ArchiveDamaged, Article, Evidence, MiniLM, Recency, Reranker
from index.models import MODEL

ASKED = "Who will build the new bridge in Port Arlen?"
QUOTES = [
    "Harbour Bridge: Brandreth & Voll has won the contract for the new bridge with a bid of 398 million.",
    "Harbour Bridge: The city council voted 22 to 16 on Wednesday to build the bridge.",
    "Harbour Bridge: A trip across the water takes 35 minutes by road today.",
    "The museum is open from May to September, daily except Tuesdays.",
    "",
    "地震の後、津波警報が出された。",
]


@pytest.fixture(scope="module")
def reranker() -> Reranker:
    return Reranker()


def test_the_sentence_that_answers_is_put_above_those_that_do_not(reranker: Reranker) -> None:
    numbers = reranker.relevance(ASKED, QUOTES)
    assert numbers.shape == (len(QUOTES),)
    assert numbers.argmax() == 0
    when = reranker.relevance("When is the museum open?", QUOTES)
    assert when.argmax() == 3
    assert when[3] > 0.5 > when[1]


def test_a_text_has_the_same_number_alone_and_in_any_company(reranker: Reranker) -> None:
    alone = np.concatenate([reranker.relevance(ASKED, [quote]) for quote in QUOTES])
    np.testing.assert_allclose(reranker.relevance(ASKED, QUOTES), alone, atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=400), st.lists(st.text(max_size=900), max_size=5))
def test_any_texts_have_numbers(reranker: Reranker, question: str, texts: list[str]) -> None:
    numbers = reranker.relevance(question, texts)
    assert numbers.shape == (len(texts),)
    assert np.isfinite(numbers).all()


def test_no_file_is_read_before_the_first_question(tmp_path: Path) -> None:
    waiting = Reranker(model=tmp_path)
    with pytest.raises(ArchiveDamaged, match=r"tokenizer\.json cannot be read .*git checkout"):
        waiting.relevance(ASKED, QUOTES)


def test_a_changed_model_is_named_and_refused(tmp_path: Path) -> None:
    for name in ("tokenizer.json", "reranker.onnx"):
        shutil.copy(MODEL / name, tmp_path)
    with (tmp_path / "reranker.onnx").open("ab") as file:
        file.write(b"\n")
    with pytest.raises(ArchiveDamaged, match=r"reranker\.onnx is not the one .*git checkout"):
        Reranker(model=tmp_path).relevance(ASKED, QUOTES)


def test_importing_the_module_loads_no_runtime() -> None:
    code = "import sys, index.reranker; print(sorted({'onnxruntime', 'tokenizers'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[Evidence]:
    body = (
        "The city council of Port Arlen voted 22 to 16 on Wednesday for the new bridge in Port Arlen. "
        "Who builds it was open for two years. A trip across the water takes 35 minutes by road today. "
        "Brandreth & Voll has won the contract with a bid of 398 million florns. "
        "Residents will pay a toll of 2 florns. The ferry stops running in 2030. It carries 900 cars a day. "
        "The mayor called it the end of a very long quarrel."
    )
    with Archive(tmp_path_factory.mktemp("read") / "home", MiniLM()) as archive:
        assert archive.ingest([Article(id="b", source="b", title="Harbour Bridge", body=body)]).new == 1
        return archive.search(ASKED, 10)


WEIGHTS = {"bridg": 2.0, "port": 2.0, "arlen": 3.0, "build": 2.0, "new": 1.0}


def test_the_best_sentences_have_a_relevance_of_their_own_and_the_others_the_mean_of_those(
    found: list[Evidence], reranker: Reranker
) -> None:
    (told,) = rerank(Question(ASKED), found, WEIGHTS, reranker)
    assert len(told.relevance) == len(told.passage.sentences) > JUDGED
    best = {each.place for each in rank(ASKED, found, WEIGHTS)[:JUDGED]}
    own = [told.relevance[place] for place in best]
    assert max(own) > min(own)
    (other,) = {each for place, each in enumerate(told.relevance) if place not in best}
    assert other == pytest.approx(sum(own) / JUDGED)


def test_relevance_changes_the_order_and_not_what_is_held_against_the_bar(
    found: list[Evidence], reranker: Reranker
) -> None:
    before = rank(ASKED, found, WEIGHTS)
    after = rank(ASKED, rerank(Question(ASKED), found, WEIGHTS, reranker), WEIGHTS)
    assert {each.place: each.score for each in after} == {each.place: each.score for each in before}
    builder = next(each.place for each in before if "Brandreth" in each.text)
    told = [replace(found[0], relevance=tuple(float(at == builder) for at in range(len(found[0].passage.sentences))))]
    placed = [each.place for each in rank(ASKED, told, WEIGHTS)]
    assert placed.index(builder) <= [each.place for each in before].index(builder)
    assert [each.order for each in rank(ASKED, told, WEIGHTS)] != [each.order for each in before]


def test_an_old_article_gains_less_by_its_relevance_where_news_is_wanted(found: list[Evidence]) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    gained = []
    for age in (0, 120, 1200):
        dated = replace(found[0], article=replace(found[0].article, published_at=at - timedelta(days=age)))
        sure = replace(dated, relevance=(1.0,) * len(dated.passage.sentences))
        before, after = (rank(ASKED, [each], WEIGHTS, Recency(at, 60.0))[0] for each in (dated, sure))
        assert (before.place, before.fit) == (after.place, after.fit)
        gained.append(after.order - before.order)
    assert gained == [pytest.approx(RELEVANCE), pytest.approx(RELEVANCE / 2), pytest.approx(0, abs=0.001)]
    assert rank(ASKED, [sure], WEIGHTS)[0].order == pytest.approx(rank(ASKED, [dated], WEIGHTS)[0].order + RELEVANCE)


def test_without_a_reranker_or_evidence_nothing_is_judged(found: list[Evidence], reranker: Reranker) -> None:
    assert rerank(Question(ASKED), found, WEIGHTS, None) == tuple(found)
    assert rerank(Question(ASKED), [], WEIGHTS, reranker) == ()
