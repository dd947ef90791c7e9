"""How well sources carry a sentence, as a number."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alignment import places, support

BASE = "The air base in Agadez cost $110 million and was built six years ago."
TALKS = "Deputy Secretary of State Kurt Campbell met the prime minister in Washington."
DEADLINE = "The junta did not set a deadline for the 1,100 soldiers who train in the desert."
SOURCES = [BASE, TALKS, DEADLINE]


def of(text: str, sources: list[str] | None = None) -> float:
    return support(text, places(SOURCES if sources is None else sources))


def test_what_a_source_says_has_all_support_and_what_none_says_has_none() -> None:
    assert of(BASE) == 1
    assert of("Cyclists welcomed cheaper helmets.") == 0
    assert of("The air base cost $110 million.") > 0.9
    assert of(BASE, []) == of("", SOURCES) == of("?!") == 0


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("The air base cost $110 million.", "The air base cost $120 million."),
        ("The air base in Agadez was built six years ago.", "The air base in Agadez met the prime minister."),
        ("The junta did not set a deadline.", "The prime minister did not set a deadline."),
        ("Kurt Campbell met the prime minister.", "The prime minister met Kurt Campbell."),
        ("The soldiers train in the desert.", "The soldiers bathe in the lake."),
        ("The soldiers were training in the desert.", "The soldiers were fighting in the desert."),
    ],
)
def test_support_falls_with_what_is_missing_out_of_order_or_from_elsewhere(better: str, worse: str) -> None:
    assert of(better) > of(worse)


_TEXTS = st.lists(st.sampled_from([*BASE.split(), *TALKS.split(), *DEADLINE.split(), "otters", "9"]), max_size=25)


@settings(max_examples=100, deadline=None)
@given(_TEXTS, st.lists(_TEXTS, max_size=4), _TEXTS)
def test_support_is_a_share_and_more_sources_never_take_from_it(
    text: list[str], sources: list[list[str]], more: list[str]
) -> None:
    said, there = " ".join(text), [" ".join(each) for each in sources]
    assert 0 <= of(said, there) <= 1
    assert of(said, [*there, " ".join(more)]) >= of(said, there)
    assert of(said, [*there, said]) == pytest.approx(1 if any(c.isalnum() for c in said) else 0)
