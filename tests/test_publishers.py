"""Publishers a question names, and ordinary words that are their names."""

import pytest

from bot.publishers import named, without_names

KNOWN = (
    "CBSSports.com",
    "Cnbc | World Business News Leader",
    "Fortune",
    "Reuters",
    "TechCrunch",
    "The Age",
    "The Arlen Courier",
    "The Independent - Sports",
    "The Independent - Travel",
    "The Sun",
    "The Verge",
    "Time",
)


@pytest.mark.parametrize(
    ("question", "publishers"),
    [
        ("According to The Verge, what is new?", ["The Verge"]),
        ("according to the Verge what is new", ["The Verge"]),
        ("What is in the Verge's review?", ["The Verge"]),
        ("what did techcrunch report?", ["TechCrunch"]),
        ("What did TECHCRUNCH's reporter see?", ["TechCrunch"]),
        ("What did CNBC and CBSSports report?", ["CBSSports.com", "Cnbc | World Business News Leader"]),
        ("What about Reuters?", ["Reuters"]),
        ("What did the Courier report?", ["The Arlen Courier"]),
        ("What did Time report?", ["Time"]),
        ("Which firm did The Age accuse?", ["The Age"]),
        ("Which firm do TechCrunch and Fortune accuse?", ["Fortune", "TechCrunch"]),
        ("What did The Independent report?", ["The Independent - Sports", "The Independent - Travel"]),
        ("What did 'The Independent - Travel' report?", ["The Independent - Travel"]),
        ("At what time did the independent candidate report?", []),
        ("How far is the Sun from the Earth?", []),
        ("Who is on the verge of a fortune at the age of 40?", []),
        ("Time flies: why?", []),
        ("Which courier was robbed?", []),
    ],
)
def test_a_question_names_publishers_and_not_words(question: str, publishers: list[str]) -> None:
    assert list(named(question, KNOWN)) == publishers


def test_a_publisher_is_taken_out_with_what_led_to_it() -> None:
    assert without_names("What is new at Apple according to The Verge?", KNOWN) == "What is new at Apple ?"
