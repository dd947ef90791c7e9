"""Whether there is an answer: a bar that rises with what is asked, a probability that means something."""

import json
from dataclasses import replace

import pytest

from bot.answer import Question
from bot.confidence import COEFFICIENTS, NEITHER, Signals, answerable, bar, confidence, probability
from bot.ranking import rank
from bot.reranking import rerank
from index import Archive, Reranker
from tests.conftest import article

BRIDGE = "The harbour bridge in Arlen will close on Monday. Quillon Brack, the engineer, said repairs cost 12 million."
APPLES = "Frost hit the apples of the valley. The growers expect to lose a third of them."


def test_what_the_archive_tells_is_likelier_than_what_it_does_not(archive: Archive) -> None:
    archive.ingest([article("bridge", BRIDGE), article("apples", APPLES)])
    reranker = Reranker()
    likely = {}
    for question in ("When will the harbour bridge in Arlen close?", "Which singer won the prize in Oslo?"):
        weights = archive.word_weights(question)
        evidence = rerank(Question(question), question, archive.search(question, 10), weights, reranker)
        ranked = rank(question, evidence, weights)
        likely[question] = probability(question, ranked, weights)
        assert answerable(question, ranked, weights) == (confidence(ranked, weights) >= 0)
    told, untold = likely.values()
    assert 0 <= untold < 0.2
    assert 0.5 < told <= 1


def test_a_question_about_someone_else_is_less_likely_to_be_answered(archive: Archive) -> None:
    archive.ingest([article("bridge", BRIDGE)])
    asked = [f"What did {name} say of the repairs?" for name in ("Quillon Brack", "Tamsin Oake")]
    weights = [archive.word_weights(each) for each in asked]
    ranked = [rank(each, archive.search(each, 10), own) for each, own in zip(asked, weights, strict=True)]
    his, hers = map(probability, asked, ranked, weights)
    assert hers < his


@pytest.mark.parametrize(("relevance", "counts"), [(None, 0), (NEITHER, 0), (0.9, 1), (0.01, -1)])
def test_what_the_reranker_says_of_one_sentence_raises_or_lowers_confidence(
    archive: Archive, relevance: float | None, counts: int
) -> None:
    archive.ingest([article("bridge", BRIDGE)])
    question = "When will the harbour bridge in Arlen close?"
    weights = archive.word_weights(question)
    ranked = rank(question, archive.search(question, 10), weights)
    judged = [replace(ranked[0], relevance=relevance), *ranked[1:]]
    gained = confidence(judged, weights) - confidence(ranked, weights)
    assert (gained > 0) - (gained < 0) == counts


def test_without_evidence_nothing_is_likely() -> None:
    assert probability("Who?", [], {}) == 0
    assert confidence([], {}) < 0
    assert not answerable("Who?", [], {})


def test_a_longer_question_needs_less_of_one_sentence() -> None:
    assert bar(1) == bar(6) > bar(12) > bar(40)


def test_every_signal_has_its_coefficient_and_says_what_it_was_fitted_on() -> None:
    kept = json.loads(COEFFICIENTS.read_text("utf-8"))
    assert kept["coefficients"].keys() == {"intercept", *Signals._fields}
    assert "CC BY-SA" in kept["fitted_on"]
