"""Questions taken on: each claimed before it is acknowledged, answered in its thread's order, ended exactly once.

What a stopping process leaves open, and what a killed one left, is answered by the next process that runs.
"""

import asyncio
import logging
import os
import socket
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.engine import Writer
from bot.slack.asked import Asked
from bot.slack.clerk import Clerk
from bot.slack.delivery import Delivery
from bot.slack.reply import UNREACHED
from bot.slack.workspaces import Workspaces
from index import Archive, Claim, Place, Wish

AT_ONCE = 16  # answers written at the same time
BREATH_S = 0.1  # before the work on a question: in a storm of them, all acknowledgements go first
AT_ONCE_FOR_ONE = 4  # of one person
TRIES = 3  # after that a question is held to be what kills the process
TICK_S = 1.0  # how often leases are renewed, and other processes' wishes to stop are seen
SWEEP_S = 10.0  # how often it is looked for what others left
TURN_S = 0.3  # how often it is looked whether another process has ended an earlier question of the thread
PARTING_S = 2.0  # for what is being answered in a workspace that leaves; Slack waits for three
LAST_WORD_S = 5.0  # for telling those whose answer it leaves

STOPPED = "_Stopped._"
RESTARTING = "_I am being restarted. The answer will come here in a moment._"
SORRY = "I could not answer that."

log = logging.getLogger(__name__)


