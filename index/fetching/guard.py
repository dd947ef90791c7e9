"""What may be dialled: public addresses, and those a setting allows. The address that was checked is the one dialled.

A name is resolved here, once, for each connection; all its addresses must be permitted, and the socket is opened to
one of them by number. So a name that answers differently the second time (DNS rebinding) gains nothing.
"""

import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from ssl import SSLContext
from typing import Any

import httpcore2

from index.errors import BadConfiguration
from index.fetching.urls import Refused

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Sequence[str]]  # host, port -> addresses; raises OSError

MOST_DIALS = 3  # addresses of one name that are tried
# Beyond what ipaddress knows as not global: 6to4 relays, and Azure's metadata host, which has a public address.
_NOT_PUBLIC_4 = (ip_network("192.88.99.0/24"), ip_network("168.63.129.16/32"))
_GLOBAL_6 = IPv6Network("2000::/3")
# IETF protocol assignments (Teredo is one), documentation, 6to4.
_NOT_PUBLIC_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts and networks that may be dialled although they are not public."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()


NOTHING_PRIVATE = Allowed()


def allowed_from(entries: Iterable[str]) -> Allowed:
    """Read host names, addresses and networks such as 10.1.0.0/16. Raises BadConfiguration for a broken network."""
    hosts, networks = set(), []
    for entry in entries:
        try:
            networks.append(ip_network(entry))
        except ValueError as error:
            if "/" in entry or ":" in entry:
                raise BadConfiguration(f"DATELINE_FETCH_ALLOW_PRIVATE has {entry!r}: {error}.") from None
            hosts.add(entry.lower().removesuffix("."))
    return Allowed(frozenset(hosts), tuple(networks))


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet. An IPv4 address wrapped in IPv6 counts only as NAT64 does it."""
    if isinstance(address, IPv4Address):
        special = address.is_multicast or address.is_reserved or any(address in each for each in _NOT_PUBLIC_4)
        return address.is_global and not special
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address.is_global and address in _GLOBAL_6 and not any(address in each for each in _NOT_PUBLIC_6)


def permitted(host: str, addresses: Sequence[str], allowed: Allowed) -> tuple[Address, ...]:
    """The addresses of a host, when every one of them may be dialled. Raises Refused."""
    found = tuple(ip_address(each.partition("%")[0]) for each in addresses)
    if not found:
        raise Refused(host, "The name has no address.")
    for address in found:
        inside = any(address in network for network in allowed.networks if network.version == address.version)
        if not (is_public(address) or inside or host in allowed.hosts):
            raise Refused(
                host,
                f"It leads to {address}, which is not a public address. If it is yours, allow it with "
                "DATELINE_FETCH_ALLOW_PRIVATE.",
            )
    return found


def resolve(host: str, port: int) -> list[str]:
    """The system's addresses of a name, in the system's order. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class GuardedBackend(httpcore2.NetworkBackend):
    """Opens connections for httpcore: resolves, checks, dials what was checked, and ends all at one deadline.

    `deadline` is a moment of `time.monotonic`; no read or write goes past it, however slowly bytes drip.
    """

    def __init__(
        self, allowed: Allowed, resolver: Resolver, dialler: httpcore2.NetworkBackend, deadline: float
    ) -> None:
        self._allowed = allowed
        self._resolver = resolver
        self._dialler = dialler
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to a permitted address of the host. Raises Refused, and httpcore's ConnectError and timeouts."""
        try:
            addresses = permitted(host, _numeric(host) or self._resolver(host, port), self._allowed)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} cannot be resolved ({error})") from error
        failed: Exception | None = None
        for address in addresses[:MOST_DIALS]:
            try:
                left = _left(self._deadline, timeout)
                stream = self._dialler.connect_tcp(str(address), port, left, local_address, socket_options)
                return _TimedStream(stream, self._deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        assert failed is not None
        raise failed


class _TimedStream(httpcore2.NetworkStream):
    """A stream whose every operation ends by the deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _numeric(host: str) -> list[str]:
    try:
        return [str(ip_address(host))]
    except ValueError:
        return []


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time for the whole request is over")
    return left if timeout is None else min(left, timeout)
