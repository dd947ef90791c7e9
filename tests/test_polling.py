"""Standing sources polled: politely, completely, and through failures, crashes, corrections and withdrawals."""

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.polling import polling, sources_json
from bot.settings import Settings
from index import Archive, Article, IngestReport, ModelUnavailable, poll
from index.fetching.fetched import Validators
from index.fetching.polite import Fetcher
from index.fetching.schedule import (
    LONGEST_BACKOFF,
    LONGEST_RETRY_AFTER,
    PAGE,
    Changed,
    Failed,
    Outcome,
    Polled,
    Rhythm,
    Unchanged,
    next_poll,
)
from tests.conftest import WordEmbedder
from tests.news_server import NewsServer, Reply, local_fetcher, news_server
from tests.test_sources import ATOM, STORY, item, page, rss

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVERY = timedelta(minutes=15)


@pytest.fixture
def news() -> Iterator[NewsServer]:
    with news_server() as server:
        yield server


class Reader:
    """Polls one archive's sources at a time of the test's choosing."""

    def __init__(self, archive: Archive, *sources: str) -> None:
        self.archive = archive
        self.sources = list(sources)
        self.now = NOON
        self.claim = EVERY / 3
        self.fetcher: Fetcher = local_fetcher()

    def poll(self, later: timedelta = timedelta(0)) -> IngestReport:
        self.now += later
        return poll(self.archive, self.sources, self.fetcher, EVERY, now=lambda: self.now, claim=self.claim)

    def titles(self) -> list[str]:
        return sorted(each.article.title for each in self.archive.articles())


def settings_with(**given: object) -> Settings:
    return Settings(**given)  # type: ignore[arg-type]


def feed(news: NewsServer, *titles: str, extra: str = "") -> str:
    links = [item(f"{news.url}/{title}", title, extra) for title in titles]
    return news.put("/feed", rss(*links), "application/rss+xml")


# --- when it is time -----------------------------------------------------------------------------------------

RHYTHMS = st.sampled_from([Rhythm(EVERY), PAGE, Rhythm(timedelta(seconds=30))])
TIMES = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC))
SPANS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30))
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Changed, st.builds(Validators, st.none() | st.text(max_size=3), st.none())),
    st.builds(Unchanged, st.none() | st.builds(Validators)),
    st.builds(Failed, st.text(max_size=3), st.none() | SPANS, st.booleans()),
)
DRAWS = st.floats(0, 1, exclude_max=True)


@given(st.lists(st.tuples(OUTCOMES, SPANS, DRAWS), min_size=1, max_size=12), TIMES, RHYTHMS)
def test_after_any_history_the_next_poll_is_later_than_now_or_never(
    history: Sequence[tuple[Outcome, timedelta, float]], now: datetime, rhythm: Rhythm
) -> None:
    state = Polled()
    for outcome, passed, draw in history:
        now += passed
        before, state = state, next_poll(state, outcome, now, rhythm, draw)
        assert state.polled_at == now
        assert state.next_at is None or now < state.next_at <= now + LONGEST_RETRY_AFTER * 1.1
        assert not state.is_due(now)
        if isinstance(outcome, Failed):
            assert (state.failures, state.succeeded_at) == (before.failures + 1, before.succeeded_at)
            assert state.validators == before.validators
            if state.next_at and outcome.retry_after:
                assert state.next_at >= now + min(outcome.retry_after, LONGEST_RETRY_AFTER)
            assert state.next_at is None or not outcome.for_good
        else:
            assert (state.failures, state.reason, state.succeeded_at) == (0, None, now)


@given(st.integers(0, 40), DRAWS)
def test_a_source_that_fails_is_asked_ever_more_rarely_and_at_least_daily(failures: int, draw: float) -> None:
    state = Polled(failures=failures)
    waits = []
    for _ in range(3):
        state = next_poll(state, Failed("x"), NOON, Rhythm(EVERY), draw)
        assert state.next_at is not None
        waits.append(state.next_at - NOON)
    assert waits == sorted(waits)
    assert EVERY / 2 <= waits[0] <= waits[-1] <= LONGEST_BACKOFF


def test_jitter_spreads_polls_that_fell_together() -> None:
    spread = {next_poll(Polled(), Unchanged(), NOON, Rhythm(EVERY), draw / 10).next_at for draw in range(10)}
    assert len(spread) == 10


def test_a_page_is_looked_at_again_for_some_days_and_then_left() -> None:
    state, hours = Polled(), []
    while (state := next_poll(state, Unchanged(), state.next_at or NOON, PAGE, 0)).next_at:
        hours.append(round(state.interval / timedelta(hours=1)))
    assert hours == [1, 3, 9, 27, 81]
    for _ in range(6):
        state = next_poll(state, Failed("500"), NOON, PAGE, 0)
    assert (state.next_at, state.reason) == (None, "500")


