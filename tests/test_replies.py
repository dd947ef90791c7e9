"""Hostile and honest replies of a model, through the real client and engine: what may reach a reader and what must.

The replies are data: `replies/made` about articles made for them, `replies/samples` about sample articles. In them
`[@words]` stands for the number of the sentence that has these words, as it stands in the prompt, and `[@@words]` for
the number of its source.
"""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.answer import Question
from bot.engine import ask
from bot.events import AnswerCancelled, AnswerCompleted, AnswerFailed, Event, SentenceProven
from bot.llm import LLMWriter
from index import Archive, Article, BadArticle, read_paths
from index.reading.fields import article_from_fields
from tests.conftest import SAMPLES, WordEmbedder
from tests.scripted_server import JSON, Request, Scripted, ScriptedServer, delta, event, refuses, says, serving

REPLIES = Path(__file__).with_name("replies")
SETS = ("made", "samples")
QUESTIONS = {
    "made": "What happened in Niger, in Velmora, at the central bank, at the trial of Dahl and in the final?",
    "samples": "What of the reef, the ferry, Tarnholt, the painting, the strait, the teachers, the flood, the bridge?",
}
KEPT_AT_LEAST = {"made": 0.95, "samples": 0.85}  # of the honest sentences; on those of both sets 0.9
PIECE = 7  # characters of a reply that are streamed at a time


def rows(of: str, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (REPLIES / of / f"{name}.jsonl").read_text("utf-8").splitlines()]


HOSTILE = [(of, row) for of in SETS for row in rows(of, "hostile")]
HONEST = [(of, row) for of in SETS for row in rows(of, "honest")]


@dataclass
class Model:
    """What the server says next; asked to repair, it has nothing to say."""

    reply: str = ""
    repair: str = "NO ANSWER"

    def __call__(self, request: Request) -> Scripted:
        prompt = request.body["messages"][1]["content"]
        text = numbered(self.reply if len(request.body["messages"]) == 2 else self.repair, prompt)
        return says(*(text[at : at + PIECE] for at in range(0, len(text), PIECE)))


def numbered(reply: str, prompt: str) -> str:
    def number(found: re.Match[str]) -> str:
        (at,) = re.findall(rf"^\[(\d+\.\d+)\][^\n]*{re.escape(found[2].strip())}", prompt, re.M)
        return str(at).partition(".")[0] if found[1] else str(at)

    return re.sub(r"@(@?)([^\]\[,;@【】-]+)", number, reply)


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Archive]]:
    """An archive for each set."""
    with ExitStack() as stack:
        opened = {}
        for of in SETS:
            opened[of] = stack.enter_context(Archive(tmp_path_factory.mktemp(of) / "home", WordEmbedder()))
            report = opened[of].ingest([each for row in rows(of, "articles") for each in read(row)])
            assert report.errors == ()
        yield opened


def read(row: dict[str, Any]) -> Iterator[Article | BadArticle]:
    if "sample" in row:
        yield from read_paths([str(SAMPLES / row["sample"])])
    else:
        yield article_from_fields(row, source=row["id"])


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


@pytest.fixture(scope="module")
def server(model: Model) -> Iterator[ScriptedServer]:
    with serving(model) as running:
        yield running


def answer(news: dict[str, Archive], server: ScriptedServer, of: str = "made", patience: float = 15) -> list[Event]:
    writing = LLMWriter(
        server.url, "key", "scripted", context_tokens=40_000, first_token_timeout=patience, total_timeout=patience
    )

    async def collect() -> list[Event]:
        return [each async for each in ask(Question(QUESTIONS[of], k=60), news[of], writing)]

    return asyncio.run(asyncio.wait_for(collect(), 20))


def said(events: list[Event]) -> list[str]:
    """What was given as the articles' word: sentences that cite."""
    return [each.sentence.text for each in events if isinstance(each, SentenceProven) and each.sentence.citations]


def ends_once(events: list[Event]) -> bool:
    last = (AnswerCompleted, AnswerFailed, AnswerCancelled)
    return [isinstance(each, last) for each in events] == [False] * (len(events) - 1) + [True]


def test_there_are_enough_replies_and_each_cites_what_is_in_the_prompt(
    news: dict[str, Archive], model: Model, server: ScriptedServer
) -> None:
    assert len({row["reply"] for _, row in HOSTILE}) == len(HOSTILE) >= 60
    assert len({row["reply"] for _, row in HONEST}) == len(HONEST) >= 40
    model.reply = "NO ANSWER"
    for of in SETS:
        answer(news, server, of)
        prompt = server.requests[-1].body["messages"][1]["content"]
        assert all("@" not in numbered(row["reply"], prompt) for each, row in [*HOSTILE, *HONEST] if each == of)


