"""The LLM writer against a server that lies, breaks off, stalls and refuses: nothing unproven leaves it."""

import asyncio
import socket
import time
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from bot.answer import ProvenSentence, Question, Usage
from bot.chat import Chat, Message, Timeouts, Visible
from bot.engine import LeftOut
from bot.llm import LLMWriter
from index import Filter, ModelRefused, ModelUnavailable
from tests.evidence_by_hand import evidence
from tests.scripted_server import JSON, Scripted, delta, event, refuses, says, serving

KEY = "sk-test-SECRET-0123456789"
FOUND = [
    evidence("The air base in Agadez cost $110 million. It was built six years ago. The junta did not set a deadline."),
    evidence("Mayor Lena Ortiz opened the library on Monday. “It is for everyone,” she said.", 2, title="Library"),
]
QUESTION = Question("What did the base cost?", Filter(as_of=datetime(2023, 10, 6, tzinfo=UTC)))
TRUE = "The air base in Agadez cost $110 million [1.1]. "
ALSO_TRUE = "Mayor Lena Ortiz opened the library on Monday [2.1]. "
FALSE = "The air base in Agadez cost $120 million [1.1]. "
Written = list[ProvenSentence | LeftOut | Usage]


def writer(url: str, **settings: float) -> LLMWriter:
    return LLMWriter(url, KEY, "scripted", **settings)  # type: ignore[arg-type]


def write(writing: LLMWriter, question: Question = QUESTION) -> Written:
    async def run() -> Written:
        return [each async for each in writing.write(question, FOUND, {})]

    return asyncio.run(asyncio.wait_for(run(), 20))


def texts(written: Written) -> list[str]:
    return [each.text for each in written if isinstance(each, ProvenSentence)]


def left_out(written: Written) -> list[LeftOut]:
    return [each for each in written if isinstance(each, LeftOut)]


def test_proven_sentences_come_with_their_quotes_and_the_usage_comes_last() -> None:
    with serving(says("The air base in Aga", "dez cost $110 mill", "ion [1.", "1]. ", ALSO_TRUE)) as server:
        written = write(writer(server.url))
    first, second, usage = written
    assert isinstance(first, ProvenSentence)
    assert isinstance(second, ProvenSentence)
    assert [quote.text for quote in first.quotes] == ["The air base in Agadez cost $110 million."]
    assert [quote.evidence.article.id for quote in second.quotes] == ["article-2"]
    assert usage == Usage(100, 20)


def test_the_prompt_has_numbered_sources_as_data_and_the_question_last() -> None:
    with serving(says(TRUE)) as server:
        write(writer(server.url))
    (request,) = server.requests
    system, user = request.body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert "Source 1: The Sahel Post, October 4, 2023 (1 day ago): Troops to leave" in user["content"]
    assert "[2.2] “It is for everyone,” she said." in user["content"]
    assert user["content"].endswith("The date is Friday, October 6, 2023.\n\nQuestion: What did the base cost?")
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.body["max_tokens"] <= 2048
    assert request.body["temperature"] == 0


def test_a_sentence_is_passed_on_while_the_model_still_writes() -> None:
    async def first() -> tuple[object, float]:
        with serving(says(TRUE, "And so the rest goes on ", 5.0, "and on.")) as server:
            started = time.monotonic()
            async with aclosing(writer(server.url).write(QUESTION, FOUND, {})) as writing:
                sentence = await anext(writing)
                took = time.monotonic() - started
            closed = await asyncio.to_thread(server.requests[0].closed.wait, 3)
            assert closed, "closing the generator must close the request"
            return sentence, took

    sentence, took = asyncio.run(first())
    assert isinstance(sentence, ProvenSentence)
    assert took < 4


def test_cancelling_closes_the_request() -> None:
    async def cancel() -> bool:
        with serving(says("The air ", 30.0)) as server:
            task = asyncio.create_task(anext(writer(server.url).write(QUESTION, FOUND, {})))
            while not server.requests:
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.2)
            task.cancel()
            await asyncio.wait([task])
            return await asyncio.to_thread(server.requests[0].closed.wait, 3)

    assert asyncio.run(asyncio.wait_for(cancel(), 15))


def test_a_failed_sentence_is_repaired_once_with_the_reason() -> None:
    with serving(says(FALSE, ALSO_TRUE), says(TRUE)) as server:
        written = write(writer(server.url))
    assert texts(written) == [ALSO_TRUE[:-7].strip() + ".", "The air base in Agadez cost $110 million."]
    assert left_out(written) == []
    assert written[-1] == Usage(200, 40)
    repair = server.requests[1].body["messages"]
    assert [each["role"] for each in repair] == ["system", "user", "assistant", "user"]
    assert "the number $120 million is not in the cited sentences" in repair[-1]["content"]