# --- rounds --------------------------------------------------------------------------------------------------


def test_a_feed_is_read_and_asked_again_only_when_it_is_time(news: NewsServer, archive: Archive) -> None:
    news.put("/One", page("One"))
    news.put("/Two", page("Two", body=STORY.replace("12", "13")))
    reader = Reader(archive, feed(news, "One", "Two"))
    assert reader.poll().new == 2
    assert reader.poll(EVERY / 2) == IngestReport()
    assert news.paths() == ["/feed", "/One", "/Two"]
    reader.poll(EVERY)
    assert news.paths() == ["/feed", "/One", "/Two", "/feed"]


def test_a_feed_and_its_pages_are_asked_whether_they_changed(news: NewsServer, archive: Archive) -> None:
    def unchanging(body: str) -> Reply:
        return Reply((body.encode(),), headers={"ETag": '"1"', "Last-Modified": "Mon, 01 Jun 2026 10:00:00 GMT"})

    full = {"/feed": unchanging(rss(item(f"{news.url}/One", "One"))), "/One": unchanging(page("One"))}

    def answer(path: str, headers: Message) -> Reply:
        return Reply(status=304) if headers["If-None-Match"] == '"1"' else full[path]

    for path in full:
        news.pages[path] = lambda headers, path=path: answer(path, headers)  # type: ignore[misc]
    reader = Reader(archive, f"{news.url}/feed")
    assert reader.poll().new == 1
    assert reader.poll(timedelta(hours=2)) == IngestReport()
    assert [each.headers["If-None-Match"] for each in news.asked[-2:]] == ['"1"', '"1"']
    assert news.paths() == ["/feed", "/One", "/feed", "/One"]


def test_a_corrected_page_becomes_a_new_version(news: NewsServer, archive: Archive) -> None:
    news.put("/One", page("One"))
    reader = Reader(archive, feed(news, "One"))
    reader.poll()
    news.put("/One", page("One", body=STORY.replace("12 million", "15 million")))
    feed(news, "One", extra="<description>Corrected</description>")
    assert reader.poll(EVERY * 2).updated == 1
    (found,) = archive.articles()
    texts = [version.article.body for version in archive.versions(found.article.id)]
    assert ["12 million" in texts[0], "15 million" in texts[1]] == [True, True]


def test_a_page_corrected_without_a_word_in_the_feed_is_found_by_looking_again(
    news: NewsServer, archive: Archive
) -> None:
    news.put("/One", page("One"))
    reader = Reader(archive, feed(news, "One"))
    reader.poll()
    news.put("/One", page("One", body=STORY.replace("12 million", "15 million")))
    assert reader.poll(timedelta(hours=2)).updated == 1


def test_a_page_that_is_corrected_while_another_worker_reads_it_is_read_again(
    news: NewsServer, archive: Archive
) -> None:
    reader, other = Reader(archive, feed(news, "One")), Reader(archive, f"{news.url}/feed")
    reader.claim = other.claim = EVERY * 4
    corrected = page("One", body=STORY.replace("12 million", "15 million"))

    def corrected_while_it_is_read(_: Message) -> Reply:
        news.put("/One", corrected)
        feed(news, "One", extra="<description>Corrected</description>")
        assert other.poll(EVERY * 2) == IngestReport()  # it hears of it, and leaves the page to whoever reads it
        return Reply((page("One").encode(),))

    news.pages["/One"] = corrected_while_it_is_read
    assert reader.poll().new == 1
    assert other.poll().updated == 1
    (found,) = archive.articles()
    assert "15 million" in archive.versions(found.article.id)[-1].article.body


def test_pages_of_a_long_feed_are_read_over_several_rounds(news: NewsServer, archive: Archive) -> None:
    titles = [f"Story-{number}" for number in range(20)]
    for title in titles:
        news.put(f"/{title}", page(title, body=f"{title}. {STORY}"))
    reader = Reader(archive, feed(news, *titles))
    assert [reader.poll().new, reader.poll().new, reader.poll().new] == [16, 4, 0]


