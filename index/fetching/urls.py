"""Web addresses: taken apart once, strictly, and made canonical so that one article has one address."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import urljoin, urlsplit

from index.errors import BadArticle

LONGEST_URL = 2000  # characters
_PORTS = {"http": 80, "https": 443}
# Parameters that say where a reader came from, not what is read.
_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|mc_[ce]id|mkt_tok|_ga|_gl|"
    r"_hs(?:enc|mi)|oly_(?:anon|enc)_id|vero_(?:id|conv)|at_(?:medium|campaign|link_\w+|custom\w*)|ns_\w+|smid|smtyp|"
    r"cmp(?:id)?|ocid|ncid|guccounter|guce_\w+|__twitter_impression",
    re.IGNORECASE,
)
_VARIANTS = re.compile(r"(?:www|m|mobile|amp)\.")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: `host` in lower-case ASCII without a trailing dot, `path` with its query, as sent."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address written plainly; a fragment is never part of it."""
        return f"{self.scheme}://{self.authority}{self.path}"


class Refused(BadArticle):
    """An address that is not dialled: the guard's no."""


def is_url(source: str) -> bool:
    """Whether a source is meant as a web address, rather than as a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", source) is not None


def parse_url(url: str) -> Target:
    """The target of an http or https address. Raises Refused for every other one, and for what has two readings.

    An address of an odd form (decimal, octal, hexadecimal, shortened) is refused rather than interpreted, because
    programs disagree about what it means. Full-width and enclosed letters and digits are mapped first (UTS 46).
    """
    text = url.strip()
    if len(text) > LONGEST_URL or re.search(r"[\x00-\x20\x7f\\]", text):
        raise Refused(url[:200], "The address has spaces, backslashes or control characters in it, or is too long.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise Refused(url, f"It is no web address: {error}.") from None
    if parts.scheme not in _PORTS:
        raise Refused(url, f"Only http and https addresses are fetched, not {parts.scheme or 'this'}.")
    if "@" in parts.netloc:
        raise Refused(url, "An address with a user name in it is not fetched.")
    if port == 0:
        raise Refused(url, "Port 0 is no port.")
    host = _host(parts.hostname or "", url, bracketed="[" in parts.netloc)
    query = f"?{parts.query}" if parts.query else ""
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], _escaped(parts.path or "/") + _escaped(query))


def canonical_url(url: str) -> str:
    """The one spelling of an address: tracking parameters, fragment and default port gone, the rest as it is.

    Raises Refused for what is no web address. Idempotent.
    """
    target = parse_url(url)
    path, _, query = target.path.partition("?")
    path = re.sub(r"%[0-9a-fA-F]{2}", _unescaped, path)
    kept = [each for each in query.split("&") if each and not _TRACKING.fullmatch(each.partition("=")[0])]
    return Target(target.scheme, target.host, target.port, path + ("?" + "&".join(kept) if kept else "")).url


def declared_url(fetched: str, declared: str | None) -> str:
    """The address a page at `fetched` is known by: the one it declares as canonical if that is of the same site.

    Sites that differ only in a leading www, m, mobile or amp are the same. A page that declares the front page
    is known by its own address.
    """
    own = canonical_url(fetched)
    if not declared:
        return own
    try:
        other = parse_url(urljoin(fetched, declared.strip()))
    except (Refused, ValueError):
        return own
    if not same_site(other.url, own) or (other.path == "/" and parse_url(own).path != "/"):
        return own
    return canonical_url(other.url)


def same_site(one: str, other: str) -> bool:
    """Whether two addresses have the same host, a leading www, m, mobile or amp left aside."""
    return _VARIANTS.sub("", parse_url(one).host, count=1) == _VARIANTS.sub("", parse_url(other).host, count=1)


def _host(name: str, url: str, *, bracketed: bool) -> str:
    if bracketed:
        try:
            return str(IPv6Address(name) if "%" not in name else IPv6Address(""))
        except AddressValueError:
            raise Refused(url, f"[{name}] is no IPv6 address.") from None
    name = _ascii(name, url).lower().removesuffix(".")
    labels = name.split(".")
    if (
        not name
        or len(name) > 253
        or not all(re.fullmatch(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", label) for label in labels)
    ):
        raise Refused(url, f"{name or 'Nothing'!r} is no host name.")
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):
        try:
            return str(IPv4Address(name))
        except AddressValueError:
            raise Refused(url, f"{name} is no IPv4 address; write it as four decimal numbers.") from None
    return name


def _ascii(name: str, url: str) -> str:
    if name.isascii():
        return name
    import idna

    try:
        return idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        raise Refused(url, f"{name!r} is no host name.") from None


def _escaped(text: str) -> str:
    """What is not ASCII percent-encoded as UTF-8; what is already encoded stays."""
    return "".join(
        each if each.isascii() else "".join(f"%{byte:02X}" for byte in each.encode("utf-8", "replace")) for each in text
    )


def _unescaped(found: re.Match[str]) -> str:
    """An escaped letter, digit or one of -._~ as itself (RFC 3986, 6.2.2.2), another escape in capitals."""
    character = chr(int(found[0][1:], 16))
    return character if re.fullmatch(r"[A-Za-z0-9._~-]", character) else found[0].upper()
