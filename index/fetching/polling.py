"""Standing sources polled round by round: what they list is noted in the ledger, then read, then settled.

A source's listing and its new state are written in one transaction, and a page's state only after its article is
stored. So whatever happens between two steps, nothing listed is forgotten; at worst a page is fetched twice.
"""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from index.archive import Archive
from index.article import Article
from index.errors import BadArticle, FetchFailed, UnknownArticle, Withdrawn
from index.fetching.fetched import Validators
from index.fetching.ledger import Entry
from index.fetching.listed import Listed, Listing
from index.fetching.listing import listing
from index.fetching.polite import Fetcher
from index.fetching.reading import article_from, with_children
from index.fetching.schedule import FOLDER, PAGE, Changed, Failed, Outcome, Polled, Rhythm, Unchanged, next_poll
from index.fetching.urls import is_url, parse_url
from index.ingesting import IngestReport
from index.reading import SUFFIXES, read

PAGES_AT_ONCE = 16
REST = timedelta(minutes=10)  # for the other pages of a host that has just failed
MISSING_FOR_GOOD = 3  # failures in a row, the last two of them 404, after which a page counts as withdrawn

Now = Callable[[], datetime]


def poll(
    archive: Archive,
    sources: Sequence[str],
    fetcher: Fetcher,
    every: timedelta,
    stopped: Callable[[], bool] = lambda: False,
    now: Now = lambda: datetime.now(UTC),
    claim: timedelta = timedelta(minutes=5),
) -> IngestReport:
    """One round: every source that is due, then some of the pages that are. Call it again and again.

    What a round looks at is claimed first, so that several workers share the work; what a worker that died had claimed
    is taken over after `claim`. `every` is how often a feed or sitemap is asked; between two requests, `stopped` may
    end the round early. What fails is noted in the ledger; only what keeps the archive itself from working is raised.
    """
    report = IngestReport()
    for source in sources:
        entry = None if stopped() else archive.ledger.claim(source, now(), now() + claim)
        if entry is not None:
            entry = replace(entry, source=None)  # a page that a feed listed may become a source of its own
            ask = _poll_url if is_url(source) else _poll_folder
            with _let_go(archive, [source]):
                report += ask(archive, entry, sources, fetcher, every, now)
    pages = archive.ledger.claim_pages(sources, now(), now() + claim, PAGES_AT_ONCE)
    with _let_go(archive, [page.url for page in pages]):
        return report + _read_pages(archive, pages, fetcher, stopped, now)


@contextmanager
def _let_go(archive: Archive, urls: list[str]) -> Iterator[None]:
    """Whatever happens, others need not wait for what this worker has not put back."""
    try:
        yield
    finally:
        archive.ledger.release(urls)


def _poll_url(
    archive: Archive, entry: Entry, sources: Sequence[str], fetcher: Fetcher, every: timedelta, now: Now
) -> IngestReport:
    """Note what a feed or sitemap lists; an address that is itself an article is read at once."""
    rhythm = Rhythm(every)
    try:
        fetched = fetcher.fetch(entry.url, entry.state.validators)
        if fetched is None:
            archive.ledger.put([_after(entry, Unchanged(), now, rhythm)])
            return IngestReport()
        found = listing(fetched, fetcher.largest)
        if found is None:
            article = article_from(fetched)
            report = archive.ingest([article])
            entry = replace(entry, article_id=article.id)
            archive.ledger.put([_after(entry, _settled(article, fetched.validators, report), now, rhythm)])
            return report
        found = with_children(found, fetcher)
    except BadArticle as error:
        archive.ledger.put([_after(entry, _failed(error), now, rhythm)])
        return _taken_back(archive, entry, error) if isinstance(error, Withdrawn) else _refusal(error)
    report = IngestReport(errors=tuple((each.source, each.reason) for each in found.refused))
    withdrawn = archive.ledger.named(entry.url, found.withdrawn)
    gone = Withdrawn(entry.url, "The feed says that it was withdrawn.")
    for each in withdrawn:
        report += _taken_back(archive, each, gone)
    # A sitemap index is asked in full each time: that it is unchanged says nothing of the sitemaps in it.
    outcome = Unchanged() if found.sitemaps else Changed(fetched.validators)
    over = [_after(each, Failed(gone.reason, for_good=True), now, PAGE) for each in withdrawn]
    new, relisted = _noted(archive, entry.url, sources, found, now)
    archive.ledger.put([*new, *over, _after(entry, outcome, now, rhythm)], relisted)
    return report


def _noted(
    archive: Archive, source: str, sources: Sequence[str], found: Listing, now: Now
) -> tuple[list[Entry], list[Entry]]:
    """New pages, and those whose listing has changed since; all are due at once. A page has one source."""
    new: list[Entry] = []
    relisted: list[Entry] = []
    for listed in found.articles:
        known = archive.ledger.get(listed.url)
        if listed.name in found.withdrawn or listed.url in sources:
            continue
        if known is None or known.source not in sources:
            new.append(Entry(listed.url, source, listed))
        elif known.source == source and _stamp(known.listed) != listed.stamp:
            due = replace(known.state, next_at=now(), failures=0, interval=timedelta(0))
            relisted.append(replace(known, listed=listed, state=due))
    return new, relisted


class _Page(NamedTuple):
    """A page as it was just fetched: an article, or why there is none, or neither if it has not changed."""

    entry: Entry
    article: Article | None = None
    error: BadArticle | None = None
    validators: Validators | None = None