def test_what_was_listed_before_a_crash_is_read_after_it(
    news: NewsServer, tmp_path: Path, words: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    news.put("/One", page("One"))
    url = feed(news, "One")
    with Archive(tmp_path / "crash", words) as archive:

        def broken(_: Sequence[str]) -> None:
            raise ModelUnavailable("the model's server is down")

        monkeypatch.setattr(words, "embed", broken)
        reader = Reader(archive, url)
        with pytest.raises(ModelUnavailable):
            reader.poll()
    monkeypatch.undo()
    feed(news)  # and meanwhile the feed has dropped it
    with Archive(tmp_path / "crash", WordEmbedder()) as archive:
        assert Reader(archive, url).poll().new == 1


def test_a_failing_feed_is_noted_and_recovers(news: NewsServer, archive: Archive) -> None:
    news.pages["/feed"] = Reply((b"",), 500)
    news.put("/One", page("One"))
    reader = Reader(archive, f"{news.url}/feed")
    assert reader.poll().errors == ((f"{news.url}/feed", "The server answers 500."),)
    (health,) = sources_json(archive, settings_with(sources=tuple(reader.sources)))["sources"]
    assert (health["health"], health["failures"], health["last_success"]) == ("failing", 1, None)
    feed(news, "One")
    assert reader.poll(EVERY * 3).new == 1
    (health,) = sources_json(archive, settings_with(sources=tuple(reader.sources)))["sources"]
    assert (health["health"], health["failures"], health["reason"], health["pages"]) == ("ok", 0, None, 1)
    assert health["last_success"] == "2026-11-24T12:45:00Z"


def test_a_busy_host_is_left_alone_as_long_as_it_asks(news: NewsServer, archive: Archive) -> None:
    for title in ("One", "Two"):
        news.pages[f"/{title}"] = Reply((b"",), 429, headers={"Retry-After": "7200"})
    reader = Reader(archive, feed(news, "One", "Two"))
    assert reader.poll().failed == 1
    assert news.paths() == ["/feed", "/One"]  # the second page was not even asked for
    reader.poll(timedelta(minutes=119))
    assert news.paths() == ["/feed", "/One", "/feed"]
    for title in ("One", "Two"):
        news.put(f"/{title}", page(title, body=f"{title}. {STORY}"))
    assert reader.poll(timedelta(days=1)).new == 2


def test_what_cannot_be_read_is_a_dead_letter_with_its_reason(news: NewsServer, archive: Archive) -> None:
    news.put("/robots.txt", "User-agent: *\nDisallow: /Secret\n", "text/plain")
    news.put("/Secret", page("Secret"))
    news.put("/Empty", "<html></html>")
    settings = settings_with(sources=(feed(news, "Secret", "Empty"),))
    reader = Reader(archive, *settings.sources)
    assert reader.poll().failed == 2
    letters = {each["url"]: each["reason"] for each in sources_json(archive, settings)["dead_letters"]}
    assert "robots.txt" in letters[f"{news.url}/Secret"]
    assert "no article text" in letters[f"{news.url}/Empty"]
    reader.poll(timedelta(days=1))
    assert news.paths() == ["/feed", "/Empty", "/feed"]
    news.put("/Empty", page("Filled"))  # its feed lists it anew, so it is read again
    feed(news, "Secret", "Empty", extra="<description>now with text</description>")
    assert reader.poll(timedelta(days=1)).new == 1
    assert reader.titles() == ["Filled"]


def test_a_page_that_keeps_failing_is_given_up(news: NewsServer, archive: Archive) -> None:
    news.pages["/One"] = Reply((b"",), 403)
    reader = Reader(archive, feed(news, "One"))
    for _ in range(10):
        reader.poll(timedelta(days=2))
    assert news.paths().count("/One") == PAGE.failures
    (letter,) = archive.ledger.dead_letters(reader.sources, 10)
    assert letter.state.reason == "The server answers 403."


# --- withdrawals ---------------------------------------------------------------------------------------------


def test_a_page_that_is_gone_is_retracted_at_once(news: NewsServer, archive: Archive) -> None:
    news.put("/One", page("One", f'<link rel="canonical" href="{news.url}/canonical-one">'))
    reader = Reader(archive, feed(news, "One"))
    reader.poll()
    news.pages["/One"] = Reply((b"",), 410)
    assert reader.poll(timedelta(hours=2)).retracted == 1
    assert (reader.titles(), archive.retractions()[0].title) == ([], "One")
    assert reader.poll(timedelta(days=30)) == IngestReport()


def test_a_page_that_is_missing_is_retracted_only_when_it_stays_missing(news: NewsServer, archive: Archive) -> None:
    news.put("/One", page("One"))
    reader = Reader(archive, feed(news, "One"))
    reader.poll()
    del news.pages["/One"]
    assert [reader.poll(timedelta(days=2)).retracted for _ in range(3)] == [0, 0, 1]
    assert "404" in archive.retractions()[0].reason


def test_a_page_that_comes_back_is_not_retracted(news: NewsServer, archive: Archive) -> None:
    news.put("/One", page("One"))
    reader = Reader(archive, feed(news, "One"))
    reader.poll()
    missing = news.pages.pop("/One")
    reader.poll(timedelta(days=2))
    reader.poll(timedelta(days=2))
    news.pages["/One"] = missing
    reader.poll(timedelta(days=2))
    del news.pages["/One"]
    assert reader.poll(timedelta(days=7)).retracted == 0
    assert reader.titles() == ["One"]


def test_a_tombstone_in_a_feed_retracts_what_the_feed_had_listed(news: NewsServer, archive: Archive) -> None:
    news.put("/one", page("One"))
    listing = ATOM.replace("/one?utm_source=atom", f"{news.url}/one").replace("tag:0", "tag:9")
    url = news.put("/atom", listing, "application/atom+xml")
    reader = Reader(archive, url)
    assert reader.poll().new == 1
    start, end = listing.index("<entry><id>tag:1"), listing.index("<entry><id>tag:2")
    news.put("/atom", (listing[:start] + listing[end:]).replace("tag:9", "tag:1"), "application/atom+xml")
    assert reader.poll(timedelta(hours=2)).retracted == 1
    assert "feed says" in archive.retractions()[0].reason
    assert reader.titles() == []


def test_a_tombstone_of_another_feed_retracts_nothing(news: NewsServer, archive: Archive) -> None:
    news.put("/One", page("One"))
    other = news.put("/atom", ATOM.replace("tag:0", "One"), "application/atom+xml")
    reader = Reader(archive, feed(news, "One"), other)
    reader.poll()
    assert "One" in reader.titles()


# --- folders and single pages --------------------------------------------------------------------------------


def test_a_watched_folder_is_read_when_something_in_it_changes(tmp_path: Path, archive: Archive) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text(f"One\n\n{STORY}\n")
    reader = Reader(archive, str(folder))
    assert reader.poll().new == 1
    assert reader.poll(timedelta(minutes=1)) == IngestReport()
    (folder / "b.txt").write_text("Two\n\nThe ferry sails again. It had been under repair since the storm.\n")
    (folder / "c.txt").write_text("")
    report = reader.poll(timedelta(minutes=1))
    assert (report.new, report.unchanged, report.failed) == (1, 1, 1)
    (letter,) = archive.ledger.dead_letters(reader.sources, 10)
    assert (letter.url, letter.state.reason) == (str(folder / "c.txt"), "The file is empty.")
    (folder / "c.txt").unlink()
    assert reader.poll(timedelta(minutes=1)).failed == 0
    assert archive.ledger.dead_letters(reader.sources, 10) == []


def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path, archive: Archive) -> None:
    reader = Reader(archive, str(tmp_path / "later"))
    assert reader.poll().failed == 1
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "a.txt").write_text(f"One\n\n{STORY}\n")
    assert reader.poll(timedelta(minutes=2)).new == 1


