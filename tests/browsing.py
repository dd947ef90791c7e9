"""A real browser over a really served application, for the tests of the page."""

import contextlib
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from bot.engine import Writer
from bot.settings import Settings
from index import Archive
from tests.serving import serving

expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong

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
def served(archive: Archive, writer: Writer, port: int = 0, **settings: Any) -> Iterator[str]:
    """The application on loopback while the block runs; its address."""
    with serving(archive, writer, Settings(**settings), port=port) as client:
        yield str(client.base_url).rstrip("/")


class Reader:
    """One person at a browser: a page that was opened, and everything it asked for or complained of."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.requested: list[str] = []
        self.complaints: list[str] = []
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.page.add_init_script(WATCH_POLICY)
        self.page.on("request", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)
        self.page.goto(url)
        self.page.locator(".ask").wait_for()

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


@contextmanager
def broken_once(url: str, after: bytes) -> Iterator[str]:
    """A way to a server that breaks the first connection on which the server sends `after`; its address."""
    port, broken = int(url.rpartition(":")[2]), threading.Event()

    def carry(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
                if after in data and not broken.is_set():
                    broken.set()
                    time.sleep(0.5)  # a browser drops what it has not read when a connection breaks
                    break
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept(listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = socket.create_connection(("127.0.0.1", port))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=carry, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        assert broken.is_set()
