"""Questions that take for granted what the articles do not say are not answered as if they did."""

import asyncio

import pytest

from bot.answer import Question
from bot.engine import complete
from bot.extractive import ExtractiveWriter
from bot.llm import LLMWriter
from bot.premise import unsaid
from index import Archive
from tests.conftest import article, day
from tests.evidence_by_hand import evidence
from tests.scripted_server import says, serving

BODY = (
    "Tolvane’s council approved the Elm Tunnel on Monday by 22 votes to 16, closing a long debate. "
    "Mayor Ida Brandt, who lost the vote of confidence in May, quit on Tuesday. The Elm Tunnel will cost 90 million."
)
FALSE = [
    ("Why did Tolvane's council reject the Elm Tunnel?", "reject"),
    ("How many people were hurt when the Elm Tunnel collapsed?", "collapsed"),
    ("Why did Ida Brandt sue the council of Tolvane?", "sue"),
]
TRUE = [
    "Why did Ida Brandt resign?",  # said in another word
    "Why did Tolvane's council approve the Elm Tunnel?",
    "Why did Petra Holm resign?",  # nobody of that name is found: it is no matter of premises
    "What did Ida Brandt reject?",
    "Why is the tunnel so dear?",
]


@pytest.mark.parametrize(("question", "verb"), FALSE)
def test_what_nothing_says_of_those_named_is_seen(question: str, verb: str) -> None:
    assert unsaid(question, [evidence(BODY)]) == (verb,)


@pytest.mark.parametrize("question", TRUE)
def test_what_is_said_or_only_asked_is_no_false_premise(question: str) -> None:
    assert unsaid(question, [evidence(BODY)]) == ()


@pytest.mark.parametrize(("question", "verb"), FALSE)
def test_the_extractive_writer_abstains_and_says_what_nothing_says(archive: Archive, question: str, verb: str) -> None:
    archive.ingest([article("tunnel", BODY, publisher="The Bell", published_at=day("2026-09-01"))])
    given = asyncio.run(complete(Question(question), archive, ExtractiveWriter()))
    assert given.status == "abstained"
    assert f"Nothing I found says this: “{verb}”." in given.text
    assert "“Tunnel” (The Bell, September 1, 2026)" in given.text


def test_a_model_is_told(archive: Archive) -> None:
    archive.ingest([article("tunnel", BODY)])
    with serving(says("NO ANSWER")) as server:
        given = asyncio.run(complete(Question(FALSE[0][0]), archive, LLMWriter(server.url, "none", "m")))
    assert (
        "takes for granted what the sources may not say: “reject”."
        in server.requests[0].body["messages"][-1]["content"]
    )
    assert given.status == "abstained"