def test_an_article_may_be_a_source_of_its_own(news: NewsServer, archive: Archive) -> None:
    reader = Reader(archive, news.put("/One", page("One")))
    assert reader.poll().new == 1
    news.put("/One", page("One", body=STORY.replace("12", "15")))
    assert reader.poll(timedelta(hours=1)).updated == 1
    news.pages["/One"] = Reply((b"",), 410)
    assert reader.poll(timedelta(hours=1)).retracted == 1


# --- in a server ---------------------------------------------------------------------------------------------


def test_the_background_poller_reads_while_questions_are_answered(
    news: NewsServer, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = [f"Story-{number}" for number in range(40)]
    for title in titles:
        words = " ".join(f"{title}{letter}" for letter in "abcdefghij")
        news.put(f"/{title}", page(title, body=f"{STORY} It was {words} and {words}."))
    settings = settings_with(sources=(feed(news, *titles),), fetch_delay_s=0, fetch_allow_private=("127.0.0.1",))
    monkeypatch.setattr("bot.wiring.time.sleep", lambda _: None)
    with polling(archive, settings):
        started = threading.active_count()
        give_up = time.monotonic() + 60
        while archive.holdings().articles < len(titles) and time.monotonic() < give_up:
            archive.search("bridge repairs", 5)
    assert archive.holdings().articles == len(titles)
    assert threading.active_count() < started
    assert archive.search("bridge repairs", 5)


def test_without_sources_nothing_runs(archive: Archive) -> None:
    before = threading.active_count()
    with polling(archive, settings_with()):
        assert threading.active_count() == before


def test_two_writers_at_once_lose_nothing(archive: Archive) -> None:
    def stories(writer: int) -> Iterator[Article]:
        for number in range(40):
            name = f"w{writer}n{number}"
            words = " ".join(f"{name}{letter}" for letter in "abcdefghij")  # no two alike, for the check below
            yield Article(id=name, source=f"{name}.txt", title=name, body=f"{words}.")

    threads = [threading.Thread(target=lambda writer=writer: archive.ingest(stories(writer))) for writer in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert archive.holdings().articles == 120
    assert archive.problems() == []
