"""What a question asks for, and whether a sentence offers one."""

import pytest

from bot.asking import Wanted, offers, wanted


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
