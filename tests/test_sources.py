"""Addresses become articles: pages, feeds and sitemaps read from a real server, one article under one address."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import Archive, Article, BadArticle, read_sources
from index.fetching.fetched import Fetched
from index.fetching.listed import Listing
from index.fetching.listing import listing
from index.reading.dates import first_trusted, is_trusted
from index.reading.html import article_from_html
from tests.news_server import NewsServer, Reply, local_fetcher, news_server

NOW = datetime(2026, 11, 24, tzinfo=UTC)
STORY = (
    "The harbour bridge will close on Monday for repairs, the city council said. The work costs 12 million crowns "
    "and takes until the spring. The mayor, Ana Sol, had opposed it in the council's vote last week."
)


@pytest.fixture
def news() -> Iterator[NewsServer]:
    with news_server() as server:
        yield server


def page(title: str, head: str = "", body: str = STORY) -> str:
    return (
        f'<html lang="en"><head><title>{title}</title>{head}</head>'
        f"<body><article><h1>{title}</h1><p>{body}</p></article></body></html>"
    )


def rss(*items: str, title: str = "The Bell") -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{"".join(items)}</channel></rss>'


def item(link: str, title: str = "Bridge", extra: str = "") -> str:
    return f"<item><title>{title}</title><link>{link.replace('&', '&amp;')}</link><guid>{title}</guid>{extra}</item>"


def read(*sources: str) -> list[Article]:
    found = list(read_sources(sources, local_fetcher()))
    assert all(isinstance(each, Article) for each in found), found
    return [each for each in found if isinstance(each, Article)]


def refusals(*sources: str) -> list[BadArticle]:
    return [each for each in read_sources(sources, local_fetcher()) if isinstance(each, BadArticle)]


def listed(content: str | bytes, kind: str = "application/xml") -> Listing | None:
    body = content.encode() if isinstance(content, str) else content
    url = "https://paper.example/feed"
    return listing(Fetched(url, url, kind, None, body), 1_000_000)


# --- pages ---------------------------------------------------------------------------------------------------


def test_a_page_is_an_article_known_by_its_address(news: NewsServer) -> None:
    news.put("/story?id=7&utm_source=feed", page("Bridge to close"))
    url = f"{news.url}/story?id=7"
    (article,) = read(f"{url}&utm_source=feed#top")
    assert (article.title, article.body, article.url, article.source) == ("Bridge to close", STORY, url, url)


def test_one_article_reached_by_many_addresses_is_one_article(news: NewsServer, archive: Archive) -> None:
    canonical = f'<meta property="og:site_name" content="The Bell"><link rel="canonical" href="{news.url}/story">'
    for path in ("/story", "/story?page=1", "/story/amp"):
        news.put(path, page("Bridge to close", canonical))
    news.pages["/short"] = Reply(status=301, headers={"Location": "/story?utm_campaign=x"})
    news.put("/story?utm_campaign=x", page("Bridge to close", canonical))
    news.put("/feed", rss(item(f"{news.url}/story?fbclid=1&utm_source=rss")), "application/rss+xml")
    sources = [f"{news.url}{path}" for path in ("/story", "/story?page=1", "/story/amp", "/short", "/feed")]
    found = read(*sources)
    assert {(each.id, each.url) for each in found} == {(found[0].id, f"{news.url}/story")}
    report = archive.ingest(read_sources(sources, local_fetcher()))
    assert (report.new, report.updated, report.unchanged + report.duplicates, report.failed) == (1, 0, 4, 0)


def test_a_page_says_what_it_is_in_json_ld_first() -> None:
    head = """<meta property="article:published_time" content="2026-05-02"><meta name="author" content="Web Team">
    <script type="application/ld+json">{"@graph": [{"@type": "WebSite", "name": "Site", "datePublished": "2001-01-01"},
    {"@type": ["NewsArticle"], "headline": "Bridge &amp; tunnel", "datePublished": "2026-05-01T23:30:00-04:00",
    "dateModified": "2026-05-03", "author": {"name": "Jo March"},
    "publisher": {"@type": "Organization", "name": "The Bell"},
    "articleSection": ["City", "News"], "inLanguage": "en-GB"}]}</script>"""
    article = article_from_html(page("Another title", head), "a.html")
    assert (article.title, article.byline, article.publisher) == ("Bridge & tunnel", "Jo March", "The Bell")
    assert (article.section, article.language) == ("City", "en")
    assert article.published_at == datetime(2026, 5, 2, 3, 30, tzinfo=UTC)
    assert (article.published_origin, article.modified_origin) == ("json-ld", "json-ld")


def test_a_page_filled_in_by_a_script_has_the_text_of_its_json_ld() -> None:
    head = (
        f'<script type="application/ld+json">{{"@type": "Article", "headline": "T", "articleBody": "{STORY}"}}</script>'
    )
    assert article_from_html(f"<html><head>{head}</head><body></body></html>", "a.html").body == STORY


@pytest.mark.parametrize(
    "script", ["{", "[]", '"x"', '{"@type": 3}', '{"@graph": {"@graph": {}}}', "[" * 5000, '{"@type": "Article"}', ""]
)
def test_broken_json_ld_is_passed_over(script: str) -> None:
    assert article_from_html(page("T", f'<script type="application/ld+json">{script}</script>'), "a.html").title == "T"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (page("Café").encode("cp1252"), "text/html; charset=windows-1252"),
        (page("Café", '<meta charset="windows-1252">').encode("cp1252"), "text/html"),
        (page("Café").encode("cp1252"), "text/html; charset=utf-8"),
        (page("Café").encode(), "text/html; charset=klingon"),
        (page("Café").encode("utf-16"), "text/html"),
        (f"Café\n\n{STORY}".encode(), "text/plain"),
    ],
)
def test_a_page_is_decoded_as_its_server_its_markup_or_its_bytes_say(
    news: NewsServer, content: bytes, kind: str
) -> None:
    assert [each.title for each in read(news.put("/a", content, kind))] == ["Café"]


def test_what_is_no_article_is_refused_with_its_reason(news: NewsServer) -> None:
    news.pages["/moved"] = Reply(status=302, headers={"Location": "/"})
    news.put("/", page("Front page"))
    cases: list[tuple[str, str | bytes | None, str, str]] = [
        ("/script", "<html><body><script>x()</script></body></html>", "text/html", "no article text"),
        ("/empty", "  ", "text/html", "empty"),
        ("/png", b"\x89PNG", "image/png", "image/png"),
        ("/noise", bytes(range(256)) * 9, "text/plain", "not a text file"),
        ("/pdf", b"%PDF-1.4 broken", "application/pdf", "PDF"),
        ("/bin", b"\0\1\2", "application/octet-stream", "neither a page nor a feed"),
        ("/moved", None, "", "front page"),
        ("/absent", None, "", "404"),
    ]
    for path, content, kind, reason in cases:
        url = news.put(path, content, kind) if content is not None else news.url + path
        (refused,) = refusals(url)
        assert reason in refused.reason


# --- dates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "date", "origin"),
    [
        ('<meta property="article:published_time" content="2026-05-01T10:00:00+02:00">', "2026-05-01T08:00", "meta"),
        ('<meta name="date" content="2026-05-01">', "2026-05-01T00:00", "meta"),
        ('<meta itemprop="datePublished" content="2026-05-01T10:00">', "2026-05-01T10:00", "meta"),
        ('<time pubdate datetime="2026-05-01T10:00Z">1 May</time>', "2026-05-01T10:00", "time"),
        ("", None, None),
        # What cannot be true gives way to the next place.
        (
            '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2096-05-01"}</script>'
            '<meta name="date" content="2026-05-01">',
            "2026-05-01T00:00",
            "meta",
        ),
        (
            '<meta property="og:published_time" content="1970-01-01T00:00Z"><meta name="date" content="2026-05-01">',
            "2026-05-01T00:00",
            "meta",
        ),
        ('<meta property="article:published_time" content="1969-12-31T19:00:00-05:00">', None, None),
        ('<meta property="article:published_time" content="tomorrow">', None, None),
        ('<meta property="article:published_time" content="0001-01-01T00:00:00Z">', None, None),
    ],
)
def test_a_date_is_kept_with_where_it_was_read(head: str, date: str | None, origin: str | None) -> None:
    article = article_from_html(page("T", head), "a.html")
    assert article.published_at == (datetime.fromisoformat(date).replace(tzinfo=UTC) if date else None)
    assert article.published_origin == origin


def test_a_modification_before_the_publication_is_not_believed() -> None:
    dates = '<meta property="article:published_time" content="2026-05-02"><meta name="lastmod" content="2026-05-01">'
    article = article_from_html(page("T", dates), "a.html")
    assert (article.modified_at, article.modified_origin) == (None, None)


def test_a_feed_dates_a_page_that_does_not_date_itself(news: NewsServer) -> None:
    date = "<pubDate>Fri, 01 May 2026 10:00:00 -0400</pubDate>"
    own = '<meta property="article:published_time" content="2026-04-30T10:00:00Z">'
    news.put("/undated", page("Undated"))
    news.put("/dated", page("Dated", own))
    links = item(f"{news.url}/undated", "Undated", date), item(f"{news.url}/dated", "Dated", date)
    undated, dated = read(news.put("/feed", rss(*links), "text/xml"))
    assert (undated.published_at, undated.published_origin) == (datetime(2026, 5, 1, 14, tzinfo=UTC), "feed")
    assert (dated.published_at, dated.published_origin) == (datetime(2026, 4, 30, 10, tzinfo=UTC), "meta")
    assert undated.publisher == "The Bell"


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)))
def test_no_date_from_the_future_is_trusted_and_none_from_the_computers_zero(moment: datetime) -> None:
    assert not (is_trusted(moment, NOW) and moment > NOW + timedelta(days=1))
    assert not (is_trusted(moment, NOW) and moment.date().isoformat() in ("1969-12-31", "1970-01-01"))
    found = first_trusted([(moment, "meta"), (NOW, "feed")], NOW)
    assert found is not None
    assert found.origin == ("meta" if is_trusted(moment, NOW) else "feed")


def test_where_a_date_came_from_is_kept_in_the_archive_and_makes_no_new_version(archive: Archive) -> None:
    head = '<meta name="date" content="2026-05-01">'
    first = article_from_html(page("T", head), "https://a.example/1", "https://a.example/1")
    again = article_from_html(
        page("T", '<time pubdate datetime="2026-05-01">x</time>'), "https://a.example/1", "https://a.example/1"
    )
    archive.ingest([first])
    assert archive.ingest([again]).unchanged == 1
    (version,) = archive.versions(first.id)
    assert version.article.published_origin == "meta"
    assert version.first_seen_at > first.published_at  # type: ignore[operator]


# --- feeds and sitemaps --------------------------------------------------------------------------------------

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0" xml:lang="en">
<title>The Bell</title>
<entry><id>tag:1</id><title>One</title><link href="/one?utm_source=atom"/><updated>2026-05-02T10:00:00Z</updated>
<published>2026-05-01T10:00:00+02:00</published><author><name>Jo March</name></author></entry>
<entry><id>tag:2</id><title>No link</title><updated>2026-05-02T10:00:00Z</updated></entry>
<at:deleted-entry ref="tag:0" when="2026-05-02T00:00:00Z"/></feed>"""


