"""Fetching from a real server on loopback: what comes back, what is refused, how politely it is asked."""

import gzip
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import BadArticle, Fetcher, Limits
from index.errors import FetchFailed, Withdrawn
from index.fetching.fetch import _decompressed
from index.fetching.fetched import Fetched, Validators
from tests.news_server import NewsServer, Reply, local_fetcher, local_net, news_server

PAGE = "<html><body><p>The bridge is closed.</p></body></html>"


@pytest.fixture
def news() -> Iterator[NewsServer]:
    with news_server() as server:
        yield server


def fetched(url: str, limits: Limits | None = None) -> Fetched:
    found = local_fetcher(limits).fetch(url)
    assert found is not None
    return found


def failure(url: str, limits: Limits | None = None) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        local_fetcher(limits).fetch(url)
    return caught.value


# --- what comes back -----------------------------------------------------------------------------------------


def test_a_page_comes_back_with_what_its_server_says_of_it(news: NewsServer) -> None:
    url = news.put("/a", PAGE, ETag='"1"', Last_Modified="Mon, 01 Jun 2026 10:00:00 GMT")
    found = fetched(url)
    assert (found.content.decode(), found.kind, found.charset) == (PAGE, "text/html", "utf-8")
    assert found.validators == Validators('"1"', "Mon, 01 Jun 2026 10:00:00 GMT")


def test_a_page_that_has_not_changed_is_not_sent_again(news: NewsServer) -> None:
    def answer(headers: object) -> Reply:
        known = headers.get("If-None-Match") == '"1"'  # type: ignore[attr-defined]
        return Reply(status=304) if known else Reply((PAGE.encode(),), headers={"ETag": '"1"'})

    news.pages["/a"] = answer
    first = fetched(news.url + "/a")
    assert local_fetcher().fetch(news.url + "/a", first.validators) is None
    assert news.asked[-1].headers["If-None-Match"] == '"1"'


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_to_where_they_end(news: NewsServer, status: int) -> None:
    news.pages["/old"] = Reply(status=status, headers={"Location": "new?x=1"})
    news.put("/new?x=1", PAGE)
    found = fetched(news.url + "/old")
    assert (found.asked, found.url) == (news.url + "/old", news.url + "/new?x=1")


def test_a_redirect_without_end_is_broken_off(news: NewsServer) -> None:
    news.pages["/round"] = Reply(status=302, headers={"Location": "/round"})
    assert "more than 5 times" in failure(news.url + "/round").reason
    assert len(news.paths()) == 6


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(PAGE.encode(), mtime=0)),
        ("x-gzip", gzip.compress(PAGE[:20].encode(), mtime=0) + gzip.compress(PAGE[20:].encode(), mtime=0)),
        ("gzip", gzip.compress(PAGE.encode(), mtime=0) + b"\0\0\0"),
        ("deflate", zlib.compress(PAGE.encode())),
        ("deflate", zlib.compressobj(wbits=-15).compress(b"") + zlib.compress(PAGE.encode(), wbits=-15)),
        ("identity", PAGE.encode()),
    ],
)
def test_compressed_content_is_unpacked(news: NewsServer, encoding: str, body: bytes) -> None:
    assert fetched(news.put("/a", body, Content_Encoding=encoding)).content.decode() == PAGE


@given(st.binary(max_size=300), st.integers(1, 40), st.sampled_from(["gzip", "deflate"]))
def test_content_is_unpacked_alike_however_it_is_cut(content: bytes, size: int, encoding: str) -> None:
    packed = gzip.compress(content) if encoding == "gzip" else zlib.compress(content)
    chunks = (packed[at : at + size] for at in range(0, len(packed), size))
    assert b"".join(_decompressed(chunks, encoding, 300, "x")) == content


# --- what is refused -----------------------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_a_failure(news: NewsServer) -> None:
    with news_server() as gone:
        url = gone.url
    assert "The connection failed" in failure(f"{url}/a").reason


def test_content_over_the_limit_is_broken_off(news: NewsServer) -> None:
    url = news.put("/a", b"x" * 3000)
    assert "more than the 0.002 MB" in failure(url, Limits(size=2000)).reason
    assert len(fetched(url, Limits(size=3000)).content) == 3000


@pytest.mark.parametrize("times", [1, 2])
def test_a_gzip_bomb_unfolds_no_further_than_the_limit(news: NewsServer, times: int) -> None:
    bomb = gzip.compress(b"\0" * 20_000_000)
    bomb = gzip.compress(bomb) if times == 2 else bomb
    encoding = ", ".join(["gzip"] * times)
    assert len(bomb) < 30_000
    reason = failure(news.put("/a", bomb, Content_Encoding=encoding), Limits(size=100_000)).reason
    assert ("more than the 0.1 MB" if times == 1 else "was not asked for") in reason


def test_content_in_an_encoding_that_was_not_asked_for_is_refused(news: NewsServer) -> None:
    assert "encoded as br" in failure(news.put("/a", b"\x8b\x02", Content_Encoding="br")).reason


@pytest.mark.parametrize("body", [b"no gzip at all", gzip.compress(PAGE.encode(), mtime=0)[:-9]])
def test_damaged_compression_is_a_failure(news: NewsServer, body: bytes) -> None:
    assert "compressed content" in failure(news.put("/a", body, Content_Encoding="gzip")).reason


