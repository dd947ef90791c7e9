"""The retrieval metrics, worked by hand: rankings are words of letters, one letter an article and its fact."""

from math import isclose, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.case import Fact, Retrieved
from eval.metrics import retrieval

FACTS = {"A": "The main span is\n640 metres.", "B": "The vote  was eleven to four.", "C": "Costs rose by 9 %."}


def ranking(letters: str) -> list[Retrieved]:
    """One passage a letter; an upper-case one holds the fact of its article, with other white space."""
    return [
        Retrieved(letter.lower(), 0, 9, "A headline", " ".join(FACTS.get(letter, "Nothing.").split()), 1.0)
        for letter in letters
    ]


def facts(letters: str) -> list[Fact]:
    return [Fact(FACTS[letter], letter.lower()) for letter in letters]


# Worked with the released definitions. MAP: (new facts at a rank / the rank), summed, over min(number of facts, 10).
RELEASED = [
    # ranking, gold, Hits@4, MRR@10, MAP@10, fact-recall@10
    ("A", "A", 1, 1, 1, 1),
    ("xxxA", "A", 1, 1 / 4, 1 / 4, 1),
    ("xxxxA", "A", 0, 1 / 5, 1 / 5, 1),
    ("AB", "AB", 1, 1, (1 / 1 + 1 / 2) / 2, 1),  # perfect order, yet .75: the script's MAP is none
    ("ABC", "ABC", 1, 1, (1 / 1 + 1 / 2 + 1 / 3) / 3, 1),  # ≈ .61
    ("AAAA", "AB", 1, 1, (1 / 1) / 2, 1 / 2),  # found again counts for nothing
    ("xAxB", "AB", 1, 1 / 2, (1 / 2 + 1 / 4) / 2, 1),
    ("xxxxxxxxxxA", "A", 0, 0, 0, 0),  # rank 11 is beyond 10
    ("xyz", "AB", 0, 0, 0, 0),
    ("", "A", 0, 0, 0, 0),
]


@pytest.mark.parametrize(("order", "gold", "hits", "mrr", "map_", "recall"), RELEASED)
def test_the_released_definitions(order: str, gold: str, hits: float, mrr: float, map_: float, recall: float) -> None:
    found, wanted = ranking(order), facts(gold)
    assert retrieval.hits_at(found, wanted, 4) == hits
    assert retrieval.mrr_at(found, wanted, 10) == mrr
    assert retrieval.map_released(found, wanted, 10) == pytest.approx(map_)
    assert retrieval.fact_recall_at(found, wanted, 10) == recall


def test_a_chunk_is_its_header_and_its_text() -> None:
    fact = [Fact("Title here body there", "a")]
    assert retrieval.hits_at([Retrieved("a", 0, 1, "A Title here", "body there.", 1)], fact, 1) == 1
    assert retrieval.hits_at([Retrieved("a", 0, 1, "A title here", "body there.", 1)], fact, 1) == 0  # case counts


def test_two_facts_in_one_chunk_count_together() -> None:
    both = [Retrieved("a", 0, 1, "", FACTS["A"] + FACTS["B"], 1)]
    assert retrieval.map_released(both, facts("AB")) == 1
    assert retrieval.fact_recall_at(both, facts("AB"), 1) == 1
    # The script counts a fact that is listed twice in the denominator only: 1 new fact at rank 1, over 2.
    assert retrieval.map_released(both, facts("AA")) == 1 / 2
    assert retrieval.fact_recall_at(both, facts("AA"), 1) == 1


BY_ARTICLE = [
    # ranking, gold, k, all-docs, recall, doc-MAP, nDCG
    ("ab", "ab", 10, 1, 1, 1, 1),
    ("aaab", "ab", 10, 1, 1, 1, 1),  # distinct articles: a, b
    ("aaab", "ab", 3, 0, 1 / 2, (1 / 1) / 2, 1 / (1 + 1 / log2(3))),  # k counts passages
    ("axb", "ab", 10, 1, 1, (1 / 1 + 2 / 3) / 2, (1 + 1 / log2(4)) / (1 + 1 / log2(3))),
    ("xxa", "ab", 10, 0, 1 / 2, (1 / 2) / 2, (1 / log2(3)) / (1 + 1 / log2(3))),
    ("xyz", "ab", 10, 0, 0, 0, 0),
    ("a", "abc", 1, 0, 1 / 3, 1, 1),  # no more than one can be found
    ("", "a", 10, 0, 0, 0, 0),
]


@pytest.mark.parametrize(("order", "gold", "k", "all_", "recall", "map_", "ndcg"), BY_ARTICLE)
def test_by_article(order: str, gold: str, k: int, all_: float, recall: float, map_: float, ndcg: float) -> None:
    found = ranking(order)
    assert retrieval.all_docs_at(found, list(gold), k) == all_
    assert retrieval.recall_at(found, list(gold), k) == recall
    assert retrieval.doc_map_at(found, list(gold), k) == pytest.approx(map_)
    assert retrieval.ndcg_at(found, list(gold), k) == pytest.approx(ndcg)


def test_stale_first() -> None:
    assert retrieval.first_is(ranking("ab"), ["a", "c"]) == 1
    assert retrieval.first_is(ranking("ba"), ["a", "c"]) == 0
    assert retrieval.first_is([], ["a"]) == 0


def test_nothing_applies_without_gold() -> None:
    found = ranking("AB")
    for by_fact in (retrieval.hits_at, retrieval.mrr_at, retrieval.map_released, retrieval.fact_recall_at):
        assert by_fact(found, [], 10) is None
    for by_article in (retrieval.all_docs_at, retrieval.recall_at, retrieval.doc_map_at, retrieval.ndcg_at):
        assert by_article(found, [], 10) is None
    assert retrieval.first_is(found, []) is None


@given(st.text("ABCabcxyz", max_size=14), st.sets(st.sampled_from("ABC"), min_size=1), st.integers(1, 12))
def test_bounds_and_what_holds_between_the_metrics(order: str, gold: set[str], k: int) -> None:
    found, wanted, ids = ranking(order), facts("".join(sorted(gold))), [letter.lower() for letter in sorted(gold)]
    hits, mrr = retrieval.hits_at(found, wanted, k), retrieval.mrr_at(found, wanted, k)
    recall, map_ = retrieval.fact_recall_at(found, wanted, k), retrieval.map_released(found, wanted, k)
    by_doc = [each(found, ids, k) for each in (retrieval.doc_map_at, retrieval.ndcg_at, retrieval.recall_at)]
    assert hits is not None and mrr is not None and recall is not None and map_ is not None
    assert 0 <= mrr <= hits <= 1
    assert 0 <= recall <= hits
    assert 0 <= map_ <= 1
    assert all(each is not None and 0 <= each <= 1 + 1e-12 for each in by_doc)
    assert (retrieval.all_docs_at(found, ids, k) == 1) == (by_doc[2] == 1)
    # In which order the gold is listed has no effect.
    again = retrieval.map_released(found, wanted[::-1], k)
    assert again is not None and isclose(again, map_)
    assert retrieval.ndcg_at(found, ids[::-1], k) == by_doc[1]
