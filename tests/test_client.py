"""The client in both dialects of compatible servers, its parameters, and what it costs."""

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.answer import Question, Usage
from bot.chat import Chat, Message, Timeouts
from bot.dialects import Api, Effort
from bot.engine import AnswerFailure, complete
from bot.llm import LLMWriter
from bot.paying import Bill, paid
from bot.settings import Settings
from bot.spending import FREE, TABLE, Price, Purse, parse_price, price
from bot.wiring import writer
from index import Archive, BadConfiguration, ModelRefused, ModelUnavailable, encoding_of, token_counter
from tests.conftest import WordEmbedder, article, day
from tests.scripted_server import JSON, Request, Scripted, event, refuses, responds, says, serving

HELLO = [Message("system", "Be short."), Message("user", "Who?")]
BRIDGE = "The harbour bridge will close on Monday. Repairs cost 12 million crowns."
TRUE = "Repairs cost 12 million crowns [1.2]."


def chat(url: str, api: Api = "auto", model: str = "m", effort: Effort = "auto") -> Chat:
    return Chat(url, "none", model, 100, Timeouts(5, 20, 20), api=api, effort=effort)


def read(asked: Chat, messages: Sequence[Message] = HELLO) -> tuple[str, Usage]:
    async def run() -> tuple[str, Usage]:
        text, usage = "", Usage()
        async with aclosing(asked.stream(messages)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    usage += piece
                else:
                    text += piece
        return text, usage

    return asyncio.run(asyncio.wait_for(run(), 20))


def test_the_responses_api_streams_text_and_usage_without_the_reasoning() -> None:
    with serving(responds("Ana", " Sol.", usage=(300, 7), cached=256), responses=True) as server:
        text, usage = read(chat(server.url))
    assert text == "Ana Sol."
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) == (300, 7, 256)
    (request,) = server.requests
    assert request.path == "/v1/responses"
    assert request.body["store"] is False, "nothing is kept on the server"
    assert request.body["input"] == [{"role": each.role, "content": each.text} for each in HELLO]
    assert request.body["max_output_tokens"] == 100


def test_a_server_that_has_only_chat_completions_is_found_out_once() -> None:
    with serving(says("Ana Sol.")) as server:
        asked = chat(server.url)
        assert [read(asked)[0] for _ in range(3)] == ["Ana Sol."] * 3
    assert (len(server.not_found), len(server.requests)) == (1, 3)


@pytest.mark.parametrize(
    "first",
    [
        refuses(405),
        refuses(400, "unknown endpoint"),
        Scripted([b'{"error": "Unexpected endpoint or method. (POST /v1/responses)"}'], kind=JSON),
        Scripted([b"<html>Not here</html>"], kind="text/html"),
    ],
)
def test_whatever_a_server_says_to_the_dialect_it_does_not_speak_the_other_is_tried(first: Scripted) -> None:
    def reply(request: Request) -> Scripted:
        return first if request.path.endswith("/responses") else says("Ana Sol.")

    with serving(reply, responses=True) as server:
        assert read(chat(server.url))[0] == "Ana Sol."


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_tried_in_another_dialect(status: int) -> None:
    with serving(refuses(status), responses=True) as server, pytest.raises(ModelRefused):
        read(chat(server.url))
    assert len(server.requests) == 1


@pytest.mark.parametrize(("api", "path"), [("chat", "/v1/chat/completions"), ("responses", "/v1/responses")])
def test_the_setting_decides(api: Api, path: str) -> None:
    with serving(refuses(404), responses=True) as server, pytest.raises(ModelRefused):
        read(chat(server.url, api))
    assert [each.path for each in server.requests] == [path]


@pytest.mark.parametrize(
    "ending",
    [
        event(type="response.failed", response={"id": "r", "status": "failed", "error": {"message": "boom"}}),
        event(type="error", message="boom", code="server_error", sequence_number=1),
        event(error={"message": "boom"}),
    ],
)
def test_a_failed_response_is_an_error_and_not_an_end(ending: bytes) -> None:
    begun = responds("Ana Sol is the ").parts[:-1]
    with serving(Scripted([*begun, ending]), responses=True) as server, pytest.raises(ModelUnavailable):
        read(chat(server.url, "responses"))


