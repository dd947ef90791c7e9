"""What a question asks for, and whether a sentence offers one."""

import pytest

from bot.asking import Wanted, asks_for_words, offers, wanted
from bot.ranking import choose, rank
from tests.evidence_by_hand import evidence


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When did the bridge open?", "date"),
        ("In what year was the treaty signed?", "date"),
        ("How many people died when the ferry sank?", "number"),
        ("How long is the tunnel?", "number"),
        ("What will the new bridge cost?", "number"),
        ("Who is the mayor of Kessary?", "person"),
        ("Whose idea was it?", "person"),
        ("Which minister resigned?", "person"),
        ("Where was the painting found?", "place"),
        ("Which neighbouring countries are affected?", "place"),
        ("Why was the vote postponed?", None),
        ("What did the council decide?", None),
    ],
)
def test_the_form_of_a_question_says_what_it_asks_for(question: str, kind: Wanted | None) -> None:
    assert wanted(question) == kind


@pytest.mark.parametrize(
    ("kind", "sentence", "question", "yes"),
    [
        ("number", "The bridge cost 412 million florns.", "What did the bridge cost?", True),
        ("number", "The bridge is expensive.", "What did the bridge cost?", False),
        ("number", "The 2024 budget was passed.", "How much was the 2024 budget?", False),
        ("date", "It closed on Friday.", "When did it close?", True),
        ("date", "It closed early.", "When did it close?", False),
        ("person", "The mayor is Ilse Corrant.", "Who is the mayor?", True),
        ("person", "The State Department declined.", "Who declined?", False),
        ("person", "Ilse Corrant spoke.", "Who is Ilse Corrant?", False),
        ("place", "It was found in Dunmarrick.", "Where was it found?", True),
        ("place", "It was found later.", "Where was it found?", False),
    ],
)
def test_a_sentence_offers_what_the_question_does_not_name(
    kind: Wanted, sentence: str, question: str, yes: bool
) -> None:
    assert offers(kind, sentence, question) is yes


@pytest.mark.parametrize(
    ("question", "yes"),
    [
        ("What did Petra Vanstone say when she quit?", True),
        ("How did the baroness describe the talks?", True),
        ("what has the mayor told reporters about it", True),
        ("What does the bridge cost?", False),
        ("Who said that the bridge is safe?", False),
    ],
)
def test_a_question_may_ask_for_what_somebody_said(question: str, yes: bool) -> None:
    assert asks_for_words(question) is yes


def test_their_own_words_answer_what_somebody_said_before_what_is_told_of_them() -> None:
    told = evidence(
        "Marguerite Sloane, the assistant coach, becomes head coach on Thursday. The club looked for weeks. "
        "“I have been picking the corners for two years. Now I pick the people who take them,” Sloane said."
    )
    weights = dict.fromkeys(("marguerit", "sloan", "head", "coach"), 1.0)
    asked = rank("What did Marguerite Sloane say about becoming head coach?", [told], weights)
    assert [each.text[:9] for each in choose(asked)[:2]] == ["Marguerit", "“I have b"]
    other = rank("When does Marguerite Sloane become head coach?", [told], weights)
    assert [each.text[:9] for each in choose(other)] == ["Marguerit"]
