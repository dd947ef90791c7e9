"""How much one key may ask: requests a minute, tokens a day. Whoever needs no key has no limits.

How many answers a key may have at once, the desk sees to: `bot.running`.
"""

import math
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from bot.http.access import Caller, caller
from bot.http.problems import Problem
from bot.http.rate import WINDOW_S
from bot.http.service import Ours, Service

DAY = timedelta(hours=24)


def take(asker: Caller, ours: Service) -> dict[str, str]:
    """Count a request of a key; the headers that tell what is left. Raises a 429 that says when to come back."""
    if asker.id is None:
        return {}
    left, seconds = ours.rate.take(asker.id, time.monotonic())
    wait = math.ceil(seconds)
    told = {
        "RateLimit-Policy": f'"requests";q={ours.rate.most};w={WINDOW_S:.0f}',
        "RateLimit": f'"requests";r={max(left, 0)};t={wait}',
    }
    if left < 0:
        raise _too_many(f"This key may make {ours.rate.most} requests a minute.", wait, told)
    return told


async def _limited(request: Request, ours: Ours) -> None:
    request.state.headers = take(caller(request), ours)


async def see_tokens_left(asker: Caller, ours: Service) -> None:
    """See that a key may use more tokens today. Raises a 429.

    What an answer uses is known at its end, so those that are written at once may go beyond it together.
    """
    tokens = ours.settings.key_tokens_per_day
    if asker.id is None or tokens is None:
        return
    spent = await run_in_threadpool(ours.archive.tokens, asker.id, datetime.now(UTC) - DAY)
    if spent >= tokens:
        raise _too_many(f"This key has used its {tokens:,} tokens of the last 24 hours.", 3600)


Limited = Annotated[None, Depends(_limited)]


def _too_many(detail: str, wait: int, told: dict[str, str] | None = None) -> Problem:
    return Problem(429, detail, code="TooManyRequests", headers={"Retry-After": str(wait), **(told or {})})
