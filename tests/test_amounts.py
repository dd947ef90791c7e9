"""Numbers in one form, in their units, with their bounds and their direction; and who does what to whom."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.agreement import wrong_name
from bot.amounts import wrong_figure
from bot.answer import ProvenSentence, Quote
from bot.engine import LeftOut
from bot.figures import bare, figures, same_figure
from bot.ground import Ground
from bot.markers import Cited, DraftSentence
from bot.moments import agrees, known_moments, moments
from bot.numbering import number
from bot.proof import prove
from bot.turns import contradiction
from bot.units import UNITS, converted
from tests.evidence_by_hand import evidence


def ground(source: str) -> Ground:
    found = evidence(source)
    quotes = tuple(Quote(found, span) for span in found.passage.sentences)
    return Ground(quotes, ((),) * len(quotes))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("It cost 1,100 crowns.", [("1100", "")]),
        ("It cost $110m, or 110 million dollars.", [("110000000", "$"), ("110000000", "$")]),
        ("It rose by half a percentage point to 4.5 per cent.", [("0.5", "pp"), ("4.5", "%")]),
        ("A quarter of them left in the third quarter.", [("0.25", "/"), ("3", "th")]),
        ("It takes one and a half to two years.", [("1.5", "y"), ("2", "y")]),
        ("Between 18 and 24 months, from $20 to 45.", [("18", "mo"), ("24", "mo"), ("20", "$"), ("45", "$")]),
        ("Twenty-five men, a 34-year-old and twelve tonnes.", [("25", ""), ("34", ""), ("12", "t")]),
        ("Winds of 120 km/h at 20 °C.", [("120", "km/h"), ("20", "C")]),
        ("They won 3-1 in 2021, scoring twice.", [("3", ""), ("1", ""), ("2", "×")]),
        ("On May 3 nobody came.", []),
    ],
)
def test_numbers_are_brought_to_one_form(text: str, wanted: list[tuple[str, str]]) -> None:
    assert [(each.value, each.kind) for each in figures(text)] == wanted
    assert all(text[each.start : each.end].strip() == each.text for each in figures(text))
    assert not any(each.counts for each in figures(bare(text)))


@pytest.mark.parametrize(
    ("said", "there", "same"),
    [
        ("75 mph", "120 kilometers per hour", True),
        ("95 mph", "120 kilometers per hour", False),
        ("64 kilometres", "40 miles", True),
        ("40 kilometres", "40 miles", False),
        ("68 degrees Fahrenheit", "20 degrees Celsius", True),
        ("20 degrees Fahrenheit", "20 degrees Celsius", False),
        ("12,000 kilograms", "twelve tonnes", True),
        ("18 months", "a year and a half", False),
        ("18 months", "one and a half years", True),
        ("121 km/h", "120 km/h", False),
        ("25 percent", "a quarter", True),
        ("25 percentage points", "25 percent", False),
        ("25", "25 percent", True),
        ("25 percent", "25", False),
        ("€1.2 billion", "1,200 million euros", True),
        ("$1.2 billion", "€1.2 billion", False),
        ("5 kilograms", "5 miles", False),
    ],
)
def test_a_number_may_change_its_unit_and_not_its_amount(said: str, there: str, same: bool) -> None:
    assert any(same_figure(one, other) for one in figures(said) for other in figures(there)) is same


@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)), st.floats(0.5, 1e6))
def test_conversion_is_exact_both_ways_within_a_dimension_only(one: str, other: str, number: float) -> None:
    mine, theirs = UNITS[one], UNITS[other]
    there = ((number * mine.factor + mine.offset) - theirs.offset) / theirs.factor
    assert converted(number, one, there, other) is (mine.dimension == theirs.dimension)
    assert not converted(number, one, 1.5 * there + 100, other)


_SCRAPS = st.lists(
    st.sampled_from(
        "9780199.001.0001 12:30 3-1 to from and between at least up to half a quarter of % percent $ € 1,2 1.5 miles "
        "km/h °F Rome coach Minister Ann Orr said “No” not may accused of May 31 2023 , . ; - – 5 pp over by".split(" ")
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(_SCRAPS, _SCRAPS)
def test_whatever_is_said_is_judged(said: list[str], there: list[str]) -> None:
    sources = number([evidence(" ".join(["It", *there, "was", "so."]))])
    text = " ".join(said) or "x"
    assert isinstance(prove(DraftSentence(text, (Cited(1, 1, 4),)), sources, ""), ProvenSentence | LeftOut)


@pytest.mark.parametrize(
    ("source", "right", "wrong"),
    [
        ("It killed at least 19 people.", "At least 19 people died.", "At most 19 people died."),
        ("It killed at least 19 people.", "It killed 19 people or more.", "It killed 19 people."),
        ("It would fall below 3 percent.", "It would be under 3 percent.", "It would be over 3 percent."),
        ("It takes between 18 and 24 months.", "It takes 18 to 24 months.", "It takes 24 months."),
        ("It takes between 18 and 24 months.", "It takes at least 18 months.", "It takes at most 18 months."),
        ("It slowed to 6 percent from 7 percent.", "It went from 7 to 6 percent.", "It went from 6 to 7 percent."),
        ("It rose from 4 percent to 5 percent.", "It rose by one percentage point.", "It rose by 1 percent."),
        ("12 were killed and 30 injured.", "12 were killed.", "30 were killed."),
        ("It cut 400 of its 8,200 jobs.", "It cut 400 jobs.", "It cut 8,600 jobs."),
        ("It won 5 to 4.", "It won, scoring 5.", "It won, scoring 6."),
    ],
)
def test_bounds_ranges_and_changes_hold(source: str, right: str, wrong: str) -> None:
    assert wrong_figure(right, ground(source)) is None
    assert wrong_figure(wrong, ground(source)) is not None


@pytest.mark.parametrize(
    ("source", "right", "wrong"),
    [
        ("Rome coach Ada Finch left.", "Finch, the coach, left.", "Genoa and Finch left."),
        ("Deputy Minister Ann Orr met Mayor Lee Voss.", "Minister Orr met Voss.", "Mayor Orr met Minister Voss."),
        ("The director, Imogen Sarrat, left.", "Director Sarrat left.", "The chairman, Imogen Sarrat, left."),
        ("Rome coach Finch met Genoa coach Ruiz.", "Genoa coach Ruiz met Finch.", "Genoa coach Finch met Ruiz."),
        ("Merrow asked for talks, and Velland freed the men.", "Velland freed the men.", "Merrow freed the men."),
        ("Ann Orr took over from Lee Voss.", "Orr took over from Voss.", "Voss took over from Orr."),
        ("Paris beat Rome.", "Rome was beaten by Paris.", "Rome beat Paris."),
    ],
)
def test_names_keep_their_post_and_their_part(source: str, right: str, wrong: str) -> None:
    assert wrong_name(right, ground(source)) is None
    assert wrong_name(wrong, ground(source)) is not None


@pytest.mark.parametrize(
    ("source", "right", "wrong"),
    [
        ("She may step down.", "She might step down.", "She will step down."),
        ("They plan to close it.", "They will close it.", "They closed it."),
        ("Dahl was accused of taking bribes.", "Dahl allegedly took bribes.", "Dahl took bribes."),
        ("The judge rejected the request.", "The judge did not grant it.", "The judge did not reject it."),
        ("It was their first title since 1987.", "They had not won since 1987.", "They had not won it."),
        ("If the firm earns a profit, she gains.", "She gains if it earns a profit.", "The firm earns a profit."),
        ("The shares lost ground.", "The shares lost ground.", "The shares gained ground."),
    ],
)
def test_doubt_and_denial_stay(source: str, right: str, wrong: str) -> None:
    assert contradiction(right, [source]) is None
    assert contradiction(wrong, [source]) is not None


def test_dates_are_read_from_the_day_of_the_article() -> None:
    known = known_moments("It met last month, on Monday and on october 2, and will meet next year.", date(2023, 10, 4))
    for text in ("September 2023", "2 October 2023", "Monday, October 2", "2024"):
        assert all(agrees(moment, known) for _, moment in moments(text)), text
    assert not any(agrees(moment, known) for text in ("October 3", "August") for _, moment in moments(text))