@pytest.mark.parametrize("second", [says(FALSE), says("NO ANSWER"), refuses(400), says("I am sorry.")])
def test_what_cannot_be_repaired_is_left_out(second: Scripted) -> None:
    with serving(says(FALSE, ALSO_TRUE), second) as server:
        written = write(writer(server.url))
    assert texts(written) == ["Mayor Lena Ortiz opened the library on Monday."]
    assert [each.text for each in left_out(written)] == ["The air base in Agadez cost $120 million."]
    assert len(server.requests) == 2


@pytest.mark.parametrize("reply", ["NO ANSWER", "NO ANSWER.", "**NO ANSWER**", "no answer\n", "", "\n\n", "---"])
def test_no_answer_is_no_sentence(reply: str) -> None:
    with serving(says(reply)) as server:
        assert write(writer(server.url)) == [Usage(100, 20)]
        assert len(server.requests) == 1


def test_a_heading_is_neither_said_nor_missed() -> None:
    with serving(says("Here is the answer:\n", TRUE)) as server:
        assert left_out(write(writer(server.url))) == []


def test_a_sentence_is_said_once() -> None:
    with serving(says(*[TRUE] * 50)) as server:
        assert len(texts(write(writer(server.url)))) == 1


def test_tokens_are_counted_when_the_server_does_not_tell() -> None:
    with serving(says(TRUE, usage=None)) as server:
        usage = write(writer(server.url))[-1]
    assert isinstance(usage, Usage)
    assert usage.prompt_tokens > 200
    assert usage.completion_tokens > 5


def test_a_server_that_refuses_stream_options_is_asked_without() -> None:
    with serving(refuses(400, "unknown field stream_options"), says(TRUE)) as server:
        assert len(texts(write(writer(server.url)))) == 1
    assert "stream_options" in server.requests[0].body
    assert "stream_options" not in server.requests[1].body


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_reasoning_is_never_shown(size: int) -> None:
    reply = f"<think>{ALSO_TRUE}</think>{TRUE}<think>more {ALSO_TRUE}"
    pieces = [reply[at : at + size] for at in range(0, len(reply), size)]
    with serving(says(*pieces)) as server:
        assert texts(write(writer(server.url))) == ["The air base in Agadez cost $110 million."]
    visible = Visible()
    assert "".join(map(visible.feed, "a <b> <thin")) + visible.close() == "a <b> <thin"


def test_reasoning_in_its_own_field_is_not_read() -> None:
    with serving(Scripted([delta(None, reasoning_content=ALSO_TRUE), delta(TRUE)])) as server:
        assert texts(write(writer(server.url))) == ["The air base in Agadez cost $110 million."]


REFUSALS = {
    401: "OPENAI_API_KEY",
    403: "OPENAI_API_KEY",
    404: "DATELINE_LLM_MODEL",
    400: "DATELINE_LLM_MODEL",
    422: "DATELINE_LLM_MODEL",
    413: "DATELINE_LLM_CONTEXT_TOKENS",
}


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_says_what_to_mend(status: int) -> None:
    with serving(refuses(status, f"Incorrect API key provided: {KEY}")) as server, pytest.raises(ModelRefused) as error:
        write(writer(server.url))
    assert REFUSALS[status] in str(error.value)
    assert server.url in str(error.value)
    assert KEY not in str(error.value)
    assert error.value.__cause__ is not None
    assert len(server.requests) == 1, "a refusal is not asked again"


def test_a_prompt_that_is_too_long_is_refused_with_the_setting_to_change() -> None:
    message = "request (3031 tokens) exceeds the available context size (2048 tokens), try increasing it"
    with serving(refuses(400, message)) as server, pytest.raises(ModelRefused, match="DATELINE_LLM_CONTEXT_TOKENS"):
        write(writer(server.url))


def test_a_context_too_small_for_any_passage_is_refused_before_asking() -> None:
    with serving(says(TRUE)) as server, pytest.raises(ModelRefused, match="DATELINE_LLM_CONTEXT_TOKENS"):
        write(writer(server.url, context_tokens=1000))
    assert server.requests == []


@pytest.mark.parametrize(("status", "words"), [(429, "busy or your quota is spent"), (500, "status 500")])
def test_a_server_in_trouble_is_asked_again_and_then_named(status: int, words: str) -> None:
    reply = refuses(status, "quota", retry_after_ms="10")
    with serving(reply) as server, pytest.raises(ModelUnavailable, match=words) as error:
        write(writer(server.url))
    assert not isinstance(error.value, ModelRefused)
    assert len(server.requests) == 3


