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
from bot.ranking import rank, timely
from bot.reranking import JUDGED, rerank
from bot.understanding import search, understand
from index import Archive, ArchiveDamaged, Article, Evidence, Filter, MiniLM, Recency, Reranker
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
        "Brandreth & Voll will build the bridge, for 398 million florns. "
        "Residents will pay a toll of 2 florns. The ferry stops running in 2030. It carries 900 cars a day. "
        "The mayor called it the end of a very long quarrel. Fishermen fear for their moorings. "
        "Two tunnels were drawn. Neither was dug. The pillars will stand on granite. Herons nest on the northern bank. "
        "A choir sang in the hall. The gallery was full. Nobody left before midnight."
    )
    with Archive(tmp_path_factory.mktemp("read") / "home", MiniLM()) as archive:
        assert archive.ingest([Article(id="b", source="b", title="Harbour Bridge for Port Arlen", body=body)]).new == 1
        return archive.search(ASKED, 10)


NOW = datetime(2026, 11, 1, tzinfo=UTC)
WEIGHTS = {"bridg": 2.0, "port": 2.0, "arlen": 3.0, "build": 2.0, "new": 1.0}


def test_the_best_sentences_are_judged_and_the_one_that_answers_comes_first(
    found: list[Evidence], reranker: Reranker
) -> None:
    before = rank(ASKED, found, WEIGHTS)
    told = rerank(Question(ASKED), ASKED, found, WEIGHTS, reranker)
    after = rank(ASKED, told, WEIGHTS)
    assert [each.place for each in before if each.relevance is not None] == []
    assert {each.place for each in after if each.relevance is not None} == {each.place for each in before[:JUDGED]}
    assert "Brandreth" not in before[0].text
    assert "Brandreth" in after[0].text


def test_relevance_changes_neither_the_scores_nor_the_order_of_what_was_not_judged(
    found: list[Evidence], reranker: Reranker
) -> None:
    before = rank(ASKED, found, WEIGHTS)
    assert len(before) > JUDGED + 1
    after = rank(ASKED, rerank(Question(ASKED), ASKED, found, WEIGHTS, reranker), WEIGHTS)
    assert {each.place: each.score for each in after} == {each.place: each.score for each in before}
    assert [each.place for each in after if each.relevance is None] == [each.place for each in before[JUDGED:]]


def test_relevance_does_not_order_what_answers_a_question_that_joins_three_things(
    found: list[Evidence], reranker: Reranker
) -> None:
    joined = (
        "Which builder, that the city council of Port Arlen has chosen for its new bridge, won with an offer of 398 "
        "million florns, while residents of Port Arlen pay a toll of two florns, and ferries stop running in 2030?"
    )
    before = rank(joined, found, WEIGHTS)
    judged = rank(joined, rerank(Question(joined), joined, found, WEIGHTS, reranker), WEIGHTS)
    assert [each.place for each in judged] == [each.place for each in before]
    assert any(each.relevance is not None for each in judged), "it counts in whether there is an answer"


def dated(found: Evidence, days: int, relevance: float) -> Evidence:
    at = NOW - timedelta(days=days)
    sure = tuple(relevance for _ in found.passage.sentences)
    return replace(found, article=replace(found.article, published_at=at), relevance=sure)


def test_an_old_article_gains_less_by_its_relevance_where_news_is_wanted(found: list[Evidence]) -> None:
    old, new = dated(found[0], 1200, 0.9), dated(found[0], 0, 0.5)
    for recency, first in ((None, old), (Recency(NOW, 60.0), new)):
        assert rank(ASKED, [old, new], WEIGHTS, recency)[0].evidence is first
    assert [timely(0.8, each.article, Recency(NOW, 60.0)) for each in (new, dated(found[0], 120, 0))] == [0.8, 0.2]


def test_a_passage_that_answers_goes_before_one_that_was_found_as_well(
    found: list[Evidence], reranker: Reranker
) -> None:
    passage = found[0].passage
    toll, builder = (
        next(at for at, span in enumerate(passage.sentences) if word in passage.quote(span))
        for word in ("toll", "Brandreth")
    )
    one, other = (
        replace(
            found[0],
            passage=replace(passage, id=number, sentences=(passage.sentences[at],)),
            similarities=(found[0].similarities[at],),
            score=score,
        )
        for number, (at, score) in enumerate([(toll, 1.05), (builder, 1.0)])
    )
    reordered = rerank(Question(ASKED), ASKED, [one, other], WEIGHTS, reranker)
    assert [(each.passage.id, each.score) for each in reordered] == [(1, 1.0), (0, 1.05)]
    far = replace(one, score=1.5)
    assert rerank(Question(ASKED), ASKED, [far, other], WEIGHTS, reranker)[0].passage.id == 0


def test_without_evidence_nothing_is_judged(reranker: Reranker) -> None:
    assert rerank(Question(ASKED), ASKED, [], WEIGHTS, reranker) == ()


def test_what_happened_in_a_period_is_judged_without_the_words_of_time(samples: Archive) -> None:
    def best(text: str, chosen: Filter) -> float:
        question = Question(text, chosen)
        found = search(understand(question, text, samples, samples.publishers(), NOW), samples)
        return max(each for evidence in found.evidence for each in evidence.relevance if each is not None)

    tuesday, monday = datetime(2026, 10, 27, 9, tzinfo=UTC), datetime(2026, 10, 19, tzinfo=UTC)
    said = best("What did the teachers' union decide last week?", Filter(as_of=tuesday))
    alone = best("What did the teachers' union decide?", Filter(since=monday, as_of=tuesday))
    assert said == pytest.approx(alone, abs=0.01)
    assert said > 0.2
