"""One polite, guarded, bounded GET: an address in, bytes out."""

import re
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ssl import SSLContext
from urllib.parse import urljoin

import httpcore2

from index.errors import FetchFailed, Withdrawn
from index.fetching.fetched import NEVER_SEEN, Fetched, Validators
from index.fetching.guard import NOTHING_PRIVATE, Allowed, GuardedBackend, Resolver, resolve
from index.fetching.urls import Target, parse_url

AGENT = "Dateline"  # the name robots.txt knows us by
_HEADERS: dict[bytes | str, bytes | str] = {
    "User-Agent": f"{AGENT}/0.1",
    "Accept": "text/html, application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5",
    "Accept-Encoding": "gzip, deflate",
}
_READABLE = re.compile(
    r"|text/(html|plain|xml|markdown)|application/(xml|pdf|gzip|x-gzip|octet-stream)|application/[\w.-]+\+xml"
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may take. `size` counts bytes after decompression; times are seconds."""

    size: int = 10_000_000
    connect_s: float = 10
    read_s: float = 20
    total_s: float = 60
    redirects: int = 5


USUAL_LIMITS = Limits()


class Net:
    """How the network is reached: what may be dialled, within which limits, how names are resolved and who dials."""

    def __init__(
        self,
        allowed: Allowed = NOTHING_PRIVATE,
        limits: Limits = USUAL_LIMITS,
        resolver: Resolver = resolve,
        dialler: httpcore2.NetworkBackend | None = None,
    ) -> None:
        self.limits = limits
        self._allowed = allowed
        self._resolver = resolver
        self._dialler = dialler or httpcore2.SyncBackend()
        self._tls: SSLContext | None = None

    def get(
        self, url: str, validators: Validators = NEVER_SEEN, before: Callable[[Target], None] = lambda _: None
    ) -> Fetched | None:
        """Fetch an address, following redirects; None when it has not changed since `validators`.

        `before` is called before each request; it may wait, or raise to stop. Every hop is checked by the guard.
        Raises Refused, FetchFailed and Withdrawn.
        """
        deadline = time.monotonic() + self.limits.total_s
        target = parse_url(url)
        for _ in range(self.limits.redirects + 1):
            before(target)
            answered = self._request(target, url, validators, deadline)
            if not isinstance(answered, Target):
                return answered
            target = answered
        raise FetchFailed(url, f"It redirects more than {self.limits.redirects} times.")

    def _request(self, target: Target, asked: str, validators: Validators, deadline: float) -> Fetched | Target | None:
        if self._tls is None and target.scheme == "https":
            self._tls = httpcore2.default_ssl_context()
        backend = GuardedBackend(self._allowed, self._resolver, self._dialler, deadline)
        limits = self.limits
        timeouts = {"connect": limits.connect_s, "read": limits.read_s, "write": limits.read_s, "pool": limits.total_s}
        # A pool of its own for each request: nothing is shared between hosts, and nothing is left open.
        try:
            with (
                httpcore2.ConnectionPool(self._tls, network_backend=backend) as pool,
                pool.stream(
                    "GET", _url(target), headers=_headers(target, validators), extensions={"timeout": timeouts}
                ) as response,
            ):
                return self._answer(response, target, asked)
        except httpcore2.TimeoutException as error:
            raise FetchFailed(asked, f"It took too long: {error or 'no answer in time'}.") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise FetchFailed(asked, f"The connection failed: {error}.") from error

    def _answer(self, response: httpcore2.Response, target: Target, asked: str) -> Fetched | Target | None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        status = response.status
        if status == 304:
            return None
        if status in _REDIRECTS and headers.get("location"):
            return _redirected(target, headers["location"])
        if status != 200:
            raise _failure(asked, status, headers.get("retry-after"))
        kind, charset = _media_type(headers.get("content-type", ""))
        if not _READABLE.fullmatch(kind):
            raise FetchFailed(asked, f"It is {kind}, which holds no article.", status)
        content = b"".join(
            _decompressed(response.iter_stream(), headers.get("content-encoding", ""), self.limits.size, asked)
        )
        found = Validators(headers.get("etag"), headers.get("last-modified"))
        return Fetched(asked, target.url, kind, charset, content, found)


def _url(target: Target) -> httpcore2.URL:
    """The target as httpcore takes it, part by part: no second parser reads the address."""
    return httpcore2.URL(
        scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
    )


def _headers(target: Target, validators: Validators) -> dict[bytes | str, bytes | str]:
    headers = {"Host": target.authority, **_HEADERS}
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    return headers


def _redirected(target: Target, location: str) -> Target:
    """Where a redirect leads. The header's bytes may be UTF-8. Raises Refused."""
    with suppress(UnicodeDecodeError):
        location = location.encode("latin-1").decode()
    return parse_url(urljoin(target.url, location.strip()))


def _failure(asked: str, status: int, retry_after: str | None) -> FetchFailed:
    if status == 410:
        return Withdrawn(asked, "It has been withdrawn (410 Gone).", status)
    return FetchFailed(asked, f"The server answers {status}.", status, _waiting_time(retry_after))


def _waiting_time(header: str | None) -> timedelta | None:
    """A Retry-After header: seconds or a date (RFC 9110, 10.2.3)."""
    if not header:
        return None
    if header.strip().isdigit():
        return timedelta(seconds=min(int(header.strip()[:9]), 10**8))
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(timedelta(0), moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC))


