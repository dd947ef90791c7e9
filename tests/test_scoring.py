"""One case and its outcome as scores, and the results of a run as metrics: by hand."""

from dataclasses import replace
from typing import Any

import pytest

from eval.case import Case, Claim, Metric, Outcome, Result
from eval.claims import carried, entails, verify_claim
from eval.measure import summarise
from eval.scoring import score
from eval.spending import spent

BODY = "Mayor Lena Ortiz opened the library on Monday. It cost 12 million crowns."
CASE = Case("1", "inference_query", "Who opened the library?", answers=("Lena Ortiz",))
NULL = Case("2", "null_query", "Who closed the mine?", refuse=True)


def outcome(said: str, quote: str = "Mayor Lena Ortiz opened the library on Monday.") -> Outcome:
    start = BODY.index(quote)
    citation = {"index": 1, "article_id": "a", "quote": quote, "start": start, "end": start + len(quote)}
    sentences = [{"text": said, "citations": [1], "verdict": "supported"}]
    answer = {"status": "answered", "text": f"{said} [1]", "sentences": sentences, "citations": [citation]}
    return Outcome((), answer, None, {"a": BODY})


def refusal() -> Outcome:
    answer: dict[str, Any] = {"status": "abstained", "text": "I found no answer.", "sentences": [], "citations": []}
    return Outcome((), answer, None, {})


def scores(case: Case, found: Outcome) -> dict[str, float | None]:
    return score(case, found)[0]


def test_a_short_answer_is_measured_as_squad_does_without_its_citation_numbers() -> None:
    exact = scores(CASE, outcome("Lena Ortiz"))
    assert (exact["exact_match"], exact["f1"], exact["answer_in_quotes"], exact["strict_accuracy"]) == (1, 1, 1, 1)
    longer = scores(CASE, outcome("Mayor Lena Ortiz opened the library."))
    assert longer["exact_match"] == 0
    assert longer["f1"] == pytest.approx(2 * 2 / (2 + 5))  # “the” is no word of SQuAD's
    assert longer["strict_accuracy"] == 1


def test_the_answer_must_stand_in_the_quotes() -> None:
    found = scores(CASE, outcome("Lena Ortiz", quote="It cost 12 million crowns."))
    assert (found["exact_match"], found["answer_in_quotes"]) == (1, 0)


def test_a_refusal_is_an_empty_answer() -> None:
    refused = scores(CASE, refusal())
    assert (refused["exact_match"], refused["f1"], refused["strict_accuracy"]) == (0, 0, 0)
    assert scores(NULL, refusal())["strict_accuracy"] == 1
    assert scores(NULL, outcome("Lena Ortiz"))["strict_accuracy"] == 0


def test_what_has_no_gold_short_answer_has_no_such_score() -> None:
    found = scores(replace(CASE, answers=(), expected=(("Ortiz",),)), outcome("Lena Ortiz"))
    assert not {"exact_match", "f1", "strict_accuracy", "answer_in_quotes"} & found.keys()


@pytest.mark.parametrize(
    ("said", "recall"),
    [
        ("Mayor Lena Ortiz opened the library on Monday.", 1),
        ("Lena Ortiz opened the library.", 1),
        ("Lena Ortiz closed the library.", 0),
        ("Lena Ortiz did not open the library.", 0),
        ("Lena Ortiz opened three libraries.", 0),
        ("The weather was fine.", 0),
    ],
)
def test_citation_recall_is_by_the_prover(said: str, recall: float) -> None:
    found = scores(CASE, outcome(said))
    assert (found["citation_recall"], found["citation_precision"]) == (recall, recall)


def test_several_sentences_entail_together() -> None:
    claim = "Lena Ortiz opened the library, which cost 12 million crowns."
    assert entails(BODY, claim)
    assert not entails("Mayor Lena Ortiz opened the library on Monday.", claim)


def test_support_of_a_text_adds_up_what_its_sentences_lack() -> None:
    true, false = "Mayor Lena Ortiz opened the library on Monday.", "Boats sink in storms."
    assert carried(true, [BODY]) == 1
    assert carried(f"{true} {false}", [BODY]) == carried(false, [BODY]) < 0.5
    assert carried("The library cost 13 million crowns.", [BODY]) < carried("The library cost crowns.", [BODY])


def test_claims_are_summed_up_by_kind_with_thresholds_from_the_other_half() -> None:
    claims = [
        Claim(f"{at}", "town", text, (f"{BODY} It was day {at}.",), supported)
        for at in range(8)
        for text, supported in (("Lena Ortiz opened the library.", True), ("Otters opened a ski lift.", False))
    ]
    found = by_name(summarise([verify_claim(each) for each in claims], 1))
    names = ("balanced_accuracy.town", "support_auc.town", "tuned_balanced_accuracy.town", "tuned_balanced_accuracy")
    assert [found[name].value for name in names] == [1, 1, 1, 1]
    assert "support" not in found


def result(name: str, kind: str, *, cost: float = 0.0, total: float = 10.0, **given: float | None) -> Result:
    usage = {"prompt_tokens": 100.0, "completion_tokens": 10.0, "cost_usd": cost}
    return Result(name, kind, given, {"first_sentence": total / 2, "total": total}, usage, {})


def by_name(found: tuple[Metric, ...]) -> dict[str, Metric]:
    return {each.name: each for each in found}


def test_every_kind_counts_alike_in_strict_accuracy() -> None:
    found = [result(str(at), "inference_query", strict_accuracy=1.0) for at in range(3)]
    found.append(result("x", "null_query", strict_accuracy=0.0))
    metrics = by_name(summarise(found, 1))
    assert metrics["strict_accuracy"].value == 0.75
    assert metrics["strict_accuracy.inference_query"].value == 1
    assert metrics["strict_accuracy_macro"].value == 0.5


def test_refusals_have_precision_and_recall() -> None:
    found = [
        result("1", "k", rightly_refused=1.0),
        result("2", "k", rightly_refused=0.0),
        result("3", "k", rightly_refused=0.0),
        result("4", "k", wrongly_refused=1.0),
        result("5", "k", wrongly_refused=0.0),
    ]
    metrics = by_name(summarise(found, 1))
    assert (metrics["refusal_precision"].value, metrics["refusal_precision"].count) == (1 / 2, 2)
    assert (metrics["refusal_recall"].value, metrics["refusal_recall"].count) == (1 / 3, 3)
    assert "refusal_precision" not in by_name(summarise([result("1", "k", wrongly_refused=0.0)], 1))


def test_what_a_run_took_is_shown_and_is_no_metric() -> None:
    found = [result(str(at), "k", total=float(at), cost=0.25, correct=1.0) for at in range(1, 21)]
    took = {each.name: each.value for each in spent(found)}
    assert took == {
        "first_sentence_ms_p50": 5.0,
        "first_sentence_ms_p95": 9.5,
        "total_ms_p50": 10.0,
        "total_ms_p95": 19.0,
        "prompt_tokens": 2000.0,
        "completion_tokens": 200.0,
        "cost_usd": 5.0,
    }
    assert not took.keys() & by_name(summarise(found, 1)).keys()
    assert spent([replace(each, latency_ms={}, usage={}) for each in found]) == ()