def _read_pages(
    archive: Archive, due: Sequence[Entry], fetcher: Fetcher, stopped: Callable[[], bool], now: Now
) -> IngestReport:
    """Fetch and store pages that are due. When a host fails, its other pages rest a while."""
    pages: list[_Page] = []
    resting: dict[str, timedelta] = {}
    postponed: list[tuple[Entry, Entry]] = []
    for entry in due:
        if stopped():
            break
        host = parse_url(entry.url).host
        if host in resting:
            later = replace(entry.state, next_at=now() + resting[host])
            postponed.append((entry, replace(entry, state=later)))
            continue
        page = _fetched(entry, fetcher)
        if isinstance(page.error, FetchFailed) and (page.error.status or 599) in (429, *range(500, 600)):
            resting[host] = max(REST, page.error.retry_after or REST)
        pages.append(page)
    report = archive.ingest([page.article for page in pages if page.article])
    told = [(page.entry, _after(page.entry, _outcome(page, report), now, PAGE, page.article)) for page in pages]
    for page in pages:
        if page.error:
            gone = _withdrawn(page.entry, page.error)
            report += _taken_back(archive, page.entry, gone) if gone else _refusal(page.error)
    archive.ledger.settle(told + postponed)
    return report


def _fetched(entry: Entry, fetcher: Fetcher) -> _Page:
    try:
        fetched = fetcher.fetch(entry.url, entry.state.validators)
        if fetched is None:
            return _Page(entry)
        return _Page(entry, article_from(fetched, entry.listed), None, fetched.validators)
    except BadArticle as error:
        return _Page(entry, error=error)


def _outcome(page: _Page, report: IngestReport) -> Outcome:
    if page.error:
        gone = _withdrawn(page.entry, page.error)
        # What is refused for what it is, and not for how the network was, stays so until its source lists it anew.
        for_good = gone is not None or not isinstance(page.error, FetchFailed)
        return replace(_failed(gone or page.error), for_good=for_good)
    return _settled(page.article, page.validators, report)


def _settled(article: Article | None, validators: Validators | None, report: IngestReport) -> Outcome:
    """How the poll of a page went, once its article was offered to the archive."""
    refused = dict(report.errors).get(article.source) if article else None
    return Failed(refused) if refused else Unchanged(validators)


def _failed(error: BadArticle) -> Failed:
    return Failed(error.reason, error.retry_after if isinstance(error, FetchFailed) else None)


def _withdrawn(entry: Entry, error: BadArticle) -> Withdrawn | None:
    """The error as a withdrawal, if it is one: 410, or 404 again and again."""
    if isinstance(error, Withdrawn):
        return error
    again = entry.state.failures >= MISSING_FOR_GOOD - 1 and entry.state.reason == error.reason
    if isinstance(error, FetchFailed) and error.status == 404 and again:
        return Withdrawn(entry.url, f"{error.reason} It did so {entry.state.failures + 1} times in a row.", 404)
    return None


def _taken_back(archive: Archive, entry: Entry, error: Withdrawn) -> IngestReport:
    """Retract the article that was read from an entry, or the one the archive has of its address."""
    try:
        if entry.article_id:
            archive.retract(entry.article_id, error.reason)
            return IngestReport(retracted=1)
    except UnknownArticle:
        return IngestReport()  # somebody has removed it before
    return archive.ingest([Withdrawn(entry.url, error.reason)])


def _refusal(error: BadArticle) -> IngestReport:
    return IngestReport(errors=((error.source, error.reason),))


def _after(entry: Entry, outcome: Outcome, now: Now, rhythm: Rhythm, article: Article | None = None) -> Entry:
    state = next_poll(entry.state, outcome, now(), rhythm, random.random())
    return replace(entry, state=state, article_id=article.id if article else entry.article_id)


def _stamp(listed: Listed | None) -> str | None:
    return listed.stamp if listed else None


def _poll_folder(
    archive: Archive, entry: Entry, _sources: Sequence[str], _fetcher: Fetcher, _every: timedelta, now: Now
) -> IngestReport:
    """Read a folder or file again when a file in it is new, gone, or has another size or time."""
    path = Path(entry.url).expanduser()
    stamp = folder_stamp(path)
    if stamp == entry.stamp and entry.state.failures == 0:
        archive.ledger.put([_after(entry, Unchanged(), now, FOLDER)])
        return IngestReport()
    report = archive.ingest(read(path))
    errors = dict(report.errors)
    whole = errors.pop(str(path), None)
    state = Polled(polled_at=now(), failures=1)
    archive.ledger.forget_pages(entry.url)
    archive.ledger.put(Entry(name, entry.url, state=replace(state, reason=reason)) for name, reason in errors.items())
    outcome = Failed(whole) if whole else Changed(entry.state.validators)
    archive.ledger.put([_after(replace(entry, stamp=stamp), outcome, now, FOLDER)])
    return report


def folder_stamp(path: Path) -> str:
    """A digest of the names, sizes and times of the files that would be read."""
    seen = hashlib.sha256()
    for each in sorted([path, *path.rglob("*")]):
        try:
            if each.suffix.lower() in SUFFIXES and each.is_file():
                found = each.stat()
                seen.update(f"{each}\0{found.st_size}\0{found.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
        except OSError:
            continue  # reading it will say what is wrong
    return seen.hexdigest()[:16]
