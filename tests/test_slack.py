"""Dateline in Slack, from the signed request to what people see: a real server and a real Web API on loopback."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from typing import Any

import pytest

from bot.answer import ProvenSentence, Question, Usage
from bot.extractive import ExtractiveWriter
from bot.slack import inbox
from bot.slack.asked import Asked
from index import Archive, Evidence, Place, Wish
from tests.conftest import article, day
from tests.slack_api import SlackApi, slack_api
from tests.slack_talk import BOT, Slow, Talk, talking, wait_for

HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."


@pytest.fixture
def harbour(archive: Archive) -> Archive:
    there = {"publisher": "The Bell", "published_at": day("2026-09-01"), "url": "https://bell.example/bridge"}
    archive.ingest([article("bridge", HARBOUR, **there)])
    return archive


@pytest.fixture
def api() -> Iterator[SlackApi]:
    with slack_api() as running:
        yield running


@pytest.fixture
def talk(harbour: Archive, api: SlackApi) -> Iterator[Talk]:
    with talking(harbour, ExtractiveWriter(), api) as running:
        yield running


def settled(archive: Archive, user: str = "U1", team: str = "T1") -> list[str]:
    """How the questions of somebody ended, the first one first; waits until all have."""

    def states() -> list[str] | None:
        found = [each.state for each in archive.slack.recent(team, user, 200)]
        return found[::-1] if "open" not in found else None

    return wait_for(states)


def test_a_mention_is_answered_in_its_thread_with_sources_and_buttons(talk: Talk, api: SlackApi) -> None:
    event = talk.mention("What do the repairs cost?")
    assert talk.event(event).status_code == 200
    answer = talk.answer("C1", event["ts"])
    link = "<https://bell.example/bridge#:~:text=Repairs%20cost%2012%20million%20crowns.|[1]>"
    assert answer.text.startswith(f"Repairs cost 12 million crowns. {link}")
    container, note, buttons = answer.blocks
    assert container["title"]["text"].startswith("Sources")
    section, context = container["child_blocks"][:2]
    assert section["text"]["text"] == f"{link.replace('[1]', '[1] Bridge')}\n>Repairs cost 12 million crowns."
    assert context["elements"][0]["text"].startswith("The Bell · 1 September 2026, ")
    assert note["elements"][0]["text"].startswith("Extracts of the articles · as of ")
    assert buttons["elements"][0]["type"] == "feedback_buttons"
    assert api.calls[0].method == "auth.test"
    (status,) = api.made("assistant.threads.setStatus")
    assert status.given["status"] == "searches the archive…"


def test_a_direct_message_is_answered_without_a_mention(talk: Talk) -> None:
    event = talk.direct("What do the repairs cost?")
    talk.event(event)
    assert talk.answer("D1", event["ts"]).text.startswith("Repairs cost 12 million")


def test_what_is_not_said_to_us_is_not_answered(talk: Talk, api: SlackApi, harbour: Archive) -> None:
    ignored: list[dict[str, Any]] = [
        {"text": "What do the repairs cost?"},
        {"text": "<@U2> what do the repairs cost?"},
        {"bot_id": "B9"},
        {"user": BOT},
        {"subtype": "message_changed"},
        {"subtype": "channel_join"},
        {"user": None},
    ]
    for more in ignored:
        assert talk.event({**talk.message(f"<@{BOT}> What do the repairs cost?"), **more}).status_code == 200
    assert harbour.slack.recent("T1", "U1", 5) == []
    assert api.seen("C1") == []


def test_in_followed_channels_a_reply_in_our_thread_needs_no_mention(harbour: Archive, api: SlackApi) -> None:
    with talking(harbour, ExtractiveWriter(), api, slack_threads=("C1",)) as talk:
        root = talk.mention("What do the repairs cost?")
        talk.event(root)
        talk.answer("C1", root["ts"])
        for channel, thread, text in (
            ("C2", root["ts"], "Who opposed them?"),  # not followed
            ("C1", "9.9", "Who opposed them?"),  # not ours
            ("C1", root["ts"], "<@U2> who opposed them?"),  # to somebody else
            ("C1", root["ts"], "Who opposed the repairs?"),
        ):
            talk.event(talk.message(text, channel=channel, thread_ts=thread))
        wait_for(lambda: len(api.seen("C1", root["ts"])) == 2 and settled(harbour) == ["answered"] * 2)
        assert "Ana Sol" in api.seen("C1", root["ts"])[1].text
        assert api.seen("C2") == []


def test_an_earlier_question_of_a_thread_that_another_process_left_is_answered_before_the_later_one(
    harbour: Archive, api: SlackApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "TICK_S", 0.1)
    monkeypatch.setattr(inbox, "SWEEP_S", 0.1)
    writer = Slow("The bridge closes on Monday.")
    place = Place("T1", "C1", "1.1")
    with talking(harbour, writer, api, drain_s=0.5) as talk:
        first = Asked(place, "U1", "What do the repairs cost?", place.thread)
        harbour.slack.claim([Wish(("event:1",), place, "U1", first.to_json())], "another process")
        talk.event(talk.mention("Who is the mayor?", thread_ts=place.thread))
        wait_for(lambda: api.made("assistant.threads.setStatus"))  # the later one waits for its turn
        harbour.slack.release("another process")
        assert settled(harbour) == ["answered", "answered"]
    assert [asked.partition("?")[0] for asked in writer.begun] == ["What do the repairs cost", "Who is the mayor"]


class EndsSlowly(Slow):
    """A writer that, when it is broken off, has something to do yet: a model's reply to close, its price to note."""

    async def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence | Usage]:
        try:
            async for written in super().write(question, evidence, weights):
                yield written
        except asyncio.CancelledError:
            await asyncio.sleep(0.5)
            raise


def test_an_answer_whose_writer_takes_a_while_to_end_is_stopped_by_one_wish(
    harbour: Archive, api: SlackApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "TICK_S", 0.1)  # so the wish is seen several times meanwhile
    writer = EndsSlowly("The bridge closes on Monday.", HARBOUR, wait=0.6)
    with talking(harbour, writer, api) as talk:
        event = talk.mention("What do the repairs cost?")
        talk.event(event)
        wait_for(lambda: any(m.text for m in api.seen("C1")))
        talk.event({"type": "agent_session_stopped", "channel": "C1", "thread_ts": event["ts"], "user": "U1"})
        assert settled(harbour) == ["stopped"]
    (message,) = api.seen("C1")
    assert message.text.endswith("_Stopped._")