def test_a_response_cut_at_its_length_still_tells_its_usage() -> None:
    ended = {"id": "r", "status": "incomplete", "usage": {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}}
    parts = [*responds("Ana Sol is").parts[:-1], event(type="response.incomplete", response=ended)]
    with serving(Scripted(parts), responses=True) as server:
        assert read(chat(server.url, "responses")) == ("Ana Sol is", Usage(9, 4))


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_closing_the_stream_closes_the_call(api: Api) -> None:
    async def run() -> bool:
        reply = says if api == "chat" else responds
        with serving(reply("Ana", 30.0, "never"), responses=True) as server:
            async with aclosing(chat(server.url, api).stream(HELLO)) as pieces:
                assert await anext(pieces) == "Ana"
            return await asyncio.to_thread(server.requests[0].closed.wait, 3)

    assert asyncio.run(run())


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_retries_stay_within_the_time_a_reply_may_take_to_begin(api: Api) -> None:
    started = time.monotonic()
    with serving(refuses(429, retry_after="50"), responses=True) as server, pytest.raises(ModelUnavailable):
        read(Chat(server.url, "none", "m", 100, Timeouts(1, 1, 5), api=api))
    assert time.monotonic() - started < 4
    assert len(server.requests) <= 3


@pytest.mark.parametrize(
    ("said", "gone", "there"),
    [
        ("Unrecognized request argument supplied: stream_options", "stream_options", "max_tokens"),
        ("Unsupported value: 'temperature' does not support 0 with this model.", "temperature", "max_tokens"),
        (
            "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            "max_tokens",
            "max_completion_tokens",
        ),
        ("body.reasoning_effort: Extra inputs are not permitted", "reasoning_effort", "temperature"),
    ],
)
def test_a_parameter_that_a_server_does_not_know_is_left_out_from_then_on(said: str, gone: str, there: str) -> None:
    def strict(request: Request) -> Scripted:
        return refuses(400, said) if gone in request.body else says("Ana Sol.")

    with serving(strict) as server:
        asked = chat(server.url, "chat", effort="low")
        assert [read(asked)[0] for _ in range(2)] == ["Ana Sol."] * 2
    assert len(server.requests) == 3
    assert there in server.requests[-1].body


def test_a_prompt_that_is_too_long_is_not_taken_for_an_unknown_parameter() -> None:
    said = "max_tokens is too large: 100. This model's maximum context length is 64 tokens"
    with serving(refuses(400, said)) as server, pytest.raises(ModelRefused, match="too long"):
        read(chat(server.url, "chat"))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("url", "model", "effort", "expected"),
    [
        ("https://api.openai.com/v1", "gpt-6-luna", "auto", {"max_completion_tokens": 4100, "reasoning_effort": "low"}),
        (
            "https://api.openai.com/v1",
            "gpt-6-luna",
            "none",
            {"max_completion_tokens": 4100, "reasoning_effort": "none"},
        ),
        ("https://api.openai.com/v1", "gpt-4.1-mini", "auto", {"max_completion_tokens": 100, "temperature": 0}),
        ("http://localhost:8000/v1", "qwen3", "auto", {"max_tokens": 100, "temperature": 0}),
        (
            "http://localhost:8000/v1",
            "qwen3",
            "high",
            {"max_tokens": 4100, "temperature": 0, "reasoning_effort": "high"},
        ),
    ],
)
def test_a_model_that_reasons_is_given_room_to(url: str, model: str, effort: Effort, expected: dict[str, Any]) -> None:
    asked = chat(url, model=model, effort=effort).request(HELLO)
    assert {name: asked[name] for name in asked if name not in ("model", "messages")} == expected


def test_many_replies_at_once_do_not_mix() -> None:
    def echo(request: Request) -> Scripted:
        return says("you said ", 0.05, request.body["messages"][-1]["content"])

    async def run(asked: Chat) -> list[str]:
        async def one(number: int) -> str:
            async with aclosing(asked.stream([Message("user", f"number {number}")])) as pieces:
                return "".join([piece async for piece in pieces if isinstance(piece, str)])

        return await asyncio.gather(*map(one, range(20)))

    with serving(echo) as server:
        assert asyncio.run(run(chat(server.url))) == [f"you said number {number}" for number in range(20)]


def together(asked: Chat, times: int) -> list[str]:
    async def run() -> list[str]:
        async def one() -> str:
            async with aclosing(asked.stream(HELLO)) as pieces:
                return "".join([piece async for piece in pieces if isinstance(piece, str)])

        return await asyncio.gather(*(one() for _ in range(times)))

    return asyncio.run(asyncio.wait_for(run(), 20))


