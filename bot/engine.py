"""One question from asking to proven answer, as a stream of events. Every surface encodes these and adds no logic."""

import asyncio
import contextlib
import json
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from bot.answer import (
    Answer,
    AnswerSentence,
    Citation,
    ProvenSentence,
    Question,
    Quote,
    Source,
    Status,
    Timings,
    Usage,
    check,
)
from bot.encoding import answer_json
from bot.events import (
    AnswerCompleted,
    AnswerCreated,
    AnswerFailed,
    Event,
    SearchCompleted,
    SearchStarted,
    SentenceProven,
)
from bot.followup import standalone
from bot.links import highlight_url
from bot.plain import plain
from bot.understanding import earlier_questions, search, understand
from bot.when import Period, names_time
from bot.wording import from_another_time, nothing_found
from index import Archive, DatelineError, Evidence, Given

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A sentence the writer wanted to say and could not prove, with the reason it was dropped."""

    text: str
    reason: str


class Writer(Protocol):
    """Turns a question and its evidence into proven sentences, one at a time."""

    name: str
    model: str | None

    def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence | LeftOut | Usage]:
        """Sentences that are already proven; what was dropped; once, at the end, the usage."""
        ...


@runtime_checkable
class Rewriter(Protocol):
    """A writer that can also make a follow-up stand alone."""

    async def rewrite(self, question: str, earlier: Sequence[str]) -> tuple[str | None, Usage]:
        """The follow-up as a question of its own; None when that fails or changes what was asked. What it cost."""
        ...


@runtime_checkable
class Paid(Protocol):
    """A writer whose model costs money."""

    def charged_to(self, account: Archive, owner: str | None) -> Writer:
        """The same writer, which takes down there what it spends and for whom, and keeps to the limit of a day."""
        ...


async def ask(question: Question, archive: Archive, writer: Writer) -> AsyncGenerator[Event]:
    """Answer a question. Ends with exactly one AnswerCompleted or AnswerFailed, whatever happens.

    Raises BadRequest before the first event when the question cannot be asked as it stands.
    """
    started = time.perf_counter()
    if isinstance(writer, Paid):
        writer = writer.charged_to(archive, question.owner)
    publishers = await asyncio.to_thread(archive.publishers)
    question = check(question, datetime.now(UTC), publishers)
    earlier = await asyncio.to_thread(earlier_questions, question, archive)
    question = replace(question, earlier=earlier)
    created = AnswerCreated(_new_id("ans"), question.conversation_id or _new_id("conv"), question.text)
    yield created
    try:
        async with aclosing(_answer(question, created, archive, writer, publishers, started)) as events:
            async for event in events:
                yield event
    except DatelineError as error:
        yield AnswerFailed(created.answer_id, type(error).__name__, str(error))
    except Exception:
        # The one place that catches all: a client must never wait for an end that does not come.
        log.exception("answer %s failed", created.answer_id)
        yield AnswerFailed(created.answer_id, "InternalError", "Dateline failed on this question; its log says how.")


async def _answer(
    question: Question,
    created: AnswerCreated,
    archive: Archive,
    writer: Writer,
    publishers: Sequence[str],
    started: float,
) -> AsyncGenerator[Event]:
    text, usage = await _standalone(question, writer, publishers)
    yield SearchStarted(text)
    meant = await asyncio.to_thread(understand, question, text, archive, publishers, datetime.now(UTC))
    found = await asyncio.to_thread(search, meant, archive)
    sources = _sources(found.evidence)
    searched = time.perf_counter()
    yield SearchCompleted(sources, found)

    draft = _Draft(usage)
    first: float | None = None
    evidence = () if found.outdated else found.evidence
    async with aclosing(writer.write(found.question, evidence, found.weights)) as writing:
        async for written in writing:
            if not draft.sentences and found.missed is not None and _is_of_another_time(written, found.missed):
                yield draft.add(ProvenSentence(from_another_time(found.question, found.missed), (), "supported"))
            if (proven := draft.take(written)) is not None:
                first = first or time.perf_counter()
                yield proven
    if not draft.sentences:
        outdated = found.missed if found.outdated else None
        said = nothing_found(found.question, found.evidence, found.weights, outdated)
        yield draft.add(ProvenSentence(said, (), "supported"))
    ended = time.perf_counter()
    answer = Answer(
        id=created.answer_id,
        conversation_id=created.conversation_id,
        question=question.text,
        standalone_question=text,
        status=draft.status,
        as_of=meant.as_of,
        sentences=tuple(draft.sentences),
        citations=tuple(draft.citations.values()),
        sources=sources,
        writer=writer.name,
        model=writer.model,
        usage=draft.usage,
        timings=Timings(*((at - started) * 1000 for at in (searched, first or ended, ended))),
    )
    if question.kept:
        await _keep(answer, question, archive)
    yield AnswerCompleted(answer)


async def _keep(answer: Answer, question: Question, archive: Archive) -> None:
    """Store an answer. A cancellation comes too late for it: what is stored must not end as cancelled."""
    value = json.dumps(answer_json(answer), ensure_ascii=False)
    follows = question.conversation_id is not None
    given = Given(answer.id, answer.conversation_id, answer.question, value, question.owner, follows)
    saving = asyncio.ensure_future(asyncio.to_thread(archive.answers.save, given))
    while not saving.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({saving})
    saving.result()


async def _standalone(question: Question, writer: Writer, publishers: Sequence[str]) -> tuple[str, Usage]:
    """The question as it is searched: the model's words where it gives any, else ours; what that cost."""
    usage = Usage()
    if question.earlier and isinstance(writer, Rewriter):
        rewritten, usage = await writer.rewrite(question.text, question.earlier)
        if rewritten is not None:
            return rewritten, usage
    return standalone(question.text, question.earlier, publishers), usage


