"""Answers in tasks of their own: left and taken up again, broken off, never left running for nobody."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from bot.answer import ProvenSentence, Question, Quote, Usage
from bot.engine import LeftOut
from bot.events import AnswerCancelled, AnswerCompleted, Event
from bot.running import Desk, Running, TooBusy, TooManyOfOne
from index import Archive, BadRequest, Evidence
from tests.conftest import article, day

BELL = "The harbour bridge will close on Monday. Repairs cost 12 million crowns."


class Slow:
    """A writer that says a sentence, then waits; `closed` once it was broken off."""

    name = "slow"
    model: str | None = None

    def __init__(self, wait: float) -> None:
        self.wait = wait
        self.closed = False

    async def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence | LeftOut | Usage]:
        passage = evidence[0].passage
        try:
            for span in passage.sentences:
                yield ProvenSentence(passage.quote(span), (Quote(evidence[0], span),), "verbatim")
                await asyncio.sleep(self.wait)
        finally:
            self.closed = True


@pytest.fixture
def run(archive: Archive) -> Callable[[Callable[[Desk, Slow], Coroutine[Any, Any, None]], float], None]:
    archive.ingest([article("bridge", BELL, published_at=day("2026-09-01"))])

    def run(what: Callable[[Desk, Slow], Coroutine[Any, Any, None]], wait: float) -> None:
        async def whole() -> None:
            writer = Slow(wait)
            await asyncio.wait_for(what(Desk(archive, writer, 2, 1), writer), 20)

        asyncio.run(whole())

    return run


async def read(running: Running, after: int = -1, most: int = 100, grace: float = 0.05) -> list[Event]:
    seen: list[Event] = []
    async with aclosing(running.read(after, grace=grace)) as events:
        async for numbered in events:
            if numbered is not None:
                seen.append(numbered[1])
            if len(seen) == most:
                break
    return seen


def test_a_reader_can_leave_and_come_back(run: Any) -> None:
    async def what(desk: Desk, writer: Slow) -> None:
        running = await desk.start(Question("bridge?"))
        begun = await read(running, most=3)
        rest = await read(running, after=2)
        assert isinstance(rest[-1], AnswerCompleted)
        assert begun + rest == running.events

    run(what, 0.01)


def test_two_readers_see_the_same(run: Any) -> None:
    async def what(desk: Desk, writer: Slow) -> None:
        running = await desk.start(Question("bridge?"))
        one, other = await asyncio.gather(read(running), read(running))
        assert one == other == running.events

    run(what, 0.05)


def test_an_answer_that_is_cancelled_ends_so_and_closes_the_writer(run: Any) -> None:
    async def what(desk: Desk, writer: Slow) -> None:
        running = await desk.start(Question("bridge?"))
        await read(running, most=4)
        running.cancel()
        assert (await read(running))[-1] == AnswerCancelled(running.answer_id)
        assert writer.closed
        assert desk.running(None) == 0

    run(what, 60)


def test_an_answer_that_nobody_reads_any_more_is_broken_off(run: Any) -> None:
    async def what(desk: Desk, writer: Slow) -> None:
        running = await desk.start(Question("bridge?"))
        await read(running, most=4)
        await desk.drained()
        assert running.events[-1] == AnswerCancelled(running.answer_id)
        assert writer.closed

    run(what, 60)


def test_every_departure_of_the_last_reader_leaves_the_whole_grace(run: Any) -> None:
    async def what(desk: Desk, writer: Slow) -> None:
        running = await desk.start(Question("bridge?"))
        await read(running, most=4, grace=0.5)
        await asyncio.sleep(0.3)
        await read(running, most=4, grace=0.5)
        left = asyncio.get_running_loop().time()
        await desk.drained()
        assert asyncio.get_running_loop().time() - left > 0.45

    run(what, 60)


def test_a_silent_writer_is_pinged_for(run: Any) -> None:
    async def what(desk: Desk, writer: Slow) -> None:
        running = await desk.start(Question("bridge?"))
        pings = 0
        async with aclosing(running.read(ping=0.05)) as events:
            async for numbered in events:
                pings += numbered is None
                if pings == 2:
                    break
        running.cancel()

    run(what, 60)


def test_only_so_many_are_written_at_once(run: Any) -> None:
    async def what(desk: Desk, writer: Slow) -> None:
        first, _ = [await desk.start(Question("bridge?")) for _ in range(2)]
        with pytest.raises(TooBusy, match="2 answers already"):
            await desk.start(Question("bridge?"))
        first.cancel()
        await read(first)
        await desk.start(Question("bridge?"))

    run(what, 60)


def test_those_that_are_asked_at_the_same_moment_are_counted_too(run: Any) -> None:
    async def what(desk: Desk, writer: Slow) -> None:
        asked = (desk.start(Question("bridge?")) for _ in range(6))
        started = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(each) for each in started] == [Running, Running, TooBusy, TooBusy, TooBusy, TooBusy]

    run(what, 60)


def test_one_owner_takes_the_room_of_no_other(run: Any) -> None:
    async def what(desk: Desk, writer: Slow) -> None:
        asked = (desk.start(Question("bridge?", owner=owner)) for owner in ("key-1", "key-1", "key-2"))
        started = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(each) for each in started] == [Running, TooManyOfOne, Running]

    run(what, 60)


def test_an_answer_is_found_by_who_asked_only(run: Any) -> None:
    async def what(desk: Desk, writer: Slow) -> None:
        running = await desk.start(Question("bridge?", owner="key-1"))
        assert desk.find(running.answer_id, "key-1") is running
        assert desk.find(running.answer_id, "key-2") is None
        assert desk.find(running.answer_id) is None

    run(what, 60)


def test_what_cannot_be_asked_is_said_before_anything_runs(run: Any) -> None:
    async def what(desk: Desk, writer: Slow) -> None:
        with pytest.raises(BadRequest):
            await desk.start(Question(" "))
        assert desk.running(None) == 0

    run(what, 0)
