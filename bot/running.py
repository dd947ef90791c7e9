"""Answers being written: each in a task of its own, so that whoever reads it can go away and come back."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from bot.answer import Question
from bot.engine import Writer, ask
from bot.events import AnswerCancelled, AnswerCompleted, AnswerCreated, Event
from index import Archive, DatelineError

GRACE_S = 15.0  # how long an answer that nobody reads any more is still written
KEPT_S = 600.0  # how long the events of an answer that failed or was cancelled can be read again


class TooBusy(DatelineError):
    """So many answers are being written that another one would only slow them all down."""


class TooManyOfOne(DatelineError):
    """So many answers are being written for one who asks that they must wait for an end of one."""


class Running:
    """One answer while it is written. `owner` is who asked; nobody else may read or cancel it."""

    def __init__(self, created: AnswerCreated, owner: str | None) -> None:
        self.answer_id = created.answer_id
        self.conversation_id = created.conversation_id
        self.owner = owner
        self.events: list[Event] = [created]
        self.ended = False
        self.task: asyncio.Task[None] | None = None
        self._more = asyncio.Event()
        self.readers = 0
        self._giving_up: asyncio.TimerHandle | None = None

    async def read(
        self, after: int = -1, *, ping: float = 15.0, grace: float = GRACE_S
    ) -> AsyncGenerator[tuple[int, Event] | None]:
        """The events behind number `after` as they come, with their numbers; None when `ping` seconds brought none.

        When the last reader leaves before the end, the answer is cancelled after `grace` seconds.
        """
        number = after + 1
        self.readers += 1
        if self._giving_up is not None:
            self._giving_up.cancel()
        try:
            while True:
                while number < len(self.events):
                    yield number, self.events[number]
                    number += 1
                if self.ended:
                    return
                try:
                    await asyncio.wait_for(self._more.wait(), ping)
                except TimeoutError:
                    yield None
        finally:
            self.readers -= 1
            if not self.readers and not self.ended:
                self._giving_up = asyncio.get_running_loop().call_later(grace, self.cancel)

    def cancel(self) -> None:
        """Break the writing off: the model's reply is closed and the events end with AnswerCancelled."""
        if self.task is not None:
            self.task.cancel()

    def add(self, event: Event) -> None:
        """Keep an event and wake the readers."""
        self.events.append(event)
        self._wake()

    def end(self) -> None:
        """No event comes any more."""
        self.ended = True
        self._wake()

    def _wake(self) -> None:
        woken, self._more = self._more, asyncio.Event()
        woken.set()


class Watcher(Protocol):
    """Hears of what happens to the answers of a desk, to count it."""

    def began(self) -> None:
        """An answer is being written."""
        ...

    def happened(self, event: Event) -> None:
        """An event of an answer; the last one is its end."""
        ...


class Desk:
    """The answers being written in this process, at most `most` at once, for one owner at most `most_each`."""

    def __init__(
        self, archive: Archive, writer: Writer, most: int, most_each: int, watcher: Watcher | None = None
    ) -> None:
        self._watcher = watcher
        self._archive = archive
        self._writer = writer
        self._most = most
        self._most_each = most_each
        self._starting: list[str | None] = []  # the owners of answers that have no id yet
        self._running: dict[str, Running] = {}
        self.process = uuid.uuid4().hex  # names this process to others that share the truth

    async def start(self, question: Question) -> Running:
        """Begin to answer.

        Raises BadRequest when the question cannot be asked, TooBusy and TooManyOfOne when there is no room for it.
        """
        self._see_that_there_is_room(question.owner)
        self._starting.append(question.owner)  # takes its room before anything is waited for
        try:
            events = ask(question, self._archive, self._writer)
            created = await anext(events)  # a question that cannot be asked fails here
        finally:
            self._starting.remove(question.owner)
        assert isinstance(created, AnswerCreated)
        running = Running(created, question.owner)
        if self._watcher is not None:
            self._watcher.began()
        self._running[running.answer_id] = running
        running.task = asyncio.create_task(self._write(running, events))
        return running

    def find(self, answer_id: str, owner: str | None = None) -> Running | None:
        """An answer that is being written, or ended unfinished a while ago, if it is this owner's."""
        running = self._running.get(answer_id)
        return running if running is not None and running.owner == owner else None

    def running(self, owner: str | None) -> int:
        """How many answers are being written for this owner."""
        return self._owners().count(owner)

    async def drained(self) -> None:
        """Wait until everything that is being written has ended."""
        while tasks := [each.task for each in self._running.values() if each.task is not None and not each.ended]:
            await asyncio.wait(tasks)

    def _owners(self) -> list[str | None]:
        """Whom answers are being written for, once for each."""
        return self._starting + [each.owner for each in self._running.values() if not each.ended]

    def _see_that_there_is_room(self, owner: str | None) -> None:
        owners = self._owners()
        if owner is not None and owners.count(owner) >= self._most_each:
            raise TooManyOfOne(f"This key may have {self._most_each} answers written at once.")
        if len(owners) >= self._most:
            raise TooBusy(f"Dateline is writing {self._most} answers already. Try again in a few seconds.")

    async def _write(self, running: Running, events: AsyncGenerator[Event]) -> None:
        try:
            async with aclosing(events):
                async for event in events:
                    self._add(running, event)
        except asyncio.CancelledError:
            self._add(running, AnswerCancelled(running.answer_id))
        finally:
            running.end()
            self._forget(running)

    def _add(self, running: Running, event: Event) -> None:
        running.add(event)
        if self._watcher is not None:
            self._watcher.happened(event)

    def _forget(self, running: Running) -> None:
        """A completed answer is in the truth; another one is kept a while for those who come back."""
        kept = 0.0 if isinstance(running.events[-1], AnswerCompleted) else KEPT_S
        asyncio.get_running_loop().call_later(kept, self._running.pop, running.answer_id, None)