def _is_of_another_time(written: ProvenSentence | LeftOut | Usage, asked: Period) -> bool:
    """Whether a sentence rests on a dated article from outside of the time asked about, and does not name that time."""
    if not isinstance(written, ProvenSentence) or any(names_time(quote.text, asked) for quote in written.quotes):
        return False
    return any(quote.evidence.article.published_at is not None for quote in written.quotes)


async def complete(question: Question, archive: Archive, writer: Writer) -> Answer:
    """The whole answer at once. Raises the BadRequest of a question that cannot be asked, and AnswerFailure."""
    async for event in ask(question, archive, writer):
        if isinstance(event, AnswerCompleted):
            return event.answer
        if isinstance(event, AnswerFailed):
            raise AnswerFailure(event)
    raise AssertionError("a stream of events always ends with a completed or a failed answer")


class AnswerFailure(DatelineError):
    """An answer that was begun could not be finished."""

    def __init__(self, event: AnswerFailed) -> None:
        super().__init__(event.message)
        self.event = event


class _Draft:
    """The answer while it is written: its sentences so far and the numbers of their citations."""

    def __init__(self, usage: Usage) -> None:
        self.sentences: list[AnswerSentence] = []
        self.citations: dict[tuple[str, int, int], Citation] = {}
        self.usage = usage
        self._left_out = 0

    @property
    def status(self) -> Status:
        if not self.citations:
            return "abstained"
        return "partial" if self._left_out else "answered"

    def take(self, written: ProvenSentence | LeftOut | Usage) -> SentenceProven | None:
        match written:
            case ProvenSentence():
                return self.add(written)
            case LeftOut():
                self._left_out += 1
            case Usage():
                self.usage += written
        return None

    def add(self, proven: ProvenSentence) -> SentenceProven:
        known = len(self.citations)
        numbers = tuple(dict.fromkeys(self._number(quote, proven) for quote in proven.quotes))
        sentence = AnswerSentence(plain(proven.text), numbers, proven.verdict)
        self.sentences.append(sentence)
        index = len(self.sentences) - 1
        delta = sentence.marked if index == 0 else f" {sentence.marked}"
        return SentenceProven(index, delta, sentence, tuple(self.citations.values())[known:])

    def _number(self, quote: Quote, proven: ProvenSentence) -> int:
        article = quote.evidence.article
        key = (article.id, *quote.span)
        if key not in self.citations:
            link = highlight_url(article, quote.text)
            self.citations[key] = Citation(
                len(self.citations) + 1, article, quote.text, *quote.span, link, proven.verdict
            )
        return self.citations[key].index


def _sources(evidence: Sequence[Evidence]) -> tuple[Source, ...]:
    """The articles of the evidence, each once with the score of its best passage, best first."""
    best: dict[str, Source] = {}
    for found in evidence:
        best.setdefault(
            found.article.id, Source(found.article, found.score, found.copies, found.outlets, found.correction)
        )
    return tuple(best.values())


def _new_id(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex[:24]}"
