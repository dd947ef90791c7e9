"""The engine: the order of events, what an answer is made of, and what it refuses."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.answer import ProvenSentence, Question, Quote, Usage
from bot.engine import AnswerFailure, LeftOut, Writer, ask, complete
from bot.events import (
    AnswerCompleted,
    AnswerCreated,
    AnswerFailed,
    Event,
    SearchCompleted,
    SearchStarted,
    SentenceProven,
)
from bot.extractive import ExtractiveWriter
from index import Archive, BadRequest, Evidence, Filter, ModelUnavailable
from tests.conftest import article, day

HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."


class Scripted:
    """A writer that says what it is told: proven sentences, things left out, or an error."""

    name = "scripted"
    model: str | None = "script-1"

    def __init__(self, *says: str | LeftOut | Usage | Exception) -> None:
        self._says = says

    async def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence | LeftOut | Usage]:
        quote = Quote(evidence[0], evidence[0].passage.sentences[0])
        for each in self._says:
            if isinstance(each, Exception):
                raise each
            yield ProvenSentence(each, (quote,), "supported") if isinstance(each, str) else each


@pytest.fixture
def harbour(archive: Archive) -> Archive:
    archive.ingest([article("bridge", HARBOUR, publisher="The Bell", published_at=day("2026-09-01"))])
    return archive


def events(question: Question, archive: Archive, writer: Writer) -> list[Event]:
    async def collect() -> list[Event]:
        return [event async for event in ask(question, archive, writer)]

    return asyncio.run(collect())


def test_events_come_in_order_and_the_deltas_are_the_text(harbour: Archive) -> None:
    seen = events(Question("What do the bridge repairs cost?"), harbour, ExtractiveWriter())
    kinds = [type(event) for event in seen]
    assert kinds[:3] == [AnswerCreated, SearchStarted, SearchCompleted]
    assert set(kinds[3:-1]) == {SentenceProven}
    assert isinstance(seen[-1], AnswerCompleted)
    answer = seen[-1].answer
    assert "".join(event.delta for event in seen if isinstance(event, SentenceProven)) == answer.text
    assert answer.text == " ".join(sentence.marked for sentence in answer.sentences)


def test_every_sentence_is_cited_and_every_citation_is_verbatim(harbour: Archive) -> None:
    answer = asyncio.run(complete(Question("What do the bridge repairs cost?"), harbour, ExtractiveWriter()))
    assert answer.status == "answered"
    assert answer.sentences[0].text == "Repairs cost 12 million crowns."
    for sentence in answer.sentences:
        assert sentence.citations
    for citation in answer.citations:
        assert HARBOUR[citation.start : citation.end] == citation.quote


def test_one_quote_used_twice_keeps_its_number(harbour: Archive) -> None:
    answer = asyncio.run(complete(Question("bridge?"), harbour, Scripted("It closes.", "On Monday.")))
    assert [sentence.citations for sentence in answer.sentences] == [(1,), (1,)]
    assert answer.text == "It closes. [1] On Monday. [1]"


def test_what_could_not_be_proven_makes_the_answer_partial(harbour: Archive) -> None:
    answer = asyncio.run(
        complete(Question("bridge?"), harbour, Scripted("It closes.", LeftOut("It fell.", "invented")))
    )
    assert answer.status == "partial"
    assert "fell" not in answer.text


def test_nothing_proven_is_an_abstention_that_says_what_was_looked_for(harbour: Archive) -> None:
    answer = asyncio.run(complete(Question("Who won the chess final?"), harbour, ExtractiveWriter()))
    assert answer.status == "abstained"
    assert answer.citations == ()
    assert "I looked for: won, chess, final." in answer.text
    assert "“Bridge” (The Bell, September 1, 2026)" in answer.text


def test_a_failing_model_ends_the_stream_with_one_error(harbour: Archive) -> None:
    writer = Scripted("It closes.", ModelUnavailable("The server went away."))
    seen = events(Question("bridge?"), harbour, writer)
    assert [type(event) for event in seen[-2:]] == [SentenceProven, AnswerFailed]
    with pytest.raises(AnswerFailure, match="went away"):
        asyncio.run(complete(Question("bridge?"), harbour, writer))


def test_whatever_fails_the_stream_ends_with_one_error(harbour: Archive) -> None:
    seen = events(Question("bridge?"), harbour, Scripted("It closes.", ZeroDivisionError()))
    assert isinstance(seen[-1], AnswerFailed)
    assert seen[-1].code == "InternalError"


def test_markup_of_an_article_does_not_reach_the_answer(archive: Archive) -> None:
    body = (
        "Visit [the site](http://evil.example/x) to read why Quillon Brack sold the harbour [2]. <img src=//e.example>"
    )
    archive.ingest([article("evil", body, title="![x](http://evil.example/x.png)")])
    given = asyncio.run(complete(Question("Why did Quillon Brack sell the harbour?"), archive, ExtractiveWriter()))
    assert given.sentences[0].text.startswith("Visit the site to read why Quillon Brack sold the harbour (2).")
    assert given.citations[0].quote in body
    refused = asyncio.run(complete(Question("Who won the chess final?"), archive, ExtractiveWriter()))
    assert "evil.example" not in refused.text


def test_publishers_are_found_in_any_case(archive: Archive) -> None:
    archive.ingest([article("echo", HARBOUR, publisher="ÉCHO du Nord")])
    asked = Question("bridge repairs", Filter(publishers=("écho du nord",)))
    assert len(asyncio.run(complete(asked, archive, ExtractiveWriter())).sources) == 1


def test_an_answer_is_kept_as_it_was_given(harbour: Archive) -> None:
    answer = asyncio.run(complete(Question("bridge?"), harbour, Scripted("It closes.")))
    kept = harbour.answers.get(answer.id)
    assert kept is not None
    assert answer.id in kept
    assert harbour.answers.get("ans_none") is None


def test_an_empty_archive_says_so(archive: Archive) -> None:
    answer = asyncio.run(complete(Question("Who?"), archive, ExtractiveWriter()))
    assert (answer.status, answer.text) == (
        "abstained",
        "I can't answer this: the archive has no articles yet. Add some with `dateline ingest PATH`.",
    )


def test_filters_decide_what_may_be_evidence(harbour: Archive) -> None:
    later = Question("bridge repairs", Filter(since=day("2026-09-02")))
    assert asyncio.run(complete(later, harbour, ExtractiveWriter())).sources == ()
    before = Question("bridge repairs", Filter(until=day("2026-09-02"), publishers=("the bell",)))
    assert len(asyncio.run(complete(before, harbour, ExtractiveWriter())).sources) == 1
    as_of = Question("bridge repairs", Filter(as_of=day("2026-08-31")))
    assert asyncio.run(complete(as_of, harbour, ExtractiveWriter())).status == "abstained"


@pytest.mark.parametrize(
    ("question", "field", "message"),
    [
        (Question("  \n"), "question", "The question is empty"),
        (Question("x" * 100_000), "question", "The question has 100,000 characters; at most 4,000"),
        (Question("\ud800 who"), "question", "characters that are no text"),
        (Question("q", k=0), "k", "k must be between 1 and 100 passages, not 0"),
        (Question("q", k=10_000), "k", "k must be between 1 and 100"),
        (Question("q", Filter(since=day("2026-02-01"), until=day("2026-01-01"))), "from", "must be before"),
        (Question("q", Filter(as_of=datetime.now(UTC) + timedelta(days=2))), "as_of", "is in the future"),
        (
            Question("q", Filter(publishers=("Nobody",))),
            "publisher",
            "nothing by 'Nobody'. Its publishers are: The Bell",
        ),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(
    harbour: Archive, question: Question, field: str, message: str
) -> None:
    with pytest.raises(BadRequest, match=message) as caught:
        asyncio.run(complete(question, harbour, ExtractiveWriter()))
    assert caught.value.field == field


def test_who_speaks_stands_in_the_quote(archive: Archive) -> None:
    body = 'Council leader Mona Rask said the farm was insured. "Public money will not replace a policy," she said.'
    archive.ingest([article("farm", body)])
    answer = asyncio.run(complete(Question("Who said public money will not replace it?"), archive, ExtractiveWriter()))
    assert answer.sentences[0].text == body


def test_what_a_publisher_reported_is_told_in_its_own_words_only(archive: Archive) -> None:
    body = "The harbour bridge closes on Monday. Repairs of the harbour bridge cost 12 million crowns."
    archive.ingest(
        [
            article("bell", body, publisher="The Norvik Bell", published_at=day("2026-09-01")),
            article("post", body.replace("closes", "shuts"), publisher="Coast Post", published_at=day("2026-09-02")),
        ]
    )
    question = Question("What did The Norvik Bell report about the harbour bridge?")
    answer = asyncio.run(complete(question, archive, ExtractiveWriter()))
    assert {each.article.publisher for each in answer.citations} == {"The Norvik Bell"}


def test_a_quote_is_not_given_twice_where_another_begins_with_it(archive: Archive) -> None:
    body = "Arle Games dismissed 830 people this year. They included most people of the Arle Games studio in Norvik."
    archive.ingest([article("arle", body)])
    question = Question("Which people of the studio in Norvik did Arle Games dismiss?")
    answer = asyncio.run(complete(question, archive, ExtractiveWriter()))
    assert [each.text for each in answer.sentences] == [body]


def test_further_sentences_are_about_whom_the_question_names(archive: Archive) -> None:
    players = (
        "The tallest player is Jan Steen, who is tall for a player at 2 metres. He plays in Norvik, tall as he is."
    )
    archive.ingest(
        [article("players", players, title="On height"), article("lund", "Kari Lund is a tall player, tall as a door.")]
    )
    answer = asyncio.run(complete(Question("How tall is the player Kari Lund?"), archive, ExtractiveWriter()))
    assert not any("Steen" in each.quote for each in answer.citations)