def late(seconds: float, refused: Scripted) -> Scripted:
    return replace(refused, parts=[seconds, *refused.parts])


def test_a_reply_goes_on_in_the_dialect_that_another_found_out_meanwhile() -> None:
    asked: list[Request] = []

    def reply(request: Request) -> Scripted:
        asked.append(request)
        if not request.path.endswith("/responses"):
            return says("Ana Sol.")
        return late(0.5 * len(asked) if len(asked) < 3 else 0, refuses(404, "Not Found"))

    with serving(reply, responses=True) as server:
        assert together(chat(server.url), 2) == ["Ana Sol."] * 2
    assert [each.path for each in asked[:2]] == ["/v1/responses"] * 2


def test_a_request_that_a_server_refuses_does_not_take_the_others_to_another_dialect() -> None:
    asked: list[Request] = []

    def reply(request: Request) -> Scripted:
        asked.append(request)
        if not request.path.endswith("/responses"):
            return says("By chat.")
        return late(0.5, refuses(400, "no")) if len(asked) == 1 else responds("By responses.")

    with serving(reply, responses=True) as server:
        asking = chat(server.url)
        assert sorted(together(asking, 2)) == ["By chat.", "By responses."]
        assert read(asking)[0] == "By responses."


def test_a_parameter_unknown_to_the_server_is_left_out_by_many_replies_at_once() -> None:
    numbers = count()

    def reply(request: Request) -> Scripted:
        if "max_tokens" in request.body:
            said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return late(0.3, refuses(400, f"{said} (request {next(numbers)})"))
        return says("Ana Sol.")

    with serving(reply) as server:
        asking = chat(server.url, "chat")
        assert together(asking, 20) == ["Ana Sol."] * 20
        assert len(server.requests) == 40, "each was refused once"
        assert together(asking, 2) == ["Ana Sol."] * 2
        assert len(server.requests) == 42, "none was refused again"


def test_one_question_that_is_too_long_leaves_the_parameters_of_the_others_alone() -> None:
    long = "`inputs` tokens + `max_tokens` must be <= 4096 (invalid_request_error)"
    with serving(refuses(400, long), says("Ana Sol.")) as server:
        asking = chat(server.url, "chat")
        with pytest.raises(ModelRefused):
            read(asking)
        assert read(asking)[0] == "Ana Sol."
        assert "max_tokens" in server.requests[-1].body


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-6-luna", "o200k_base"),
        ("gpt-4o-mini", "o200k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-3.5-turbo", "cl100k_base"),
        ("text-davinci-003", "o200k_base"),
        ("llama-3.3-70b", "o200k_base"),
    ],
)
def test_tokens_are_counted_with_the_models_own_encoding(model: str, encoding: str) -> None:
    assert encoding_of(model) == encoding
    assert len(token_counter(encoding)("Ana <|endoftext|> Sol")) > 5, "a special token in an article is text"


# Money


def test_cached_tokens_cost_less() -> None:
    luna = price("gpt-6-luna-2026-09-22")
    assert luna is not None
    assert luna.of(Usage(1_000_000, 0)) == pytest.approx(luna.sent)
    assert luna.of(Usage(1_000_000, 0, cached_tokens=1_000_000)) == pytest.approx(luna.cached)
    assert luna.of(Usage(2_000_000, 10, cached_tokens=500_000, stored_tokens=500_000)) == pytest.approx(
        luna.sent + luna.cached / 2 + luna.stored / 2 + luna.written / 100_000
    )
    assert luna.cached < luna.sent <= luna.stored


def test_the_price_table_says_when_and_where_from() -> None:
    import tomllib

    table = tomllib.loads(TABLE.read_text("utf-8"))
    assert table["as_of"] >= datetime(2026, 11, 1).date()
    assert "openai.com" in table["source"]
    assert price(Settings.model_fields["llm_model"].default) is not None, "the default model's cost is known"


def test_what_an_unknown_model_costs_is_said_to_be_unknown() -> None:
    assert price("llama-3.3-70b") is None
    assert Purse(None).pay(Usage(10, 5)).cost_usd is None
    assert (Usage(1, 1, 0.5) + Usage(1, 1, None)).cost_usd is None


@pytest.mark.parametrize("text", ["cheap", "1", "1 2 3 4", "-1 2", ""])
def test_a_price_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadConfiguration, match="DATELINE_LLM_PRICE"):
        parse_price(text)
    assert parse_price("0.1 0.5") == Price(0.1, 0.1, 0.1, 0.5)
    assert parse_price("0.1 0.01 0.5") == Price(0.1, 0.01, 0.1, 0.5)


