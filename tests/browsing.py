"""A real browser over a really served application, for the tests of the page."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from bot.engine import Writer
from bot.http import create_app
from bot.settings import read_settings
from index import Archive

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

# Reported by the browser itself, also from within shadow roots, whatever the page's own scripts do.
WATCH_POLICY = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or whichever is installed."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@contextmanager
def served(archive: Archive, writer: Writer, port: int = 0) -> Iterator[str]:
    """The application on loopback while the block runs; its address."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        config = uvicorn.Config(create_app(archive, writer, read_settings()), log_level="error")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


class Reader:
    """One person at a browser: a page that was opened, and everything it asked for or complained of."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.requested: list[str] = []
        self.complaints: list[str] = []
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(5000)
        self.page.add_init_script(WATCH_POLICY)
        self.page.on("request", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)
        self.page.goto(url)

    def ask(self, question: str) -> None:
        """Type a question, send it, and wait for the end of its answer."""
        self.page.get_by_label("Your question").fill(question)
        self.page.keyboard.press("Enter")
        self.page.locator(".turn:last-child:not(.writing)").wait_for()

    def text(self, selector: str) -> str:
        """The text of the last element that a selector finds, as it is shown."""
        return self.page.locator(selector).last.inner_text()

    def violations(self) -> list[str]:
        """What the content security policy had to block."""
        found: list[str] = self.page.evaluate("window.violations")
        return found

    def _note(self, request: Request) -> None:
        self.requested.append(request.url)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)