def test_an_atom_feed_lists_articles_and_tombstones() -> None:
    found = listed(ATOM)
    assert found is not None
    (one,) = found.articles
    assert (one.url, one.name, one.title, one.byline, one.publisher) == (
        "https://paper.example/one", "tag:1", "One", "Jo March", "The Bell",
    )  # fmt: skip
    assert one.published_at == datetime(2026, 5, 1, 8, tzinfo=UTC)
    assert one.modified_at == datetime(2026, 5, 2, 10, tzinfo=UTC)
    assert found.withdrawn == {"tag:0"}
    assert found.refused[0].reason.startswith("An entry of https://paper.example/feed")


def test_an_entry_without_an_update_has_none() -> None:
    found = listed(rss(item("https://a.example/1", extra="<pubDate>Fri, 01 May 2026 10:00:00 GMT</pubDate>")))
    assert found is not None
    assert found.articles[0].modified_at is None


def test_the_stamp_of_an_entry_changes_with_the_entry() -> None:
    texts = rss(item("https://a.example/1")), rss(item("https://a.example/1", extra="<description>x</description>"))
    stamps = [found.articles[0].stamp for found in map(listed, (*texts, texts[0])) if found]
    assert stamps[0] == stamps[2] != stamps[1]


@pytest.mark.parametrize(
    "content",
    [
        rss(item("https://a.example/1")).replace("<title>The Bell", "<title>The Bell &nbsp; & <b>more"),
        "\ufeff\n<!-- a feed --><?xml version='1.0'?>" + rss(item("https://a.example/1")).partition("?>")[2],
        rss(item("https://a.example/1"))[:-20],
        rss(item("https://a.example/1")).replace("<?xml", "<?xml-stylesheet href='x'?><?xml"),
    ],
)
def test_a_feed_that_is_not_well_formed_is_read_all_the_same(content: str) -> None:
    found = listed(content, "text/html")
    assert found is not None
    assert [each.url for each in found.articles] == ["https://a.example/1"]


