"""When something is polled again: a pure function of how it went so far."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from index.fetching.fetched import NEVER_SEEN, Validators

LONGEST_BACKOFF = timedelta(days=1)
LONGEST_RETRY_AFTER = timedelta(days=7)  # a server that asks for more is not believed
_JITTER = 0.1  # share of an interval by which polls spread, so that many do not fall together


class Rhythm(NamedTuple):
    """How often to poll. The interval grows by `growth` while nothing changes; past `last` there is no next poll.

    `failures` in a row are the last; None never gives up.
    """

    every: timedelta
    growth: float = 1
    last: timedelta | None = None
    failures: int | None = None


FOLDER = Rhythm(timedelta(seconds=30))
# Corrections mostly come within hours: a page is looked at after 1, 3, 9, 27 and 81 hours.
PAGE = Rhythm(timedelta(hours=1), growth=3, last=timedelta(days=7), failures=6)


@dataclass(frozen=True, slots=True)
class Polled:
    """How polling has gone. Never polled: no times at all. No `next_at` after that: it is not polled again."""

    validators: Validators = NEVER_SEEN
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    next_at: datetime | None = None
    interval: timedelta = timedelta(0)
    failures: int = 0
    reason: str | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to poll."""
        return self.next_at <= now if self.next_at else self.polled_at is None


@dataclass(frozen=True, slots=True)
class Changed:
    """The poll brought something new; `validators` are the server's for it."""

    validators: Validators


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The poll brought nothing new."""

    validators: Validators | None = None  # None keeps those that are known


@dataclass(frozen=True, slots=True)
class Failed:
    """The poll failed. `for_good` when nothing will come from there again."""

    reason: str
    retry_after: timedelta | None = None
    for_good: bool = False


NEVER_POLLED = Polled()

Outcome = Changed | Unchanged | Failed


def next_poll(state: Polled, outcome: Outcome, now: datetime, rhythm: Rhythm, draw: float) -> Polled:
    """The state after a poll at `now`; `draw` in [0, 1) spreads the next one.

    After a failure the wait doubles, from the rhythm's own interval up to a day, halved at most by the draw, and is
    never shorter than the server asked for.
    """
    if isinstance(outcome, Failed):
        failures = state.failures + 1
        over = outcome.for_good or (rhythm.failures is not None and failures >= rhythm.failures)
        wait = min(rhythm.every * 2 ** min(failures, 30), LONGEST_BACKOFF) * (0.5 + draw / 2)
        wait = max(wait, min(outcome.retry_after or timedelta(0), LONGEST_RETRY_AFTER))
        next_at = None if over else now + wait
        return replace(state, polled_at=now, next_at=next_at, failures=failures, reason=outcome.reason)
    validators = outcome.validators or state.validators
    grown = isinstance(outcome, Unchanged) and state.interval
    interval = state.interval * rhythm.growth if grown else rhythm.every
    over = rhythm.last is not None and interval > rhythm.last
    next_at = None if over else now + interval * (1 + _JITTER * draw)
    return Polled(validators, now, now, next_at, interval, 0, None)
