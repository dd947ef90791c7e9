"""Sources that differ: both are said, attributed and dated, the newer first, whoever writes."""

import asyncio
import re
from typing import Any

import pytest

from bot.answer import Answer, Question
from bot.engine import Writer, complete
from bot.extractive import ExtractiveWriter
from bot.llm import LLMWriter
from index import Archive
from tests.conftest import article, day
from tests.scripted_server import Request, Scripted, says, serving

POLICE = "A march of nurses filled Tolvane on Monday. Police put the crowd at 3,000, below expectations."
UNION = "Nurses walked out across the country on Monday. Twelve thousand nurses marched in Tolvane, the union said."
LATER = (
    "The state prosecutor corrected the record on Friday: five thousand nurses marched in Tolvane that day, he said."
)
ELSEWHERE = "In 1998 some 800 nurses marched in Tolvane. Hospitals in Kessary hired 200 nurses this spring."
DENIED = (
    "The minister was warned of the leak in March, an engineer told it. For the ministry, Ida Brandt "
    "said that there was no warning of a leak in March. The inquiry goes on."
)


def ask(question: str, archive: Archive, writer: Writer | None = None) -> Answer:
    return asyncio.run(complete(Question(question), archive, writer or ExtractiveWriter()))


@pytest.fixture
def strike(archive: Archive) -> Archive:
    archive.ingest(
        [
            article("police", POLICE, title="Nurses on strike", publisher="The Bell", published_at=day("2026-09-01")),
            article("union", UNION, title="Nurses on strike", publisher="The Post", published_at=day("2026-09-02")),
            article("elsewhere", ELSEWHERE, title="Nurses", publisher="The Echo", published_at=day("2026-09-03")),
        ]
    )
    return archive


def test_two_numbers_for_one_thing_are_both_said_with_publisher_and_date_newest_first(strike: Archive) -> None:
    answer = ask("How many nurses marched in Tolvane?", strike)
    assert answer.sentences[0].text == (
        "The sources differ: The Post, September 2, 2026: Twelve thousand; The Bell, September 1, 2026: 3,000."
    )
    assert answer.sentences[0].citations == (1, 2)
    assert [each.article.publisher for each in answer.citations[:2]] == ["The Post", "The Bell"]
    assert "Twelve thousand nurses marched" in answer.sentences[1].text
    assert "3,000" in answer.sentences[2].text


def test_the_newest_of_the_numbers_comes_first(strike: Archive) -> None:
    strike.ingest([article("later", LATER, title="Nurses", publisher="The Star", published_at=day("2026-09-09"))])
    first = ask("How many nurses marched in Tolvane?", strike).sentences[0].text
    assert first.index("The Star, September 9, 2026: five thousand") < first.index(";")


def test_it_is_said_in_the_language_of_the_question(strike: Archive) -> None:
    first = ask("How many nurses marched in Tolvane, wie viele sind es in der Stadt und auf der Straße?", strike)
    assert first.sentences[0].text.startswith("Die Quellen sind sich nicht einig: The Post, 2.9.2026: Twelve thousand;")


@pytest.mark.parametrize(
    "body",
    [
        "Nurses marched on Monday. Twelve thousand nurses marched in Tolvane, the union said, and 40 buses came.",
        "Nurses marched on Monday. About 12,050 nurses marched in Tolvane, police said.",
        "Nurses marched on Monday. In 1987, 700 nurses marched in Tolvane.",
        "Nurses marched on Monday. Ida Brandt, 54, marched in Tolvane with the nurses.",
        "Nurses marched in Tolvane on Monday. Tram 3 was halted, and line 5 at 9 a.m.",
        "Nurses marched in Tolvane on Monday. They carried 300 banners.",
    ],
)
def test_what_is_no_other_number_of_the_same_thing_is_no_conflict(archive: Archive, body: str) -> None:
    archive.ingest(
        [
            article("union", UNION, title="Nurses", publisher="The Post", published_at=day("2026-09-02")),
            article("other", body, title="Strike", publisher="The Bell", published_at=day("2026-09-01")),
        ]
    )
    assert "differ" not in ask("How many nurses marched in Tolvane?", archive).text


@pytest.mark.parametrize(
    "question",
    ["How fast did the nurses march in Tolvane?", "How much did Ida Brandt pay the nurses in Tolvane for their march?"],
)
def test_numbers_of_something_else_than_is_asked_are_no_conflict(strike: Archive, question: str) -> None:
    assert "differ" not in ask(question, strike).text


@pytest.mark.parametrize(
    "body",
    [
        # one article that gives two numbers says itself how they differ
        "Nurses marched on Monday. Nearly 500 nurses of Tolvane marched. Later that number climbed to over 650 nurses.",
        # a list of several events: the passage has the name, the sentence is about another
        "Nurses of Tolvane marched on Monday. Buses ran. Trams ran. In Kessary some 700 nurses marched.",
    ],
)
def test_numbers_of_one_article_or_of_another_place_are_no_conflict(archive: Archive, body: str) -> None:
    archive.ingest([article("one", body, title="Strike", publisher="The Bell", published_at=day("2026-09-01"))])
    archive.ingest([article("two", "Nurses of Tolvane went home.", publisher="The Post")])
    assert "differ" not in ask("How many nurses marched in Tolvane?", archive).text


