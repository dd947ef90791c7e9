"""A real HTTP server on loopback that publishes what a test puts on it, and remembers what it was asked."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpcore2

from index import Fetcher, Limits, Net, allowed_from


@dataclass(frozen=True)
class Reply:
    """What a path answers. A number among the parts is a pause in seconds; `whole` is false for one that breaks off."""

    parts: tuple[bytes | float, ...] = ()
    status: int = 200
    kind: str | None = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    whole: bool = True


@dataclass(frozen=True)
class Asked:
    path: str
    headers: Message


class NewsServer:
    """`pages` maps a path to its reply, or to a function of the request's headers. Unknown paths are 404."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: dict[str, Reply | Callable[[Message], Reply]] = {}
        self.asked: list[Asked] = []

    def put(self, path: str, body: str | bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> str:
        """Publish something; its address."""
        content = body.encode() if isinstance(body, str) else body
        self.pages[path] = Reply((content,), kind=kind, headers={k.replace("_", "-"): v for k, v in headers.items()})
        return self.url + path

    def paths(self) -> list[str]:
        """What was asked for, robots.txt aside."""
        return [each.path for each in self.asked if each.path != "/robots.txt"]


def _handler(server: NewsServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(Asked(self.path, self.headers))
            page = server.pages.get(self.path, Reply((b"not here",), 404))
            reply = page(self.headers) if callable(page) else page
            length = sum(len(part) for part in reply.parts if isinstance(part, bytes))
            self.send_response(reply.status)
            if reply.kind is not None:
                self.send_header("Content-Type", reply.kind)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 304:
                self.send_header("Content-Length", str(length if reply.whole else length + 1000))
            try:
                self.end_headers()
                for part in reply.parts:
                    if isinstance(part, bytes):
                        self.wfile.write(part)
                        self.wfile.flush()
                    else:
                        time.sleep(part)
            except ConnectionError:
                pass  # the client went away
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def news_server() -> Iterator[NewsServer]:
    """A server for the time of a test."""
    news = NewsServer("")
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _handler(news))
    listening.daemon_threads = True
    news.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield news
    finally:
        listening.shutdown()
        thread.join(10)
        listening.server_close()


class LoopbackOnly(httpcore2.SyncBackend):
    """Dials on loopback and nowhere else: a test in which anything else is dialled fails."""

    def __init__(self) -> None:
        super().__init__()
        self.dialled: list[str] = []

    def connect_tcp(self, host: str, port: int, *rest: object, **named: object) -> httpcore2.NetworkStream:
        self.dialled.append(host)
        if host not in ("127.0.0.1", "::1"):
            raise AssertionError(f"{host} was dialled")
        return super().connect_tcp(host, port, *rest, **named)  # type: ignore[arg-type]


def no_names(host: str, port: int) -> list[str]:
    """A resolver for tests that need none: a test in which a name is looked up fails."""
    raise AssertionError(f"{host} was looked up")


def local_net(limits: Limits | None = None, *allowed: str) -> Net:
    """The network of tests: loopback is allowed, nothing else can be reached."""
    return Net(allowed_from(["127.0.0.1", *allowed]), limits or Limits(), no_names, LoopbackOnly())


def local_fetcher(limits: Limits | None = None) -> Fetcher:
    """A fetcher for a server on loopback that does not wait between requests."""
    return Fetcher(local_net(limits), delay_s=0)