class Inbox:
    """The questions this process answers."""

    def __init__(
        self,
        archive: Archive,
        writer: Writer,
        workspaces: Workspaces,
        clerk: Clerk,
        clock: Callable[[], float],
        drain_s: float,
    ) -> None:
        self._archive = archive
        self._records = archive.slack
        self._writer = writer
        self._workspaces = workspaces
        self._clerk = clerk
        self._drain_s = drain_s
        self._clock = clock
        self._owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
        self._wishes: deque[tuple[Wish, Future[Claim | None]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._working: dict[int, asyncio.Task[tuple[str, str | None]]] = {}
        self._stopping: set[int] = set()
        self._turns: dict[Place, dict[int, asyncio.Task[None]]] = defaultdict(dict)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._rooms: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(AT_ONCE_FOR_ONE))
        self._ticker: asyncio.Task[None] | None = None
        self._closing = False

    async def open(self) -> None:
        """Take up what was left open, and keep leases from now on."""
        await self._clerk.do(self._records.forget_old)
        for claim in await self._clerk.do(self._records.take_over, self._owner, alone=self._archive.alone):
            self._begin(claim)
        self._ticker = asyncio.create_task(self._tick())

    async def take(self, keys: Sequence[str], asked: Asked) -> bool:
        """Claim a question and begin to answer it; False when it was taken before. After this it is not lost."""
        claimed: Future[Claim | None] = Future()
        self._wishes.append((Wish(tuple(keys), asked.place, asked.user, asked.to_json()), claimed))
        self._clerk.begin(self._claim_waiting)
        claim = await asyncio.wrap_future(claimed)
        if claim is not None and not self._closing:
            self._begin(claim)
        return claim is not None

    def _claim_waiting(self) -> None:
        """Claim all questions that wait, in one transaction: a storm of them costs few."""
        some = [self._wishes.popleft() for _ in range(len(self._wishes))]
        some = [(wish, claimed) for wish, claimed in some if claimed.set_running_or_notify_cancel()]
        if not some:
            return
        try:
            claims = self._records.claim([wish for wish, _ in some], self._owner)
        except Exception as error:
            for _, claimed in some:
                claimed.set_exception(error)
            return
        for (_, claimed), claim in zip(some, claims, strict=True):
            claimed.set_result(claim)

    async def stop(self, place: Place, asker: str | None = None) -> None:
        """Stop what is being answered in a thread, or to somebody in the channel, in whichever process."""
        self._stop(await self._clerk.do(self._records.stop, place, asker))

    async def leave(self, team: str) -> None:
        """Forget a workspace, once nothing is being answered there: what an answer leaves after that would be kept."""
        until = time.monotonic() + PARTING_S
        while (claims := await self._clerk.do(self._records.stop_all, team)) and time.monotonic() < until:
            self._stop(claims)
            await asyncio.sleep(TURN_S)
        await self._clerk.do(self._records.forget, team)

    async def takes_part(self, place: Place) -> bool:
        """Whether we were asked in a thread."""
        return await self._clerk.do(self._records.takes_part, place)

    def errand(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something small behind the acknowledgement; it is waited for at the end."""
        self._track(asyncio.create_task(_logged(work)))

    async def close(self) -> None:
        """Finish what is being answered; what takes too long is left to the next process, and whoever asked is told."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._drain_s)
        for work in self._working.values():
            _cancel(work)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LAST_WORD_S)
        if self._ticker is not None:
            self._ticker.cancel()
        await self._clerk.do(self._records.release, self._owner)
        self._clerk.close()

    def _begin(self, claim: Claim) -> None:
        turns = self._turns[claim.place]
        # By number, not by when we began: what is taken over may have been asked before what is being answered.
        earlier = turns.get(max((number for number in turns if number < claim.id), default=0))
        task = asyncio.create_task(_logged(self._see_to(claim, earlier)))
        turns[claim.id] = task
        task.add_done_callback(partial(self._had_turn, claim))
        self._track(task)

    def _had_turn(self, claim: Claim, task: asyncio.Task[None]) -> None:
        turns = self._turns[claim.place]
        if turns.get(claim.id) is task:
            del turns[claim.id]
        if not turns:
            del self._turns[claim.place]

    def _track(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _see_to(self, claim: Claim, earlier: asyncio.Task[None] | None) -> None:
        """Answer a claim and settle it, whatever happens."""
        ended: tuple[str, str | None] | None = ("failed", None)
        try:
            asked = Asked.from_json(claim.asked)
            delivery = Delivery(claim, asked, self._archive, self._writer, self._workspaces, self._clock)
            work = asyncio.create_task(self._in_turn(claim, delivery, earlier))
            self._working[claim.id] = work
            await asyncio.wait({work})
            ended = await self._ended(claim, delivery, work)
        finally:
            self._working.pop(claim.id, None)
            self._stopping.discard(claim.id)
            if ended is not None:
                await self._clerk.do(self._records.settle, claim.id, *ended)

    async def _in_turn(
        self, claim: Claim, delivery: Delivery, earlier: asyncio.Task[None] | None
    ) -> tuple[str, str | None]:
        """Answer a claim when its turn has come; how it ended, with the answer's id."""
        if claim.attempts > TRIES:
            raise RuntimeError(f"question {claim.id} was begun {TRIES} times and never ended")
        await asyncio.sleep(BREATH_S)
        await delivery.sign(waits=earlier is not None or self._room.locked())
        if earlier is not None:
            await asyncio.wait({earlier})
        while not await self._clerk.do(self._records.is_next, claim):
            await asyncio.sleep(TURN_S)
        async with self._rooms[claim.asker], self._room:
            return await delivery.answer()

    async def _ended(
        self, claim: Claim, delivery: Delivery, work: asyncio.Task[tuple[str, str | None]]
    ) -> tuple[str, str | None] | None:
        """How a claim ended, which was said where it was asked; None when it is for another process to answer."""
        if not work.cancelled() and (error := work.exception()) is None:
            return work.result()
        if not work.cancelled():
            log.error("question %d from Slack failed", claim.id, exc_info=error)
            await delivery.break_off(SORRY, error)
            return "failed", None
        if claim.id in self._stopping:
            await delivery.break_off(STOPPED)
            return "stopped", None
        if self._closing:
            with suppress(SlackApiError, *UNREACHED):
                await delivery.break_off(RESTARTING)
        return None  # left to the next process, or already taken over by another

    def _stop(self, claims: set[int]) -> None:
        for claim_id in claims & self._working.keys():
            self._stopping.add(claim_id)
            _cancel(self._working[claim_id])

    async def _tick(self) -> None:
        """Renew leases, see who was stopped elsewhere or lost, take over what others left."""
        swept = time.monotonic()
        while True:
            await asyncio.sleep(TICK_S)
            try:
                if self._working:
                    working = set(self._working)
                    kept = await self._clerk.do(self._records.keep, self._owner, working)
                    self._stop({claim_id for claim_id, stopping in kept.items() if stopping})
                    for lost in working - kept.keys():
                        if lost in self._working:
                            _cancel(self._working[lost])
                if time.monotonic() - swept >= SWEEP_S and not self._closing:
                    swept = time.monotonic()
                    for claim in await self._clerk.do(self._records.take_over, self._owner):
                        self._begin(claim)
            except Exception:  # the database may be away for a moment
                log.exception("leases of Slack's questions could not be renewed")


def _cancel(work: asyncio.Task[Any]) -> None:
    """Cancel, once: a second time would interrupt the writer's ending, for which the work then waits."""
    if not work.cancelling():
        work.cancel()


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    """Nobody waits for the outcome, so what goes wrong is logged here."""
    try:
        await work
    except SlackApiError as error:
        log.warning("Slack refused a call (%s)", error.response.get("error"))
    except Exception:
        log.exception("something from Slack could not be done")