def test_content_that_breaks_off_is_a_failure(news: NewsServer) -> None:
    news.pages["/a"] = Reply((PAGE.encode(),), whole=False)
    assert "The connection failed" in failure(news.url + "/a").reason


def test_a_server_that_says_nothing_is_left(news: NewsServer) -> None:
    news.pages["/a"] = Reply((0.8, PAGE.encode()))
    assert "too long" in failure(news.url + "/a", Limits(read_s=0.1)).reason


def test_a_server_that_drips_is_left_when_the_time_is_over(news: NewsServer) -> None:
    news.pages["/a"] = Reply((b"x", 0.05) * 40)
    assert "too long" in failure(news.url + "/a", Limits(read_s=1, total_s=0.3)).reason


@pytest.mark.parametrize("kind", ["image/png", "video/mp4", "application/zip", "application/json", "text/css"])
def test_other_kinds_of_content_are_refused_by_name(news: NewsServer, kind: str) -> None:
    assert kind in failure(news.put("/a", b"x", kind)).reason


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 451, 500, 502, 206, 204])
def test_another_status_is_a_failure_that_carries_it(news: NewsServer, status: int) -> None:
    news.pages["/a"] = Reply((b"",), status)
    failed = failure(news.url + "/a")
    assert (failed.status, type(failed)) == (status, FetchFailed)


def test_410_means_withdrawn(news: NewsServer) -> None:
    news.pages["/a"] = Reply((b"gone",), 410)
    assert isinstance(failure(news.url + "/a"), Withdrawn)


def test_a_busy_server_says_when_to_come_back(news: NewsServer) -> None:
    news.pages["/a"] = Reply((b"",), 429, headers={"Retry-After": "120"})
    assert failure(news.url + "/a").retry_after == timedelta(seconds=120)
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    news.pages["/a"] = Reply((b"",), 503, headers={"Retry-After": later})
    waiting = failure(news.url + "/a").retry_after
    assert waiting is not None
    assert timedelta(minutes=50) < waiting <= timedelta(hours=1)
    news.pages["/a"] = Reply((b"",), 503, headers={"Retry-After": "soon"})
    assert failure(news.url + "/a").retry_after is None


# --- politeness ----------------------------------------------------------------------------------------------


def test_robots_txt_is_asked_once_and_obeyed(news: NewsServer) -> None:
    news.put("/robots.txt", "User-agent: *\nDisallow: /private/\nDisallow: /*.cgi$\n", "text/plain")
    news.put("/a", PAGE)
    fetcher = local_fetcher()
    for path in ("/private/a", "/x.cgi"):
        with pytest.raises(BadArticle, match="does not allow it"):
            fetcher.fetch(news.url + path)
    assert fetcher.fetch(news.url + "/a") is not None
    assert [each.path for each in news.asked] == ["/robots.txt", "/a"]


def test_a_line_for_dateline_comes_before_the_line_for_all(news: NewsServer) -> None:
    news.put("/robots.txt", "User-agent: *\nDisallow: /\n\nUser-agent: dateline\nAllow: /\n", "text/plain")
    assert fetched(news.put("/a", PAGE)).content
    assert news.asked[-1].headers["User-Agent"].startswith("Dateline/")


def test_a_redirect_to_what_robots_txt_forbids_is_not_followed(news: NewsServer) -> None:
    news.put("/robots.txt", "User-agent: *\nDisallow: /private/\n", "text/plain")
    news.pages["/a"] = Reply(status=302, headers={"Location": "/private/a"})
    with pytest.raises(BadArticle, match="does not allow it"):
        local_fetcher().fetch(news.url + "/a")
    assert news.paths() == ["/a"]


def test_a_server_whose_robots_txt_fails_is_asked_nothing(news: NewsServer) -> None:
    news.put("/a", PAGE)
    news.pages["/robots.txt"] = Reply((b"",), 503, headers={"Retry-After": "60"})
    failed = failure(news.url + "/a")
    assert "robots.txt cannot be read" in failed.reason
    assert failed.retry_after == timedelta(seconds=60)
    assert news.paths() == []


@pytest.mark.parametrize("status", [404, 403, 410])
def test_a_server_without_a_robots_txt_allows_everything(news: NewsServer, status: int) -> None:
    news.pages["/robots.txt"] = Reply((b"",), status)
    assert fetched(news.put("/a", PAGE)).content


@pytest.mark.parametrize(("robots", "least"), [("", 20.0), ("User-agent: *\nCrawl-delay: 25\n", 25.0)])
def test_one_host_is_not_asked_twice_in_a_breath(news: NewsServer, robots: str, least: float) -> None:
    news.put("/robots.txt", robots, "text/plain")
    news.put("/a", PAGE)
    waits: list[float] = []
    fetcher = Fetcher(local_net(), delay_s=20.0, sleep=waits.append)
    fetcher.fetch(news.url + "/a")
    fetcher.fetch(news.url + "/a")
    assert len(waits) == 2  # after robots.txt, and after the first page
    assert least - 5 < waits[1] <= least
