"""Whoever asks the truth before Slack is answered: in a thread of its own, for all others may be taken by searches."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Clerk:
    """Does one thing after the other, in the order it was told to."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "slack-clerk")

    async def do(self, method: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """What a method of the truth gives."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(method, *arguments, **named))

    def begin(self, work: Callable[[], None]) -> None:
        """Do something of which nobody waits for the outcome here."""
        self._thread.submit(work)

    def close(self) -> None:
        """End, once all that was begun is done."""
        self._thread.shutdown()
