"""Who may use the page, and from where: keys, limits, other sites."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bot.extractive import ExtractiveWriter
from index import Archive
from tests.browsing import CHROMIUM, Reader, served
from tests.conftest import WordEmbedder, article, day
from tests.serving import serving

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no browser is installed: apt install chromium")

BODY = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."
QUESTION = "What do the repairs cost?"


@pytest.fixture
def harbour(tmp_path: Path, words: WordEmbedder) -> Iterator[Archive]:
    with Archive(tmp_path / "harbour", words) as archive:
        archive.ingest([article("bridge", BODY, publisher="The Bell", published_at=day("2026-09-01"))])
        yield archive


def test_a_key_is_asked_for_kept_from_scripts_and_forgotten(chromium: Browser, harbour: Archive) -> None:
    _, token = harbour.keys.create("reader", ["ask", "search"])
    with served(harbour, ExtractiveWriter()) as url:
        reader = Reader(chromium.new_context(), url)
        key = reader.page.get_by_label("This archive asks for a key.")
        key.fill("dl_wrong")
        key.press("Enter")
        reader.page.get_by_text("This key is unknown, revoked or expired.").wait_for()
        key.fill(token)
        key.press("Enter")
        reader.page.locator(".front li").first.wait_for()
        reader.page.reload()
        reader.ask(QUESTION)
        assert "12 million crowns" in reader.text(".answer")
        everything = "JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}, location.href])"
        assert token not in reader.page.evaluate(everything)
        reader.page.get_by_role("button", name="Forget the key").click()
        key.wait_for()
        assert reader.page.locator(".turn").count() == 0
        reader.context.close()


def test_the_kept_key_is_of_no_use_to_another_site(harbour: Archive) -> None:
    _, token = harbour.keys.create("reader", ["ask", "search"])
    with serving(harbour, ExtractiveWriter()) as client:
        begun = client.post("/v1/session", headers={"Authorization": f"Bearer {token}"})
        assert {"HttpOnly", "SameSite=strict"} <= set(begun.headers["set-cookie"].split("; "))
        assert client.get("/v1/session").json()["scopes"] == ["ask", "search"]
        evil = {"Origin": "https://evil.example"}
        assert client.post("/v1/answers", json={"question": QUESTION}, headers=evil).status_code == 403
        assert client.post("/v1/answers", json={"question": QUESTION}).status_code == 200
        assert client.delete("/v1/session").status_code == 204
        assert client.get("/v1/session").status_code == 401


def test_a_key_that_ends_meanwhile_is_asked_for_again(chromium: Browser, harbour: Archive) -> None:
    first, token = harbour.keys.create("reader", ["ask", "search"])
    _, other = harbour.keys.create("another", ["ask", "search"])
    with served(harbour, ExtractiveWriter()) as url:
        reader = Reader(chromium.new_context(), url)
        reader.page.get_by_label("This archive asks for a key.").fill(token)
        reader.page.keyboard.press("Enter")
        reader.page.locator(".front li").first.wait_for()
        harbour.keys.revoke(first.id)
        reader.ask(QUESTION)
        assert reader.text(".turn .note") == "Without a valid key the archive does not answer."
        reader.page.locator(".turn .key input").fill(other)
        reader.page.keyboard.press("Enter")
        reader.page.locator(".turn.answered").wait_for()
        reader.context.close()


def test_too_many_questions_are_told_when_to_come_back(chromium: Browser, harbour: Archive) -> None:
    _, token = harbour.keys.create("reader", ["ask", "search"])
    with served(harbour, ExtractiveWriter(), key_requests_per_minute=1) as url:
        reader = Reader(chromium.new_context(), url)
        reader.page.get_by_label("This archive asks for a key.").fill(token)
        reader.page.keyboard.press("Enter")
        reader.page.locator(".front li").first.wait_for()
        reader.ask(QUESTION)
        reader.ask(QUESTION)
        told = re.compile(r"Too many questions at once\. Ask again in \d+ seconds\.")
        expect(reader.page.locator(".turn").last.locator(".note")).to_have_text(told)
        reader.context.close()


def test_it_is_part_of_another_site_by_one_script_tag(chromium: Browser, harbour: Archive, tmp_path: Path) -> None:
    _, token = harbour.keys.create("site", ["ask", "search"])
    with (
        site(tmp_path / "site") as other,
        served(harbour, ExtractiveWriter(), cors_origins=(other,)) as url,
    ):
        (tmp_path / "site" / "index.html").write_text(
            f"<!doctype html><title>Elsewhere</title><link rel=icon href=data:,>"
            f'<script type="module" src="{url}/page/dateline-chat.js"></script>'
            f'<dateline-chat key="{token}"></dateline-chat>'
        )
        reader = Reader(chromium.new_context(), other)
        reader.ask(QUESTION)
        reader.page.locator(".pill").first.click()
        assert reader.page.locator("mark.current").inner_text() in BODY
        assert reader.complaints == []
        assert {each for each in reader.requested if not each.startswith((url, other, "data:"))} == set()
        reader.context.close()


def test_another_site_that_was_not_let_in_is_refused(chromium: Browser, harbour: Archive, tmp_path: Path) -> None:
    with site(tmp_path / "site") as other, served(harbour, ExtractiveWriter()) as url:
        (tmp_path / "site" / "index.html").write_text(
            f'<script type="module" src="{url}/page/dateline-chat.js"></script><dateline-chat></dateline-chat>'
        )
        reader = Reader(chromium.new_context(), other)
        reader.ask(QUESTION)
        assert reader.text(".turn .note").startswith("The server does not answer.")
        assert harbour.answers.conversations(None, 10) == ()
        reader.context.close()


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """A site of somebody else, the files of a folder; its origin."""

    class Site(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Quietly."""

    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