def test_a_page_is_no_feed() -> None:
    for content in (
        page("T"),
        "<!doctype html><html><body><rss></rss></body></html>",
        "I wrote <rss> by hand",
        "",
        "<",
    ):
        assert listed(content) is None


SITEMAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>https://paper.example/about</loc></url>
<url><loc>https://paper.example/old</loc><news:news><news:publication><news:name>The Bell</news:name>
<news:language>en</news:language></news:publication><news:publication_date>2026-04-01</news:publication_date>
<news:title>Old</news:title></news:news></url>
<url><loc>https://paper.example/new</loc><lastmod>2026-05-02T10:00:00Z</lastmod><news:news><news:publication_date>
2026-05-01T10:00:00+02:00</news:publication_date><news:title>New</news:title></news:news></url>
<url><loc>file:///etc/passwd</loc><news:news><news:title>x</news:title></news:news></url></urlset>"""


def test_a_news_sitemap_lists_its_news_newest_first() -> None:
    found = listed(SITEMAP)
    assert found is not None
    assert [each.title for each in found.articles] == ["New", "Old"]
    assert found.articles[0].published_at == datetime(2026, 5, 1, 8, tzinfo=UTC)
    assert (found.articles[1].publisher, found.articles[1].language) == ("The Bell", "en")
    assert "Only http and https" in found.refused[0].reason


