"""A reply's sentences and citations, in whatever pieces it arrives."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.markers import LONGEST_SENTENCE, Cited, DraftSentence, Reply

ONE, TWO = Cited(1, 2, 2), Cited(2, 1, 1)


def read(*chunks: str) -> list[DraftSentence]:
    reply = Reply()
    found = [sentence for chunk in chunks for sentence in reply.feed(chunk)]
    return found + reply.close()


CITED = [
    ("It cost $110 million [1.2].", [ONE]),
    ("It cost $110 million. [1.2]", [ONE]),
    ("It cost $110 million.[1.2]", [ONE]),
    ("[1.2] It cost $110 million.", [ONE]),
    ("It cost [1.2] $110 million.", [ONE]),
    ("It cost $110 million [1.2][2.1].", [ONE, TWO]),
    ("It cost $110 million [1.2] [2.1].", [ONE, TWO]),
    ("It cost $110 million [1.2, 2.1].", [ONE, TWO]),
    ("It cost $110 million [1.2; 2.1].", [ONE, TWO]),
    ("It cost $110 million [1.2][1.2].", [ONE]),
    ("It cost $110 million 【1.2】.", [ONE]),
    ("It cost $110 million【1.2†source】.", [ONE]),
    ("It cost $110 million [1.2-1.4].", [Cited(1, 2, 4)]),
    ("It cost $110 million [1.2–4].", [Cited(1, 2, 4)]),
    ("It cost $110 million [1.2-2.1].", [ONE, TWO]),
    ("It cost $110 million [1.2-1.900].", [ONE]),
    ("It cost $110 million [1].", [Cited(1, 0, 0)]),
    ("It cost $110 million [1-2].", [Cited(1, 0, 0), Cited(2, 0, 0)]),
    ("- It cost $110 million [1.2].", [ONE]),
    ("1. It cost $110 million [1.2].", [ONE]),
    ("> It **cost** `$110` million [1.2].", [ONE]),
    ("```\nIt cost $110 million [1.2].\n```", [ONE]),
    ("It cost [1.2] `$110 million`[2.1].", [ONE, TWO]),
    ("It cost $110 million [1][2].", [Cited(1, 0, 0), Cited(2, 0, 0)]),
    ("It cost $110 million [1, 2].", [Cited(1, 0, 0), Cited(2, 0, 0)]),
    ("It cost $110 million 【1】.", [Cited(1, 0, 0)]),
    ("It cost $110 million [^1.2].", [ONE]),
    ("It cost $110 million.", []),
]


@pytest.mark.parametrize(("reply", "cited"), CITED)
def test_a_marker_is_read_and_taken_out(reply: str, cited: list[Cited]) -> None:
    assert read(reply) == [DraftSentence("It cost $110 million.", tuple(cited))]


def test_a_marker_inside_a_quotation_is_no_part_of_it() -> None:
    (draft,) = read("Smith said: “It cost [1.2] $110 million [2.1]” and left [1.2-1.3].")
    assert draft == DraftSentence("Smith said: “It cost $110 million” and left.", (ONE, TWO, Cited(1, 2, 3)))


@pytest.mark.parametrize("text", ["It was [sic] so.", "In [2023] it began.", "The list [a, b] ends."])
def test_other_brackets_are_text(text: str) -> None:
    assert read(text) == [DraftSentence(text, ())]


@pytest.mark.parametrize(
    "reply",
    [
        "Gen. Smith left the U.S. on Monday [1.2]. He said “No. Never.” in 2.5 hours [2.1].",
        "Gen. Smith left the U.S. on Monday. [1.2] He said “No. Never.” in 2.5 hours. [2.1]",
        "Gen. Smith left the U.S. on Monday.[1.2]He said “No. Never.” in 2.5 hours.[2.1]",
        "Gen. Smith left the U.S. on Monday [1.2]\nHe said “No. Never.” in 2.5 hours [2.1]",
        "* Gen. Smith left the U.S. on Monday [1.2].\n* He said “No. Never.” in 2.5 hours [2.1].",
    ],
)
def test_each_sentence_keeps_its_own_markers(reply: str) -> None:
    first, second = read(reply)
    assert (first.text.rstrip("."), first.cited) == ("Gen. Smith left the U.S. on Monday", (ONE,))
    assert (second.text.rstrip("."), second.cited) == ("He said “No. Never.” in 2.5 hours", (TWO,))


def test_a_sentence_is_given_as_soon_as_three_words_follow_it() -> None:
    reply = Reply()
    assert reply.feed("It cost $110 million [1.2]. The drones ") == []
    assert reply.feed("were ") == [DraftSentence("It cost $110 million.", (ONE,))]


_PIECES = st.sampled_from(
    '[1.2] [2.1] 【1.2】 [1.2, [1. 3] ] [ It The Gen. U.S. base cost $110 1.5 million . ! ? ” “ " ( ) - * ** ` ``` '
    "Smith said; 1. \n \n\n 。 … said, 5 p.m. `[1.2]` [1][2] [1,2] [1.2-1.4] [1.2- 1.4] 【1】 【1.2†source】 [^1.2] "
    "“Never[1.2]” ‘[2.1] [sic] [2023] ]] 】".split(" ")
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(_PIECES, st.sampled_from(["", " ", " ", "\n"])), max_size=40), st.data())
def test_it_does_not_matter_where_the_stream_is_split(pieces: list[tuple[str, str]], data: st.DataObject) -> None:
    text = "".join(word + space for word, space in pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    chunks = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert read(*chunks) == read(text) == read(*text)


def test_a_reply_without_an_end_is_cut() -> None:
    started = time.process_time()
    assert [len(each.text) for each in read("x" * (3 * LONGEST_SENTENCE))] == [LONGEST_SENTENCE] * 3
    assert all(len(each.text) <= LONGEST_SENTENCE for each in read("and so on " * 2000))
    assert read("[" * 5000) == read(*("[" * 5000))
    assert time.process_time() - started < 5


def test_nothing_is_no_sentence() -> None:
    assert read("") == read(" \n\n ") == read("[1.2]") == []
