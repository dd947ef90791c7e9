"""A question is cut where it passes from one thing to the next, and nothing of it is lost."""

from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st

from bot.parts import MOST_PARTS, as_query, parts
from index import stems

PUBLISHERS = ("The Verge", "TechCrunch", "Fortune")
COMPARISON = (
    "Does the TechCrunch article on subscription revenue at Twitch suggest a new policy, "
    "while The Verge reports on plans for mini subscriptions at Beeper on October 7, 2023?"
)


def test_a_plain_question_has_no_parts() -> None:
    assert as_query("Who is the mayor of Skerrivane?", PUBLISHERS).parts == ()


def test_each_side_of_a_comparison_is_a_part_with_its_publisher() -> None:
    query = as_query(COMPARISON, PUBLISHERS)
    assert query.parts[0].publishers == ("TechCrunch",)
    assert any(part.publishers == ("The Verge",) and "Beeper" in part.text for part in query.parts)
    assert set(query.publishers) == {"TechCrunch", "The Verge"}


def test_days_named_in_full_are_read() -> None:
    assert as_query(COMPARISON, PUBLISHERS).days == (date(2023, 10, 7),)


def test_a_day_that_is_none_is_no_day() -> None:
    assert as_query("What happened on February 31, 2023?", PUBLISHERS).days == ()


@given(
    st.lists(st.sampled_from("ferry capsized , while and but mayor vote ? ; harbour cost 2023".split()), max_size=60)
)
@example(["and", "while", ","])
def test_parts_hold_words_of_the_question_and_are_few(words: list[str]) -> None:
    question = " ".join(words)
    cut = parts(question)
    assert len(cut) <= MOST_PARTS
    assert set(stems(" ".join(cut))) <= set(stems(question))
