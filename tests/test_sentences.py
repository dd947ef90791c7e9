"""Where sentences begin and end, in the prose that newspapers print."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Span
from index.segmenter import LONGEST_QUOTATION, LONGEST_SENTENCE, sentences

# In each text "¦" stands where one sentence ends and the next begins.
PLAIN = [
    "",
    " \n\n ",
    "One sentence without an end",
    "The troops left. ¦They went home.",
    "What?! ¦No way!! ¦Really? ¦Yes.",
    "Who? ¦Me? ¦Yes! ¦OK.",
    "The year was 1999. ¦2000 came next.",
    "  Indented text. ¦And more.  ",
    "The EU agreed.¦The UK did not.",
    "Prizes are kept confidential for 50 years.¦HOW DID THE WINNERS REACT?",
]
ABBREVIATIONS = [
    "The U.S. said it would leave. ¦U.S. Gen. Mark Milley agreed.",
    "He lives in the U.S. ¦He works in Italy.",
    "They moved to the U.K. in 2001. ¦The U.N. Security Council met.",
    "Troops of the U.S. Army left. ¦The U.S.-led force stayed. ¦The U.S.'s role is over.",
    "He lives in Washington, D.C. ¦He works at home. ¦In Washington, D.C., the House voted.",
    "The meeting starts at 5 p.m. Monday and ends at 11 a.m. Tuesday.",
    "It ended at 5 p.m. ¦The crowd left.",
    "It ended at 5:30 p.m. EST. ¦The crowd left.",
    "Kickoff is at 8:20 p.m. ET. ¦At 7 a.m. he left.",
    "It starts at 4 p.m. local time on Jan. 6.",
    "Acme Inc. said profit rose. ¦Shares of Acme Inc. fell. ¦He joined Acme Corp. ¦Then he left.",
    "Shares of Tiffany & Co. fell. ¦Warner Bros. Discovery rose.",
    "On Jan. 6 the mob came. ¦It was Sept. 11, 2001. ¦In Feb. Smith left.",
    "The deal was signed in Dec. ¦The price was not disclosed.",
    "See No. 10 and Fig. 3 for details. ¦Is it? ¦No. ¦It is not.",
    "The answer was no. ¦Smith left.",
    "No. 5 seed Duke won. ¦Alabama beat No. 1 Georgia.",
    "He came, i.e. late, e.g. at nine. ¦Use tools, e.g. Python.",
    "Roe v. Wade was cited. ¦Canelo Alvarez vs. Jermell Charlo is next. ¦Man U vs. The Arsenal.",
    "John F. Kennedy spoke. ¦J. R. R. Tolkien wrote. ¦J.K. Rowling wrote.",
    "Mr. Smith met Mrs. Jones and Dr. Lee. ¦Ms. Park left.",
    "She holds a Ph.D. ¦Her thesis won a prize. ¦She has a Ph.D. in physics.",
    "St. Louis won. ¦He lives on Main St. ¦It is quiet. ¦He works on Wall St. in New York.",
    "Sen. Bernie Sanders, I-Vt., said so. ¦Rep. Jim Jordan, R-Ohio, agreed. ¦Gov. Kathy Hochul signed.",
    "Lt. Col. Ed Lee and Sgt. Maj. Kim left. ¦Gens. Lee and Grant met. ¦Sens. Lee and Cruz voted.",
    "Calif. Gov. Gavin Newsom spoke in Sacramento, Calif. ¦He did not take questions.",
    "Martin Luther King Jr. spoke. ¦They honoured Robert Downey Jr. ¦The star left.",
    "They sold apples, pears, etc. in the market. ¦They sold apples, etc. ¦The shop closed.",
    "Smith et al. found it. ¦The bag weighs 5 lbs. more.",
    "He is 6 ft. tall. ¦It is approx. 5 km. away.",
    "Malcolm X. ¦He died in 1965.",
    "He takes vitamin C. ¦It is good.",
    "The Rev. Al Sharpton and the Hon. Ann Lee met Prof. Kim. ¦They spoke.",
    "Rep. Patrick McHenry, R-N.C., got more power. ¦It was little.",
]
NUMBERS_AND_NAMES = [
    "It grew 3.5 percent to $1.5 million. ¦It fell .5 percent.",
    "Sales were $2.3bn. ¦Costs were £1.1m.",
    "Wait... what?",
    "He waited... ¦Then he left. ¦She waited… ¦Then she left.",
    '"I... I don\'t know," he said. ¦"I… I can\'t."',
    "Yahoo! said profit rose. ¦He works at Yahoo! ¦The firm is old.",
    "Jeopardy! host Ken Jennings left. ¦He was tired.",
    "See https://example.com/a.b?c=d. ¦It is good. ¦Visit www.bbc.co.uk now.",
    "Mail jane.doe@example.com. ¦She answers.",
    "He wrote it in Node.js and ASP.NET. ¦It works.",
    "The price of iPhones fell. ¦iPhone sales rose. ¦eBay fell.",
    "The shares (Nasdaq: AAPL) rose 2%. ¦[Editor's note: This was updated.] ¦It fell.",
    "It was late (very late). ¦(Very late.) ¦Then it rained.",
    "The seventh (seventh!) Mission: Impossible film is out. ¦It is long.",
    "The claim is old.[1] ¦The next one is new.[2][3] ¦The end.",
    "It will change minds. — Elon Musk ¦".rstrip("¦ "),
]
QUOTATIONS = [
    '"Go home!" he said. ¦"Are you sure?" she asked. ¦"Go home." ¦He left.',
    "“Go home!” he said. ¦“Are you sure?” she asked. ¦“Go home.” ¦He left.",
    "“Who is he?” Turk asked. ¦“What a show!” President Biden said. ¦“Why?” Gen. Milley asked.",
    "“We won,” he said. ¦“Now we rest.” ¦He left.",
    'Maor said, "It is late." ¦"We go on," he added.',
    '"Lack of focus," Maor said. ¦"We must do better. We will," he added.',
    "“Is this it?” ¦“No.” ¦He asked: “Why?” ¦Nobody knew.",
    "He said it was “fine.” ¦She left. ¦He called it “great!” and left.",
    "‘We won.’ ¦He left. ¦‘We lost,’ she said.",
    "It's 'great.' ¦He said 'no.' ¦Then he left.",
    "“We came. We saw. We won,” Caesar said. ¦He left.",
    "“Sales rose.” ¦eBay fell.",
    'He is 6\'2" tall. ¦He plays well. ¦He said "go" and went.',
    "“I love it.” — Sam Altman",
    "(“We did it,” he said.) ¦She agreed.",
]
WIRE = [
    "NAPLES, Italy – The troops left. ¦They went home.",
    "WASHINGTON (Reuters) — The troops left. ¦They went home.",
    "WASHINGTON, D.C. (AP) -- The troops left. ¦They went home.",
    "ST. LOUIS, Mo. – The troops left.",
    "LOS ANGELES, Calif. (AP) — The strike is over. ¦Work resumes.",
    "BRUSSELS, Nov. 3 (Reuters) - The EU agreed. ¦It took years.",
    "10:47 p.m. INTERCEPTION — The Dolphins have the ball.",
]
LINES = [
    "A headline without a stop\n\n¦The text begins. ¦It goes on.\n\n¦The next paragraph",
    "Talks fail\n¦The government said on Monday that the talks had failed.",
    "Troops Leave Niger After Talks\n¦The last plane left.",
    "The troops of the\nUnited States left the base in the desert on Monday, the\nPentagon said.",
    "This text is wrapped by hand, which makes its lines end in the\nmiddle of a sentence. ¦It goes on for\na while.",
    "He shopped:\n¦- apples\n¦- pears. Two of them.".replace("pears. ", "pears. ¦"),
    "* one\n¦* two\n¦• three",
    "1. First\n¦2. Second\n¦3. Third and last. ¦Done.",
    "1) Go in. ¦Wait.\n¦2) Go out.",
    "- a long item that\n  goes on\n¦- the next",
    "The squad has grown to a size of more than\n12. He said so again and again in long talks.".replace(
        "12. ", "12. ¦"
    ),
    "What is new?\n¦Nothing is new.",
    "A line\u00a0with hard spaces.\u00a0¦Another.",
]


@pytest.mark.parametrize("marked", [*PLAIN, *ABBREVIATIONS, *NUMBERS_AND_NAMES, *QUOTATIONS, *WIRE, *LINES])
def test_sentences_end_where_a_reader_would_end_them(marked: str) -> None:
    expected = [part.strip() for part in marked.split("¦") if part.strip()]
    assert pieces(marked.replace("¦", "")) == expected


def test_a_long_quotation_is_cut_at_its_sentences() -> None:
    speech = " ".join(f"We shall fight on beach number {number}." for number in range(LONGEST_QUOTATION // 20))
    found = pieces(f"He said: “{speech}” Then he left.")
    assert len(found) == LONGEST_QUOTATION // 20 + 1
    assert found[1] == "We shall fight on beach number 1."
    assert found[-1] == "Then he left."


def test_a_short_quotation_stays_whole() -> None:
    assert pieces("He said: “We came. We saw. We won.”") == ["He said: “We came. We saw. We won.”"]


def test_a_sentence_that_is_too_long_is_cut_at_its_semicolons() -> None:
    clause = "and the committee then heard another witness at considerable length; "
    found = pieces("The hearing began " + clause * 40 + "it ended.")
    assert len(found) > 2
    assert all(len(sentence) <= LONGEST_SENTENCE for sentence in found)
    assert all(sentence.endswith((";", "ended.")) for sentence in found)


@given(st.text())
def test_spans_are_ordered_trimmed_and_cover_all_that_is_not_white_space(text: str) -> None:
    check_spans(text)


@given(st.text(alphabet='ab AB.!?…"“”‘’()[]-–•1\n ', max_size=200))
def test_spans_hold_for_text_made_of_marks(text: str) -> None:
    check_spans(text)


def check_spans(text: str) -> None:
    found = sentences(text)
    end = 0
    for span in found:
        assert isinstance(span, Span)
        assert end <= span.start < span.end <= len(text)
        assert text[span.start : span.end].strip() == text[span.start : span.end]
        assert not text[end : span.start].strip()
        end = span.end
    assert not text[end:].strip()


@pytest.mark.parametrize(
    "text",
    ["a" * 20_000, "Hello world. " * 80_000, "“a. " * 250_000, "." * 1_000_000, '"' * 1_000_000, "a\n" * 500_000,
     "(" * 1_000_000, "\n" * 1_000_000, "1999 " * 200_000],
    ids=["word", "prose", "open quotes", "stops", "quotes", "lines", "brackets", "blank lines", "no stops"],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    check_spans(text)
    # Two seconds for a million characters would do; a quadratic slip takes forty.
    assert time.process_time() - started < 10


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]
