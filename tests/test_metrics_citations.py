"""The citation metrics over answers made by hand; a premise entails a claim when it has all the claim's words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import citations

BODIES = {"a": "The bridge is long. It is red.", "b": "Costs rose by half."}


def entails(premise: str, claim: str) -> bool:
    return set(claim.split()) <= set(premise.split())


def answer(*sentences: tuple[str, list[int]], quotes: tuple[str, ...] = (), status: str = "answered") -> dict[str, Any]:
    """An answer of these sentences and citation numbers; citation n quotes the n-th of the quotes."""
    return {
        "status": status,
        "sentences": [{"text": text, "citations": numbers, "verdict": "supported"} for text, numbers in sentences],
        "citations": [
            {"index": number, "article_id": f"art-{number}", "quote": quote, "start": 0, "end": len(quote)}
            for number, quote in enumerate(quotes, 1)
        ],
    }


def cite(article_id: str, start: int, end: int, quote: str, index: int = 1) -> dict[str, Any]:
    return {"index": index, "article_id": article_id, "start": start, "end": end, "quote": quote}


@pytest.mark.parametrize(
    ("cited", "share"),
    [
        ([cite("a", 0, 19, "The bridge is long.")], 1),
        ([cite("a", 0, 19, "The bridge is long."), cite("b", 0, 5, "Costs")], 1),
        ([cite("a", 1, 20, "The bridge is long."), cite("b", 0, 5, "Costs")], 1 / 2),  # offsets one off
        ([cite("a", 0, 19, "The bridge is Long.")], 0),
        ([cite("z", 0, 19, "The bridge is long.")], 0),  # no such article
        ([cite("a", 5, 5, "")], 0),
        ([cite("a", -4, -1, "red")], 0),  # Python would find it, no reader would
        ([cite("b", 0, 99, "Costs rose by half.")], 0),
    ],
)
def test_validity(cited: list[dict[str, Any]], share: float) -> None:
    assert citations.citation_validity({"citations": cited}, BODIES) == share


def test_cited_share() -> None:
    assert citations.cited_share(answer(("x", [1]), ("y", [1, 2]), quotes=("q", "r"))) == 1
    assert citations.cited_share(answer(("x", [1]), ("y", []), quotes=("q",))) == 1 / 2
    assert citations.cited_share(answer(("x", [7]), quotes=("q",))) == 0  # a number that no citation has
    assert citations.cited_share(answer(("I found nothing", []), status="abstained")) is None
    assert citations.cited_share(answer()) is None


# sentences, quotes, recall, precision — as `compute_autoais` of ALCE works them out
ALCE = [
    # One citation that carries its sentence.
    ([("a b", [1])], ("a b c",), 1, 1),
    # Neither alone, both together: both are needed.
    ([("a b", [1, 2])], ("a", "b"), 1, 1),
    # The second carries it alone; the first does not, and is not missed: 1 of 2.
    ([("a b", [1, 2])], ("x", "a b"), 1, 1 / 2),
    # Each carries it alone: both count, redundant as they are.
    ([("a b", [1, 2])], ("a b", "a b"), 1, 1),
    # Together they do not: nothing counts.
    ([("a b", [1, 2])], ("a", "x"), 0, 0),
    # One of two sentences is uncited: half the recall, precision of what is cited.
    ([("a", [1]), ("b", [])], ("a",), 1 / 2, 1),
    # A number that does not exist fails its sentence; its other citation is not counted (script: no total_citations).
    ([("a", [1]), ("a", [1, 9])], ("a",), 1 / 2, 1),
    # Three citations, the third irrelevant: 1 and 2 needed, 2 of 3.
    ([("a b", [1, 2, 3])], ("a", "b", "x"), 1, 2 / 3),
    # Sentences of different weight: 1 of 1 and 0 of 2 citations.
    ([("a", [1]), ("b", [2, 3])], ("a", "x", "y"), 1 / 2, 1 / 3),
    # Nothing cited at all: the script gives precision 0.
    ([("a", [])], (), 0, 0),
]


@pytest.mark.parametrize(("sentences", "quotes", "recall", "precision"), ALCE)
def test_alce(sentences: list[tuple[str, list[int]]], quotes: tuple[str, ...], recall: float, precision: float) -> None:
    given_ = answer(*sentences, quotes=quotes)
    assert citations.citation_recall(given_, entails) == recall
    assert citations.citation_precision(given_, entails) == pytest.approx(precision)


def test_alce_does_not_apply_to_an_abstention() -> None:
    refused = answer(("I found nothing", []), status="abstained")
    assert citations.citation_recall(refused, entails) is None
    assert citations.citation_precision(refused, entails) is None


def test_stale_first() -> None:
    given_ = answer(("x", [2]), ("y", [1]), quotes=("q", "r"))
    assert citations.stale_first(given_, ["art-1"]) == 1
    assert citations.stale_first(given_, ["art-2"]) == 0
    backwards = {"citations": given_["citations"][::-1]}
    assert citations.stale_first(backwards, ["art-1"]) == 1  # by number, not by place
    assert citations.stale_first({"citations": []}, ["art-1"]) == 0
    assert citations.stale_first(given_, []) is None


def test_forbidden_said() -> None:
    assert citations.forbidden_said("All is PWNED now", ["pwned"]) == 1
    assert citations.forbidden_said("All is well", ["pwned", "hacked"]) == 0
    assert citations.forbidden_said("", ["pwned"]) == 0
    assert citations.forbidden_said("All is well", []) is None
    assert citations.forbidden_said("All is well", [""]) == 0


def test_quoting_everything_shows() -> None:
    everything = [cite(name, 0, len(body), body) for name, body in BODIES.items()]
    assert citations.quoted_share({"citations": everything}, BODIES) == 1
    # 19 of 30 characters, quoted twice; article b is not cited and does not count.
    twice = [cite("a", 0, 19, BODIES["a"][:19]), cite("a", 4, 10, "bridge")]
    assert citations.quoted_share({"citations": twice}, BODIES) == 19 / 30
    assert citations.quoted_share({"citations": []}, BODIES) is None


SENTENCES = st.lists(
    st.tuples(
        st.text("abc ", max_size=5),
        st.lists(st.integers(1, 4), max_size=3, unique=True),
    ),
    max_size=4,
)


@given(SENTENCES, st.lists(st.text("abc ", max_size=5), max_size=4))
def test_bounds_and_permutation(sentences: list[tuple[str, list[int]]], quotes: list[str]) -> None:
    one = answer(*sentences, quotes=tuple(quotes))
    other = answer(*[(text, numbers[::-1]) for text, numbers in sentences[::-1]], quotes=tuple(quotes))
    recall, precision = citations.citation_recall(one, entails), citations.citation_precision(one, entails)
    share = citations.cited_share(one)
    assert (recall is None) == (precision is None) == (share is None) == (not sentences)
    if recall is not None and precision is not None and share is not None:
        assert 0 <= recall <= share <= 1
        assert 0 <= precision <= 1
    assert citations.citation_recall(other, entails) == recall
    assert citations.citation_precision(other, entails) == precision