@pytest.mark.parametrize(
    "other",
    [
        # it has the first number, too, so that it tells how they fit together
        {
            "body": "There were 3,000 nurses in Tolvane, and twelve thousand nurses marched in all.",
            "publisher": "The Bell",
        },
        # it was true then
        {"body": "Some 3,000 nurses marched in Tolvane.", "publisher": "The Bell", "published_at": day("2026-06-01")},
        # nobody knows who says so
        {"body": "Some 3,000 nurses marched in Tolvane.", "publisher": None},
    ],
)
def test_sources_are_not_told_to_differ_where_both_may_be_right(archive: Archive, other: dict[str, Any]) -> None:
    archive.ingest([article("union", UNION, title="Nurses", publisher="The Post", published_at=day("2026-09-02"))])
    archive.ingest([article("other", title="Strike", **({"published_at": day("2026-09-01")} | other))])
    assert "differ" not in ask("How many nurses marched in Tolvane?", archive).text


def test_of_two_statements_one_that_denies_the_other_is_said_too(archive: Archive) -> None:
    archive.ingest([article("inquiry", DENIED, title="Leak", published_at=day("2026-09-01"))])
    text = ask("Was there a warning to the minister of the leak?", archive).text
    assert "was warned of the leak in March" in text
    assert "no warning of a leak in March" in text


def test_a_model_is_told_where_sources_differ_and_that_the_newest_come_first(strike: Archive) -> None:
    with serving(says("Twelve thousand nurses marched in Tolvane [1.2].")) as server:
        ask("How many nurses marched in Tolvane, by the latest count?", strike, LLMWriter(server.url, "none", "m"))
    prompt = server.requests[0].body["messages"][-1]["content"]
    dates = re.findall(r"^Source \d: .*?(September \d)", prompt, re.M)
    assert dates == sorted(dates, reverse=True)
    assert "The sources are listed newest first." in prompt
    compared = re.search(r"compare \[(\d)\.(\d)\] with \[(\d)\.(\d)\]\.", prompt)
    assert compared is not None
    for source, sentence in (compared.groups()[:2], compared.groups()[2:]):
        assert re.search(rf"^\[{source}\.{sentence}\] .*(Twelve thousand|3,000)", prompt, re.M)
    assert prompt.index("</sources>") < prompt.index("compare ["), "what we say stands outside of the fence"


def test_a_number_that_is_asked_about_is_put_beside_the_corrected_one(archive: Archive) -> None:
    wrong = "Tarn Cells made a net loss of 148 million florns in the first half of the year, it said on Monday."
    right = "Tarn Cells made a net loss of 114 million florns in the first half of the year. We wrote another figure."
    archive.ingest(
        [
            article("wrong", wrong, title="Tarn loses", publisher="The Bell", published_at=day("2026-09-01")),
            article("right", right, title="Correction: Tarn", publisher="The Bell", published_at=day("2026-09-02")),
        ]
    )
    for question in ("Did Tarn Cells lose 148 million florns?", "How much was the net loss of Tarn Cells?"):
        first = ask(question, archive).sentences[0].text
        assert first.endswith("The Bell, September 2, 2026: 114 million; The Bell, September 1, 2026: 148 million.")


FERRY = "At least 11 people died when the ferry Kessary capsized off Skerrivane on Friday. The search goes on."
OVER = "The search for the ferry Kessary ended on Thursday with 24 people confirmed dead. The coastguard thanked them."
STORM = "The river Orrow flooded the Mill Quarter. Two people died: a man of 70 and a woman in her car."


@pytest.fixture
def ferry(archive: Archive) -> Archive:
    archive.ingest(
        [
            article("first", FERRY, title="Ferry sinks", publisher="Sarn Wire", published_at=day("2026-09-12")),
            article("last", OVER, title="Search ends", publisher="The Courier", published_at=day("2026-09-18")),
            article("storm", STORM, title="The flood", publisher="Kessary Post", published_at=day("2026-09-20")),
        ]
    )
    return archive


@pytest.mark.parametrize(
    "question",
    ["How many people died on the ferry Kessary?", "What is the latest death toll of the ferry Kessary?"],
)
def test_what_a_paper_reports_is_not_taken_to_be_of_the_town_in_its_name(question: str, ferry: Archive) -> None:
    first = ask(question, ferry).sentences[0].text
    differ = "Reports of different days differ, the newest first"
    assert first == f"{differ}: The Courier, September 18, 2026: 24; Sarn Wire, September 12, 2026: 11."


def at(request: Request, words: str) -> str:
    """The number of the sentence with these words, as the prompt has it."""
    found = re.search(rf"^\[([\d.]+)\] .*{words}", request.body["messages"][-1]["content"], re.M)
    assert found is not None
    return found[1]


def test_a_side_that_the_model_leaves_out_is_said_for_it(strike: Archive) -> None:
    def one(request: Request) -> Scripted:
        return says(f"Twelve thousand nurses marched in Tolvane, the union said [{at(request, 'Twelve thousand')}].")

    def both(request: Request) -> Scripted:
        return says(
            f"Twelve thousand nurses marched, the union said [{at(request, 'Twelve thousand')}]. "
            f"Police put the crowd at 3,000 [{at(request, '3,000')}]."
        )

    with serving(one, both) as server:
        writer = LLMWriter(server.url, "none", "m")
        first, second = (ask("How many nurses marched in Tolvane?", strike, writer) for _ in range(2))
    assert first.sentences[-1].text.startswith("The sources differ: The Post, September 2, 2026: Twelve thousand;")
    assert len(second.sentences) == 2
