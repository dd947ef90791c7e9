"""Standing sources polled in the background of a server, or in the foreground of `dateline ingest --watch`."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

from bot.encoding import time_json
from bot.settings import Settings
from bot.wiring import fetcher
from index import Archive, DatelineError, Health, IngestReport, poll

BETWEEN_ROUNDS_S = 5.0  # a round with nothing due costs a look into the truth
BETWEEN_LOOKS_S = 1.0  # how far behind other processes a server may be; a look costs two short queries
LEFT_AT_STOP_S = 30.0  # how long a stopping server waits for the request that is being made
DEAD_LETTERS_SHOWN = 50

_log = logging.getLogger(__name__)


def watch(
    archive: Archive,
    sources: Sequence[str],
    settings: Settings,
    stop: Event,
    tell: Callable[[IngestReport], None] = lambda _: None,
) -> None:
    """Poll until `stop` is set; `tell` hears of every round that brought something or failed somewhere.

    A model's server that fails, or a full disk, is logged and tried again; what was not stored is still due.
    """
    polite = fetcher(settings, sleep=stop.wait)
    while not stop.is_set():
        try:
            every, claim = timedelta(seconds=settings.poll_interval_s), timedelta(seconds=settings.claim_s)
            report = poll(archive, sources, polite, every, stop.is_set, claim=claim)
        except DatelineError as error:
            _log.warning("polling failed: %s", error)
            stop.wait(BETWEEN_ROUNDS_S)
            continue
        if report != IngestReport():
            tell(report)
        else:
            stop.wait(BETWEEN_ROUNDS_S)


@contextmanager
def polling(archive: Archive, settings: Settings) -> Iterator[None]:
    """Poll the settings' sources in a thread while the block runs; does nothing when there are none."""
    if not settings.sources:
        yield
        return
    stop = Event()
    thread = Thread(target=_watch_safely, args=(archive, settings, stop), name="polling", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(LEFT_AT_STOP_S)


@contextmanager
def following(archive: Archive) -> Iterator[None]:
    """Take in, each second while the block runs, what other processes change; an archive of one's own needs none."""
    archive.settle()
    if archive.alone:
        yield
        return
    stop = Event()
    thread = Thread(target=_follow, args=(archive, stop), name="following", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(LEFT_AT_STOP_S)


def _follow(archive: Archive, stop: Event) -> None:
    while not stop.wait(BETWEEN_LOOKS_S):
        try:
            archive.follow()
        except DatelineError as error:
            _log.warning("following the changes failed: %s", error)
        except Exception:
            _log.exception("following the changes failed")


def _watch_safely(archive: Archive, settings: Settings, stop: Event) -> None:
    def tell(report: IngestReport) -> None:
        _log.info("polled: %d new, %d updated, %d retracted", report.new, report.updated, report.retracted)

    try:
        watch(archive, settings.sources, settings, stop, tell)
    except Exception:
        _log.exception("polling has stopped; the server goes on without it")


def sources_json(archive: Archive, settings: Settings) -> dict[str, Any]:
    """Each standing source's health, and the pages that were given up, as `dateline status` shows them."""
    now = datetime.now(UTC)
    return {
        "sources": [_health(archive.ledger.health(source, now)) for source in settings.sources],
        "dead_letters": [
            {"url": each.url, "source": each.source, "reason": each.state.reason, "at": time_json(each.state.polled_at)}
            for each in archive.ledger.dead_letters(settings.sources, DEAD_LETTERS_SHOWN)
        ],
    }


def _health(health: Health) -> dict[str, Any]:
    state = health.entry.state
    return {
        "source": health.entry.url,
        "health": "waiting" if state.polled_at is None else "failing" if state.failures else "ok",
        "last_success": time_json(state.succeeded_at),
        "last_poll": time_json(state.polled_at),
        "next_poll": time_json(state.next_at),
        "failures": state.failures,
        "reason": state.reason,
        "pages": health.pages,
        "pages_waiting": health.waiting,
        "pages_given_up": health.dead,
    }