def test_a_server_that_recovers_is_not_noticed() -> None:
    with serving(refuses(429, retry_after_ms="10"), says(TRUE)) as server:
        assert len(texts(write(writer(server.url)))) == 1


def test_a_server_that_is_down_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(ModelUnavailable) as error:
        write(writer(url))
    assert f"No server answers at {url}. Is it running" in str(error.value)


def test_a_proxy_of_the_environment_does_not_catch_a_server_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(says(TRUE)) as server:
        assert len(texts(write(writer(server.url)))) == 1


@pytest.mark.parametrize("parts", [[5.0], [delta(""), 5.0], [delta("The air "), 5.0]])
def test_a_server_that_stalls_is_left(parts: list[bytes | float]) -> None:
    started = time.monotonic()
    with serving(Scripted(parts)) as server, pytest.raises(ModelUnavailable, match=r"within 0\.[48] seconds"):
        write(writer(server.url, first_token_timeout=0.4, total_timeout=0.8))
    assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    "reply",
    [
        says(TRUE, "And then the ", 5.0),
        says(TRUE, "And then the next thing ", whole=False),
        says(TRUE, "And ", whole=False),
        says(TRUE, "Mayor Lena Ortiz [2.1] opened the", whole=False),
        Scripted([delta(TRUE), delta("And then the "), b"data: {nonsense\n\n"]),
        Scripted([delta(TRUE), delta("And then the "), event(error={"message": "boom"})]),
        Scripted([delta(TRUE), delta("And then the "), b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n']),
    ],
)
def test_what_was_proven_stays_when_the_server_breaks_off(reply: Scripted) -> None:
    with serving(reply) as server:
        written = write(writer(server.url, total_timeout=1.5))
    assert texts(written) == ["The air base in Agadez cost $110 million."]
    assert "the model's server broke off" in left_out(written)[-1].reason
    assert isinstance(written[-1], Usage)


NONSENSE = {
    "an error with status 200": Scripted([b'{"error": {"message": "boom"}}'], kind=JSON),
    "a web page": Scripted([b"<html><body>Login</body></html>"], kind="text/html"),
    "nothing": Scripted([]),
    "half a stream": says("The air base ", whole=False),
    "no JSON": Scripted([b"data: hello\n\n"]),
    "other JSON": Scripted([b"data: [1]\n\n", b'data: "x"\n\n', b"data: 5\n\n"]),
    "no UTF-8": Scripted([b'data: {"choices":[{"delta":{"content":"\xff\xfe"}}]}\n\n']),
    "an error event": Scripted([event(error={"message": "boom"})]),
    "no choices": Scripted([event(choices=None), event(choices=[])]),
    "no delta": Scripted([event(choices=[{"index": 0, "delta": None}])]),
    "content that is no text": Scripted([delta({"a": 1}), delta(5), delta(["x"])]),
    "a tool call": Scripted(
        [delta(None, tool_calls=[{"index": 0, "function": {"name": "delete_all", "arguments": "{}"}}])]
    ),
    "bytes": Scripted([b"\x00\x01\x02" * 100]),
    "the prompt": lambda request: says(request.body["messages"][0]["content"]),
    "control characters": says("\x00\x1b[31m [1.1] \u202e\n"),
    "markers only": says("[1.1][1.2] [2.1]"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_ends_without_a_sentence(case: str) -> None:
    with serving(NONSENSE[case]) as server:  # type: ignore[arg-type]
        try:
            assert texts(write(writer(server.url))) == []
        except ModelUnavailable as error:
            assert str(error).endswith((".", "?"))


def test_an_endless_reply_is_cut_off() -> None:
    started = time.process_time()
    endless = Scripted([delta("and so on and ")], repeat=1_000_000)
    with serving(endless) as server:
        assert texts(write(writer(server.url))) == []
        assert server.requests[0].closed.wait(3)
    assert time.process_time() - started < 10


def test_without_evidence_the_model_is_not_asked() -> None:
    async def run() -> Written:
        return [each async for each in writer("http://127.0.0.1:9/v1").write(QUESTION, [], {})]

    assert asyncio.run(run()) == []


@pytest.mark.parametrize(("model", "temperature"), [("gpt-4.1", 0), ("gpt-6-luna", None), ("o3", None)])
def test_openais_models_are_asked_without_chance_where_they_allow_it(model: str, temperature: int | None) -> None:
    request = Chat("https://api.openai.com/v1", KEY, model, 100, Timeouts()).request([Message("user", "Who?")])
    assert request.get("temperature") == temperature
