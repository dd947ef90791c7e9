"""The page, in a real browser over a really served application."""

import json
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence

import pytest
from playwright.sync_api import Browser, expect

from bot.answer import ProvenSentence, Question, Usage
from bot.extractive import ExtractiveWriter
from index import Archive, Evidence
from tests.browsing import CHROMIUM, Reader, broken_once, served

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no browser is installed: apt install chromium")

RESIGNED = "Why did Petra Vanstone resign?"


class Held(ExtractiveWriter):
    """Writes as ever, but waits before each sentence until it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Semaphore(0)

    async def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence | Usage]:
        import asyncio

        async for written in super().write(question, evidence, weights):
            while not self.go_on.acquire(blocking=False):
                await asyncio.sleep(0.01)
            yield written


def test_a_question_is_answered_with_citations(reader: Reader) -> None:
    reader.ask(RESIGNED)
    assert "19 days after she took the job" in reader.text(".answer")
    assert "Vanstone quits Tarnholt after 19 days" in reader.text("ol.sources")
    assert "Ledger & Keel · 20 October 2026" in reader.text("ol.sources")
    assert "These are extracts" in reader.text(".note")


def test_a_number_shows_its_quote_on_a_card(reader: Reader) -> None:
    reader.ask(RESIGNED)
    reader.page.locator(".pill").first.hover()
    card = reader.page.locator(".card")
    expect(card).to_contain_text("“Petra Vanstone resigned as chief executive")
    expect(card).to_contain_text("Ledger & Keel · 20 October 2026")
    card.hover()  # the pointer reaches the card without it closing
    reader.page.wait_for_timeout(400)
    expect(card).to_be_visible()
    reader.page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_a_follow_up_is_understood_in_its_conversation(reader: Reader) -> None:
    reader.ask("Who is the chief executive of Tarnholt Cells?")
    reader.ask("Why did she resign?")
    assert "Understood as: " in reader.text(".understood")
    assert reader.page.locator(".turn").count() == 2
    reader.page.get_by_role("button", name="New conversation").click()
    assert reader.page.locator(".turn").count() == 0
    assert reader.page.locator(".front").is_visible()


def test_headlines_are_questions_to_begin_with(reader: Reader) -> None:
    headline = reader.page.locator(".front .title").first
    title = headline.inner_text()
    headline.click()
    reader.page.locator(".turn.answered").wait_for()
    assert reader.text(".question") == f"What is the story behind “{title}”?"
    assert title in reader.text("ol.sources")


def test_filters_narrow_what_may_answer(reader: Reader) -> None:
    reader.page.locator(".narrow summary").click()
    reader.page.get_by_label("Kessary Post").check()
    reader.page.get_by_label("Published").select_option("between")
    reader.page.get_by_label("From", exact=True).fill("2026-09-12")
    reader.page.get_by_label("to", exact=True).fill("2026-09-12")
    assert reader.text(".narrow summary") == "Answer from Kessary Post, from 12 September 2026 to 12 September 2026"
    with reader.page.expect_request("**/v1/answers") as asked:
        reader.ask("How many people died when the ferry Kessary capsized?")
    assert json.loads(asked.value.post_data or "")["filters"] == {
        "publisher": ["Kessary Post"],
        "from": "2026-09-12T00:00:00.000Z",
        "to": "2026-09-13T00:00:00.000Z",
    }
    shown = reader.page.locator("ol.sources > li > div > .facts").all_inner_texts()
    assert shown
    assert {text.partition(" · ")[0] for text in shown} == {"Kessary Post"}


def test_an_answer_is_copied_with_its_sources(reader: Reader) -> None:
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    reader.ask(RESIGNED)
    reader.page.get_by_role("button", name="Copy with sources").click()
    reader.page.get_by_role("button", name="Copied").wait_for()
    copied = reader.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{RESIGNED}\n\nPetra Vanstone resigned")
    assert "\n\n[1] “Petra Vanstone resigned" in copied
    assert "Ledger & Keel, 20 October 2026, https://ledgerandkeel.example/" in copied


def test_answers_stream_and_can_be_stopped_and_asked_again(chromium: Browser, samples: Archive) -> None:
    writer = Held()
    with served(samples, writer) as url:
        reader = Reader(chromium.new_context(), url)
        page = reader.page
        page.get_by_label("Your question").fill("How many people died when the ferry Kessary capsized?")
        page.keyboard.press("Enter")
        page.locator(".kicker", has_text="Reading").wait_for()
        assert page.locator(".sentence").count() == 0
        writer.go_on.release()
        page.locator(".sentence .pill").first.wait_for()  # one sentence is read while the next is not yet written
        page.get_by_role("button", name="Stop").click()
        page.locator(".turn.stopped").wait_for()
        assert page.locator(".sentence").count() == 1
        for _ in range(20):
            writer.go_on.release()
        page.get_by_role("button", name="Ask again").click()
        page.locator(".turn.answered").wait_for()
        assert page.locator(".turn").count() == 1
        reader.context.close()


def test_a_server_that_is_gone_is_told_and_can_be_asked_again(chromium: Browser, samples: Archive) -> None:
    with served(samples, ExtractiveWriter()) as url:
        reader = Reader(chromium.new_context(), url)
    reader.ask(RESIGNED)
    assert reader.text(".turn .note") == "The server does not answer. Ask again when it is back."
    with served(samples, ExtractiveWriter(), port=int(url.rpartition(":")[2])):
        reader.page.get_by_role("button", name="Ask again").click()
        reader.page.locator(".turn.answered").wait_for()
    reader.context.close()


def test_a_broken_connection_is_taken_up_where_it_broke(chromium: Browser, samples: Archive) -> None:
    writer = Held()
    with served(samples, writer) as url, broken_once(url, b"event: sentence") as way:
        reader = Reader(chromium.new_context(), way)
        reader.page.get_by_label("Your question").fill("How many people died when the ferry Kessary capsized?")
        with reader.page.expect_request("**/v1/answers/*/events") as resumed:
            reader.page.keyboard.press("Enter")
            writer.go_on.release()  # the rest is not written before the connection broke
        for _ in range(20):
            writer.go_on.release()
        assert int(resumed.value.headers["last-event-id"]) >= 2
        reader.page.locator(".turn.answered").wait_for()
        shown = reader.page.locator(".sentence").all_inner_texts()
        assert len(shown) == len(set(shown)) > 1
        reader.context.close()


def test_a_conversation_is_there_again_when_the_page_is_loaded_again(reader: Reader) -> None:
    reader.ask(RESIGNED)
    reader.ask("Who won the 1998 football world cup in France?")
    shown = reader.text(".turns")
    reader.page.reload()
    reader.page.locator(".turn").nth(1).wait_for()
    assert reader.text(".turns") == shown
    reader.ask("Why did she resign?")
    assert reader.page.locator(".turn").count() == 3


def test_an_opinion_is_kept_with_its_answer(reader: Reader, samples: Archive) -> None:
    reader.ask(RESIGNED)
    reader.page.get_by_role("button", name="Not helpful").click()
    reader.page.get_by_label("What was wrong").select_option("It is out of date")
    reader.page.get_by_label("In your words").fill("She was replaced.")
    reader.page.get_by_role("button", name="Send").click()
    reader.page.locator(".said", has_text="Thank you").wait_for()
    conversation = reader.page.url.partition("#")[2]
    (saved,) = samples.answers.conversation(conversation, None)
    (rating,) = samples.answers.ratings(json.loads(saved)["answer_id"])
    assert (rating.rating, rating.reason) == ("down", "It is out of date: She was replaced.")
