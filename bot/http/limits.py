"""How much one key may ask: requests a minute, answers at once, tokens a day. Whoever needs no key has no limits."""

import math
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from bot.http.access import Caller, caller
from bot.http.problems import RETRY_S, Problem
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


async def room(asker: Caller, ours: Service) -> None:
    """See that a key may have one more answer. Raises a 429."""
    if asker.id is None:
        return
    most, tokens = ours.settings.key_answers_at_once, ours.settings.key_tokens_per_day
    if ours.desk.running(asker.id) >= most:
        raise _too_many(f"This key may have {most} answers written at once.", RETRY_S)
    if tokens is not None:
        spent = await run_in_threadpool(ours.archive.answers.tokens, asker.id, datetime.now(UTC) - DAY)
        if spent >= tokens:
            raise _too_many(f"This key has used its {tokens:,} tokens of the last 24 hours.", 3600)


Limited = Annotated[None, Depends(_limited)]


def _too_many(detail: str, wait: int, told: dict[str, str] | None = None) -> Problem:
    return Problem(429, detail, code="TooManyRequests", headers={"Retry-After": str(wait), **(told or {})})
