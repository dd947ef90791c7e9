"""How an answer appears in a thread, against the Web API's limits: streamed, rotated, recovered, split, ended once."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.blocks import rungs
from bot.slack.reply import MESSAGE, Address, Reply
from bot.slack.text import cut, escape, link, linked, readable
from tests.slack_api import Message, SlackApi, slack_api

SENTENCES = [f"Sentence {number} says that the bridge closes on Monday." for number in range(60)]


def answer(citations: int = 1, quote: str = "The bridge closes.", **more: Any) -> dict[str, Any]:
    cited = [
        {
            "index": number,
            "title": f"Bridge {number}",
            "publisher": "The Bell",
            "byline": None,
            "published_at": "2026-09-01T00:00:00Z",
            "url": f"https://bell.example/{number}",
            "quote": quote,
            "highlight_url": f"https://bell.example/{number}#:~:text=The%20bridge",
        }
        for number in range(1, citations + 1)
    ]
    given = {"answer_id": "ans_1", "as_of": "2026-11-01T00:00:00Z", "status": "answered", "writer": "llm", "model": "m"}
    return {**given, "citations": cited, **more}


def replying(api: SlackApi, say: Callable[[Reply], Awaitable[None]], channel: str = "C1", **more: Any) -> list[str]:
    """Do something with a reply; the ts of its messages."""
    begun: list[str] = []

    async def note(ts: str) -> None:
        begun.append(ts)

    async def run() -> None:
        waiting = AsyncRateLimitErrorRetryHandler(max_retry_count=5)
        client = AsyncWebClient("xoxb-1", base_url=api.url, retry_handlers=[waiting])
        await say(Reply(client, Address(channel, "1.1", "T1", "U1"), note, clock=api.clock, **more))

    asyncio.run(run())
    return begun


def whole(messages: list[Message]) -> str:
    """What people read, over all messages."""
    return " ".join(each.text.strip() for each in messages)


async def say_all(reply: Reply, push: Callable[[], None] = lambda: None) -> None:
    await reply.task("search", "Searching the archive", done=False)
    await reply.task("search", "Read 3 articles", done=True)
    for number, sentence in enumerate(SENTENCES):
        push()
        await reply.add(sentence if number == 0 else f" {sentence}")
    await reply.finish(rungs(answer()))


def test_text_is_streamed_in_few_calls_and_ends_with_its_sources() -> None:
    with slack_api() as api:
        begun = replying(api, say_all)
        (message,) = api.seen("C1", "1.1")
        assert begun == [message.ts]
        assert message.text == " ".join(SENTENCES)
        assert [each["type"] for each in message.blocks] == ["container", "context", "context_actions"]
        assert message.tasks == {"search": "Read 3 articles: complete"}
        carried = [sum(len(c.get("text", "")) for c in call.given["chunks"]) for call in api.made("chat.appendStream")]
        assert carried and min(carried) >= 256
        assert len(api.made("chat.stopStream")) == 1


@pytest.mark.parametrize("seconds", [7.0, 31.0, 90.0, 299.0, 301.0])
def test_a_stream_that_ages_goes_on_in_another_message_with_no_character_lost_or_doubled(seconds: float) -> None:
    with slack_api() as api:
        replying(api, lambda reply: say_all(reply, lambda: api.push(seconds)))
        messages = api.seen("C1", "1.1")
        assert whole(messages) == " ".join(SENTENCES)
        assert [bool(each.blocks) for each in messages] == [*[False] * (len(messages) - 1), True]
        assert not any(each.streaming for each in messages)
        assert seconds > 90 or not any(call.error for call in api.calls)  # turned over before Slack ends it


@pytest.mark.parametrize(
    ("method", "number"), [*(("chat.appendStream", number) for number in range(1, 7)), ("chat.stopStream", 1)]
)
@pytest.mark.parametrize("error", ["message_not_in_streaming_state", "internal_error", "drop"])
def test_a_stream_that_breaks_anywhere_is_made_whole_by_an_edit(method: str, number: int, error: str) -> None:
    calls = 0
    with slack_api() as api:

        def breaking() -> None:
            nonlocal calls
            calls += 1
            if calls == number:
                for each in api.messages:
                    each.streaming = False
                api.fail(method, error)

        api.before(method, breaking)
        replying(api, say_all)
        (message,) = api.seen("C1", "1.1")
        assert message.text == " ".join(SENTENCES)
        assert message.blocks[-1]["type"] == "context_actions"


def test_where_streaming_is_refused_the_same_text_is_posted_and_edited() -> None:
    async def say(reply: Reply) -> None:
        await say_all(reply)
        assert not reply.may_stream

    with slack_api() as api:
        api.fail("chat.startStream", "feature_not_enabled")
        replying(api, say)
        (message,) = api.seen("C1", "1.1")
        assert message.text == " ".join(SENTENCES)
        assert [each["type"] for each in message.blocks] == ["container", "context", "context_actions"]
        assert len(api.made("chat.update")) <= 3  # one a second at most


def test_a_message_that_somebody_deleted_goes_on_in_a_new_one() -> None:
    async def say(reply: Reply) -> None:
        await reply.add("First. " * 40)
        api.messages.clear()
        await reply.add("Second. " * 40)
        await reply.finish(rungs(answer()))

    with slack_api() as api:
        replying(api, say)
        (message,) = api.seen("C1", "1.1")
        assert message.text == "Second. " * 40


@pytest.mark.parametrize(
    ("fails", "kinds"),
    [
        (1, ["section", "context", "context", "actions"]),
        (2, ["context"]),
        (3, []),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_blocks_that_are_refused_give_way_to_simpler_ones(fails: int, kinds: list[str], stream: bool) -> None:
    with slack_api() as api:
        if stream:
            api.fail("chat.stopStream", "invalid_blocks", fails)
        else:
            api.fail("chat.update", "invalid_blocks", fails)

        async def say(reply: Reply) -> None:
            await reply.add("The bridge closes. [1]")
            await reply.finish(rungs(answer()))

        replying(api, say, stream=stream)
        (message,) = api.seen("C1", "1.1")
        assert (message.text, [each["type"] for each in message.blocks]) == ("The bridge closes. [1]", kinds)


def test_a_long_answer_with_many_sources_is_split_and_keeps_its_buttons() -> None:
    text = "\n\n".join(f"{' '.join(SENTENCES[:5])} <https://bell.example/{n}|[{n}]>" for n in range(80))
    given = answer(citations=60, quote="“A & B” <said> " * 400)

    async def say(reply: Reply) -> None:
        await reply.add(text)
        await reply.finish(rungs(given))

    with slack_api() as api:
        replying(api, say)
        messages = api.seen("C1", "1.1")
        assert re.sub(r"\s+", " ", whole(messages)).strip() == re.sub(r"\s+", " ", text)
        assert all(len(each.text) <= 12_000 for each in messages)
        assert [each["type"] for each in messages[-1].blocks] == [
            "container",
            "container",
            *["context"] * 2,
            "context_actions",
        ]
        assert "50 more quotes" in str(messages[-1].blocks)


def test_a_code_block_is_closed_and_opened_again_between_messages() -> None:
    code = "```python\n" + "\n".join(f"line_{n} = {n}" for n in range(1200)) + "\n```"

    async def say(reply: Reply) -> None:
        await reply.add(code)
        await reply.finish(rungs(answer()))

    with slack_api() as api:
        replying(api, say)
        messages = api.seen("C1", "1.1")
        assert len(messages) > 1
        for each in messages:
            assert each.text.startswith("```python\n") and each.text.rstrip().endswith("```")
        joined = "\n".join(
            each.text.removeprefix("```python\n").rstrip().removesuffix("```").strip() for each in messages
        )
        assert joined == code.removeprefix("```python\n").removesuffix("```").strip()


def test_an_answer_that_was_begun_before_is_written_anew_in_its_own_message() -> None:
    async def begin(reply: Reply) -> None:
        await reply.add("The first half of it. " * 20)

    async def go_on(reply: Reply) -> None:
        await reply.take_up()
        await say_all(reply)

    with slack_api() as api:
        (ts,) = replying(api, begin)
        assert replying(api, go_on, goes_on=ts) == []
        (message,) = api.seen("C1", "1.1")
        assert (message.ts, message.text) == (ts, " ".join(SENTENCES))


def test_what_was_being_sent_when_it_is_broken_off_is_there_once() -> None:
    async def say(reply: Reply) -> None:
        await reply.add(SENTENCES[0])
        await reply.add(f" {SENTENCES[1]}" * 5)
        await reply.break_off("_Stopped._")

    with slack_api() as api:
        api.fail("chat.appendStream", "drop")
        replying(api, say)
        (message,) = api.seen("C1", "1.1")
        assert message.text == f"{SENTENCES[0]}{f' {SENTENCES[1]}' * 5}\n\n_Stopped._"
        assert not message.streaming


# Text.

pieces = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]) | st.sampled_from("<>&|*_`~[]()!@#\n \u202e\U0001f600"),
    max_size=40,
)
odd = st.lists(pieces | st.sampled_from(["<!channel>", "<!here|x>", "<@U1>", "<#C1>", "[3]", "```\n"])).map("".join)


@settings(max_examples=60)
@given(odd, odd)
def test_nothing_that_somebody_wrote_is_live_and_every_link_is_whole(title: str, url: str) -> None:
    shown = link(f"https://a.example/{url}", f"[1] {title}")
    assert re.fullmatch(r"<https://[^<>|\s]*\|[^<>|\n]*>", shown)
    assert shown.count("<") == shown.count(">") == shown.count("|") == 1
    assert not re.search(r"[<>]", escape(title))
    assert "<" not in link("javascript:alert(1)", title) and "<" not in link(None, title)
    said = linked(title, {3: "https://a.example/"})
    assert not re.search(r"<(?!https://a\.example/\|\[3\]>)", said)


@settings(max_examples=60)
@example("<00<00<[3]", 20)
@given(odd, st.integers(20, 200))
def test_a_text_is_cut_within_its_room_and_never_within_a_link_a_code_span_or_a_marker(text: str, room: int) -> None:
    said = linked(text, {3: "https://a.example/3"})
    left, parts, broken = said, [], False
    while left:
        at = cut(left, room)
        assert 0 <= at <= room
        broken |= at == 0  # what must stay whole is longer than the room
        parts.append(left[: at or room])
        left = left[at or room :]
    assert "".join(parts) == said
    links = "<https://a.example/3|[3]>"
    assert broken or sum(part.count(links) for part in parts) == said.count(links)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("<@UBOT1> who is the mayor?", "who is the mayor?"),
        ("ask <@U2|ana> in <#C1|news> about <https://a.example|the page>", "ask @ana in #news about the page"),
        ("1 &lt; 2 &amp; <!here> <!subteam^S1|@desk>", "1 < 2 & @here @desk"),
    ],
)
def test_a_message_is_read_as_a_person_reads_it(sent: str, read: str) -> None:
    assert readable(sent, "UBOT1") == read


def test_no_message_is_longer_than_slack_takes() -> None:
    assert MESSAGE < 12_000