def test_a_sitemap_index_leads_to_the_newest_sitemaps_of_its_own_site(news: NewsServer) -> None:
    news.put("/story", page("Bridge to close"))
    urlset = f"<urlset><url><loc>{news.url}/story</loc></url></urlset>"
    news.put("/news.xml.gz", gzip.compress(urlset.encode()), "application/x-gzip")
    children = (
        f"<sitemap><loc>{news.url}/news.xml.gz</loc></sitemap><sitemap><loc>http://10.0.0.1/x.xml</loc></sitemap>"
    )
    (article,) = read(news.put("/sitemap.xml", f"<sitemapindex>{children}</sitemapindex>", "application/xml"))
    assert article.title == "Bridge to close"


def test_a_sitemap_that_is_broken_or_a_trap_is_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'
    for content in ("<urlset><url>", bomb, gzip.compress(b"<urlset>" + b" " * 2_000_000)):
        with pytest.raises(BadArticle):
            listed(content)


def test_entities_of_a_feed_name_no_files(news: NewsServer) -> None:
    trap = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    found = listed(trap + rss(item("https://a.example/1", "&x;")).partition("?>")[2])
    assert found is not None
    assert "root" not in str(found.articles)


def test_one_bad_page_of_a_feed_does_not_keep_the_others(news: NewsServer) -> None:
    news.put("/one", page("One"))
    links = (
        item(f"{news.url}/absent", "Absent"),
        item("http://169.254.169.254/", "Trap"),
        item(f"{news.url}/one", "One"),
    )
    found = list(read_sources([news.put("/feed", rss(*links), "application/rss+xml")], local_fetcher()))
    assert [isinstance(each, Article) for each in found] == [False, False, True]


def test_an_article_that_has_been_withdrawn_is_retracted(news: NewsServer, archive: Archive) -> None:
    url = news.put("/story", page("Bridge to close"))
    archive.ingest(read_sources([url], local_fetcher()))
    news.pages["/story"] = Reply((b"",), 410)
    report = archive.ingest(read_sources([url], local_fetcher()))
    assert (report.retracted, report.failed) == (1, 0)
    assert archive.articles() == []
    assert archive.search("bridge repairs", 3) == []
    (retraction,) = archive.retractions()
    assert (retraction.url, retraction.title) == (url, "Bridge to close")
    assert "410" in retraction.reason
    again = archive.ingest(read_sources([url], local_fetcher()))
    assert (again.retracted, again.failed) == (0, 1)