def test_a_limit_needs_a_price() -> None:
    asked = Settings(llm_base_url="http://localhost:1/v1", llm_model="mine", llm_daily_usd=1.0)  # type: ignore[arg-type,call-arg]
    with pytest.raises(BadConfiguration, match="DATELINE_LLM_PRICE"):
        writer(asked)
    assert writer(asked.model_copy(update={"llm_price": "0 0"})).model == "mine"


def test_the_days_limit_ends_in_an_error_and_outlives_a_restart(tmp_path: Path) -> None:
    def answers(archive: Archive, url: str) -> float | None:
        purse = Purse(Price(1_000.0, 0.0, 0.0, 0.0), daily_usd=0.15)  # 100 tokens cost 10 cents
        writes = LLMWriter(url, "none", "m", purse=purse)
        given = asyncio.run(complete(Question("What do the bridge repairs cost?"), archive, writes))
        assert given.writer == "llm"
        return given.usage.cost_usd

    home = tmp_path / "home"
    with serving(says(TRUE)) as server:
        with Archive(home, WordEmbedder()) as archive:
            archive.ingest([article("bridge", BRIDGE, published_at=day("2026-09-01"))])
            assert answers(archive, server.url) == pytest.approx(0.1)
            assert answers(archive, server.url) == pytest.approx(0.1), "one that has begun is finished"
        with Archive(home, WordEmbedder()) as again:
            with pytest.raises(AnswerFailure, match=r"0\.20 of 0\.15 US dollars") as failure:
                answers(again, server.url)
            assert again.spent(datetime.now(UTC) - timedelta(days=1)) == pytest.approx(0.2)
            assert again.spent(datetime.now(UTC) + timedelta(hours=1)) == 0, "a new day begins with nothing"
    assert failure.value.event.code == "SpendingLimitReached"
    assert len(server.requests) == 2, "the model is not asked, and no other writer takes its place"


@pytest.mark.parametrize("earlier", [(), ("What do the bridge repairs cost?",)])
def test_an_answer_that_nobody_waits_for_is_paid_for(archive: Archive, earlier: tuple[str, ...]) -> None:
    archive.ingest([article("bridge", BRIDGE)])
    purse = Purse(Price(1_000.0, 0.0, 0.0, 1_000.0))
    question = Question("And what do the bridge repairs cost?", earlier=earlier)  # a follow-up is rewritten first

    async def cancelled() -> None:
        with serving(says(TRUE + " And then", 30.0)) as server:
            writes = LLMWriter(server.url, "none", "m", purse=purse).charged_to(archive, None)
            task = asyncio.create_task(complete(question, archive, writes))
            while not server.requests:
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.3)
            task.cancel()
            await asyncio.wait([task])

    asyncio.run(cancelled())
    assert archive.spent(day("2020-01-01")) > 0.05


def test_who_leaves_while_payments_wait_in_line_has_paid(archive: Archive) -> None:
    purse = Purse(Price(1_000.0, 0.0, 0.0, 1_000.0), account=archive)

    async def left(url: str) -> None:
        loop, busy = asyncio.get_running_loop(), threading.Event()
        loop.set_default_executor(ThreadPoolExecutor(1))

        async def read() -> None:
            async with aclosing(paid(chat(url, "chat"), HELLO, purse, Bill())) as pieces:
                async for _ in pieces:
                    loop.run_in_executor(None, busy.wait, 10)

        reading = asyncio.create_task(read())
        await asyncio.sleep(0.5)
        for _ in range(2):
            reading.cancel()
            await asyncio.sleep(0.05)
        busy.set()
        await asyncio.wait([reading])

    with serving(says("Ana Sol.")) as server:
        asyncio.run(left(server.url))
    assert archive.spent(day("2020-01-01")) > 0


def test_a_server_that_refuses_costs_nothing(archive: Archive) -> None:
    archive.ingest([article("bridge", BRIDGE)])
    with serving(refuses(401)) as server, pytest.raises(AnswerFailure):
        writes = LLMWriter(server.url, "none", "m", purse=Purse(Price(1.0, 1.0, 1.0, 1.0)))
        asyncio.run(complete(Question("What do the bridge repairs cost?"), archive, writes))
    assert archive.spent(day("2020-01-01")) == 0
    assert FREE.of(Usage(10**9, 10**9)) == 0