def _media_type(header: str) -> tuple[str, str | None]:
    kind, *parameters = header.split(";")
    charset = next((each.partition("=")[2] for each in parameters if each.strip().lower().startswith("charset=")), "")
    return kind.strip().lower(), charset.strip(" \"'") or None


def _decompressed(chunks: Iterator[bytes], encoding: str, size: int, asked: str) -> Iterator[bytes]:
    """The content behind a Content-Encoding, at most `size` bytes of it; a bomb never unfolds further."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise FetchFailed(asked, f"Its content is encoded as {encoding}, which was not asked for.")
    inflate = None if encoding in ("", "identity") else _Inflater(encoding, asked)
    left = size
    for chunk in chunks:
        part = inflate(chunk, left + 1) if inflate else chunk
        left -= len(part)
        if left < 0:
            raise FetchFailed(asked, f"It has more than the {size / 1e6:g} MB that are fetched.")
        yield part
    if inflate:
        inflate.end()


def unzipped(content: bytes, size: int, source: str) -> bytes:
    """A gzip file's content, at most `size` bytes. Raises FetchFailed for more, and for a broken file."""
    return b"".join(_decompressed(iter([content]), "gzip", size, source))


class _Inflater:
    """zlib with a bound on what comes out. Deflate is meant with a zlib header, and sent without by some."""

    def __init__(self, encoding: str, asked: str) -> None:
        self._gzip = encoding != "deflate"
        self._asked = asked
        self._begun = False
        self._stream = zlib.decompressobj(31 if self._gzip else 15)

    def __call__(self, chunk: bytes, most: int) -> bytes:
        out = b""
        try:
            if not self._begun and not self._gzip and chunk and (chunk[0] & 0x0F) != 8:
                self._stream = zlib.decompressobj(-15)
            self._begun = self._begun or bool(chunk)
            while chunk and len(out) < most:
                if self._stream.eof:  # gzip files may be several in a row
                    self._stream = zlib.decompressobj(31)
                out += self._stream.decompress(chunk, most - len(out))
                chunk = self._stream.unused_data.lstrip(b"\0") if self._gzip else b""  # zeros are padding
        except zlib.error as error:
            raise FetchFailed(self._asked, f"Its compressed content is damaged: {error}.") from error
        return out

    def end(self) -> None:
        """Raises FetchFailed when the content broke off."""
        if self._begun and not self._stream.eof:
            raise FetchFailed(self._asked, "Its compressed content breaks off.")