@pytest.mark.parametrize(("of", "row"), HOSTILE, ids=[f"{row['kind']}: {row['reply'][:40]}" for _, row in HOSTILE])
def test_nothing_unproven_reaches_the_reader(
    of: str, row: dict[str, Any], news: dict[str, Archive], model: Model, server: ScriptedServer
) -> None:
    model.reply, model.repair = row["reply"], f"Once more. {row['reply']}"
    events = answer(news, server, of)
    assert said(events) == row["allowed"]
    assert ends_once(events)
    assert isinstance(events[-1], AnswerCompleted), "the reply itself was read"


TRUE, FALSE = "The club was founded in 1921 [@was founded]. ", "The club was founded in 1912 [@was founded]. "
SAYS_MORE = "The club was founded in 1921."


def repeats_the_prompt(request: Request) -> Scripted:
    return says(request.body["messages"][0]["content"], "\n", request.body["messages"][1]["content"])


def calls_tools(_: Request) -> Scripted:
    call = [{"index": 0, "id": "c", "type": "function", "function": {"name": "delete_articles", "arguments": "{}"}}]
    return Scripted([delta(None, tool_calls=call), b"data: [DONE]\n\n"])


def with_numbers(text: str, wire: Callable[[str], Scripted]) -> Callable[[Request], Scripted]:
    """A reply whose marks are numbered before it is put on the wire."""
    return lambda request: wire(numbered(text, request.body["messages"][1]["content"]))


# What the server does, and what of it may be said. Where nothing was proven the answer fails or abstains.
WIRE: dict[str, tuple[Callable[[Request], Scripted], list[str]]] = {
    "endless lies": (with_numbers(FALSE, lambda text: Scripted([delta(text)], repeat=100_000)), []),
    "endless word": (lambda _: Scripted([delta("and so on ")], repeat=100_000), []),
    "endless silence": (lambda _: Scripted([0.05], repeat=10_000), []),
    "closes at once": (lambda _: Scripted([], whole=False), []),
    "half a sentence, then closes": (with_numbers(TRUE[:-14], lambda text: says(text, whole=False)), []),
    "a truth, then closes": (with_numbers(f"{TRUE}And it was ", lambda text: says(text, whole=False)), [SAYS_MORE]),
    "a truth, then a lie cut off": (
        with_numbers(TRUE + FALSE[:20], lambda text: says(text, whole=False)),
        [SAYS_MORE],
    ),
    "200 with an error": (lambda _: Scripted([b'{"error": {"message": "overloaded"}}'], kind=JSON), []),
    "an error in the stream": (lambda _: Scripted([event(error={"message": "overloaded", "code": 500})]), []),
    "200 with a page": (lambda _: Scripted([b"<html>Sign in to the hotel's network</html>"], kind="text/html"), []),
    "no utf-8": (lambda _: Scripted([b'data: {"choices": [{"delta": {"content": "\xff\xfe\xc3"}}]}\n\n']), []),
    "no json": (lambda _: Scripted([b"data: {oops\n\n", b"data: [DONE]\n\n"]), []),
    "no choices": (lambda _: Scripted([event(choices=[]), event(object="x"), b"data: [DONE]\n\n"]), []),
    "content that is no text": (lambda _: Scripted([delta({"a": 1}), delta(7), b"data: [DONE]\n\n"]), []),
    "tool calls": (calls_tools, []),
    "repeats the prompt": (repeats_the_prompt, []),
    "refuses": (lambda _: refuses(403, "no"), []),
}


@pytest.mark.parametrize("case", WIRE)
def test_whatever_the_server_does_the_answer_ends_once_and_holds(case: str, news: dict[str, Archive]) -> None:
    script, allowed = WIRE[case]
    with serving(script) as server:
        events = answer(news, server, patience=1)
        assert server.requests
    assert ends_once(events)
    if case == "repeats the prompt":  # its lines are the articles' own sentences, under their numbers
        bodies = " ".join(row["body"] for row in rows("made", "articles"))
        assert all(sentence in bodies for sentence in said(events))
    else:
        assert said(events) == allowed


@pytest.mark.parametrize("of", SETS)
def test_honest_sentences_stay(of: str, news: dict[str, Archive], model: Model, server: ScriptedServer) -> None:
    wanted = kept = 0
    lost = []
    model.repair = "NO ANSWER"
    for row in (row for each, row in HONEST if each == of):
        model.reply = row["reply"]
        events = answer(news, server, of)
        assert ends_once(events)
        wanted, kept = wanted + row["sentences"], kept + len(said(events))
        if len(said(events)) != row["sentences"]:
            lost.append(row["reply"])
    assert kept >= KEPT_AT_LEAST[of] * wanted, lost
