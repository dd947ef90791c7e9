"""One case and what the system did with it, as scores between 0 and 1 and what a person needs to see of a failure.

A score is None where the metric does not apply. The names are the metric names of suites and reports.
"""

from typing import Any

from eval.case import Case, Outcome
from eval.claims import entails
from eval.metrics import answers, citations, retrieval

# What counts as a failed case when it is 0; the harm metrics when they are 1.
GOODS = ("correct", "citation_validity", "cited_share")
HARMS = ("stale_first", "forbidden_said")
NULL_ANSWER = "Insufficient information."  # MultiHop-RAG's gold answer to what its articles do not say


def score(case: Case, outcome: Outcome) -> tuple[dict[str, float | None], dict[str, Any]]:
    """All scores of a case, and its details for the report."""
    answer, quotes = outcome.answer, [each["quote"] for each in outcome.answer["citations"]]
    abstained = answer["status"] == "abstained"
    scores: dict[str, float | None] = {
        **_retrieval(case, outcome),
        **_short_answers(case, "" if abstained else answer["text"], quotes),
        "correct": _correct(case, quotes, abstained=abstained),
        "rightly_refused": float(abstained) if case.refuse else None,
        "wrongly_refused": None if case.refuse else float(abstained),
        "citation_validity": citations.citation_validity(answer, outcome.bodies),
        "cited_share": citations.cited_share(answer),
        "citation_recall": citations.citation_recall(answer, entails),
        "citation_precision": citations.citation_precision(answer, entails),
        "stale_first": citations.stale_first(answer, case.stale_articles),
        "quoted_share": citations.quoted_share(answer, outcome.bodies),
        "forbidden_said": citations.forbidden_said(answer["text"], case.forbidden),
        "confidence": outcome.confidence,
    }
    failed = [name for name in GOODS if scores[name] is not None and scores[name] != 1]
    failed += [name for name in HARMS if scores[name] == 1]
    details = {
        "question": case.question,
        "answer": answer["text"],
        "status": answer["status"],
        "quotes": quotes,
        "evidence": [each.header for each in outcome.evidence],
        "expected": _expected(case),
        "note": case.note,
        "failed": failed,
    }
    return scores, details


def _expected(case: Case) -> list[str]:
    if case.refuse:
        return ["no answer"]
    return [" or ".join(any_of) for any_of in case.expected] or list(case.answers)


def _retrieval(case: Case, outcome: Outcome) -> dict[str, float | None]:
    found = outcome.evidence
    facts, wanted = case.facts, case.articles
    return {
        "hits@4": retrieval.hits_at(found, facts, 4) if facts else None,
        "hits@10": retrieval.hits_at(found, facts, 10) if facts else None,
        "mrr@10": retrieval.mrr_at(found, facts, 10) if facts else None,
        "map@10": retrieval.map_released(found, facts) if facts else None,
        "fact-recall@10": retrieval.fact_recall_at(found, facts, 10) if facts else None,
        "all-docs@10": retrieval.all_docs_at(found, wanted, 10) if wanted else None,
        "doc-map@10": retrieval.doc_map_at(found, wanted, 10) if wanted else None,
        "recall@5": retrieval.recall_at(found, wanted, 5) if wanted else None,
        "ndcg@5": retrieval.ndcg_at(found, wanted, 5) if wanted else None,
    }


def _short_answers(case: Case, said: str, quotes: list[str]) -> dict[str, float | None]:
    """What gold short answers allow: SQuAD's EM and F1, the gold in the quotes, and MultiHop-RAG's answers by type."""
    if case.kind == answers.NULL:
        return {"strict_accuracy": answers.strict_accuracy(said, NULL_ANSWER, case.kind)}
    if case.refuse or not case.answers:
        return {}
    plain = answers.without_markers(said)
    return {
        **{f"gold@{n}": answers.gold_in_quotes(quotes, case.answers, n) for n in (1, 2, 3)},
        "answer_in_quotes": answers.gold_words_in_quotes(quotes, case.answers, len(quotes)),
        "exact_match": answers.exact_match(plain, case.answers),
        "f1": answers.token_f1(plain, case.answers),
        "strict_accuracy": max(answers.strict_accuracy(said, gold, case.kind) or 0.0 for gold in case.answers),
    }


def _correct(case: Case, quotes: list[str], *, abstained: bool) -> float | None:
    if case.refuse:
        return float(abstained)
    if case.expected:
        return float(not abstained and bool(answers.expected_in_quotes(quotes, case.expected)))
    if case.answers:
        return float(not abstained and bool(answers.gold_in_quotes(quotes, case.answers, len(quotes) or 1)))
    return None
