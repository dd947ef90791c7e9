"""The guard: no address that is not public is dialled, however it is written, resolved or redirected to.

Nothing here can reach such an address: the resolver is a table, and the dialler fails the test on any dial
outside loopback.
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import BadConfiguration
from index.errors import FetchFailed
from index.fetching.fetch import Net
from index.fetching.guard import allowed_from, is_public, permitted
from index.fetching.urls import Refused, canonical_url, declared_url, parse_url
from tests.news_server import LoopbackOnly, NewsServer, Reply, local_net, news_server

PUBLIC = "93.184.216.34"
NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "inside.example": ["10.0.0.5"],
    "metadata.google.internal": ["169.254.169.254"],
    "mixed.example": [PUBLIC, "192.168.1.1"],
    "mixed6.example": [PUBLIC, "fd00::1"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "nothing.example": [],
    "linklocal.example": ["fe80::1%eth0"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "xn--mnchen-3ya.example": ["172.16.0.1"],
    "trailing.example": ["127.0.0.1"],
}


def table(host: str, port: int) -> Sequence[str]:
    return NAMES[host]


FORBIDDEN = [
    # loopback and its spellings
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.255.255.254:8080/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.0.0.01/",
    "http://127.0.0.1./",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://localhost/",
    "http://LOCALHOST:80/",
    "http://localhost./",
    "http://trailing.example./",
    # letters and digits that become ASCII
    "http://１２７.０.０.１/",
    "http://①②⑦.⓪.⓪.①/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://127。0。0。1/",
    "http://münchen.example/",
    "http://%31%32%37.0.0.1/",
    # private, shared, link-local, multicast, reserved
    "http://10.1.2.3/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://169.254.1.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://192.88.99.1/",
    "http://[fc00::1]/",
    "http://[fd12:3456:789a::1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[100::1]/",
    # IPv4 in IPv6
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[::ffff:0:7f00:1]/",
    # cloud metadata
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://0xa9fea9fe/",
    "http://metadata.google.internal/",
    # what names resolve to
    "http://inside.example/",
    "http://mixed.example/",
    "http://mixed6.example/",
    "http://mapped.example/",
    "http://linklocal.example/",
    "http://nothing.example/",
    "http://127.0.0.1.nip.example/",
    # who the host is
    "http://good.example@127.0.0.1/",
    "http://good.example:80@127.0.0.1:80/",
    "http://127.0.0.1:80@good.example/",
    "http://good.example%40127.0.0.1/",
    "http://good.example\\@127.0.0.1/",
    "http://127.0.0.1\\.good.example/",
    "http://127.0.0.1#@good.example/",
    "http://127.0.0.1?@good.example/",
    "http:127.0.0.1",
    "http:///127.0.0.1/",
    "http:////127.0.0.1/",
    "http://good.example\t.evil/",
    "http://exa\nmple.com/",
    "http://good.example:0/",
    "http://good.example:99999/",
    "http://..example/",
    "http:// /",
    # other schemes
    "file:///etc/passwd",
    "ftp://good.example/",
    "gopher://127.0.0.1:6379/_INFO",
    "dict://127.0.0.1:11211/",
    "javascript://good.example/%0aalert(1)",
    "unix:///var/run/docker.sock",
    "//127.0.0.1/",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_a_forbidden_address_is_refused_and_nothing_is_dialled(url: str) -> None:
    dialler = LoopbackOnly()
    with pytest.raises(Refused):
        Net(resolver=table, dialler=dialler).get(url)
    assert dialler.dialled == []


@pytest.fixture
def news() -> Iterator[NewsServer]:
    with news_server() as server:
        yield server


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "//169.254.169.254/",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "http://10.0.0.1/",
        "http://inside.example/",
        "http://mixed.example/",
        "http://user@127.0.0.1/",
        "file:///etc/passwd",
        "ftp://good.example/",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "data:text/html,x",
    ],
)
def test_a_redirect_is_checked_like_an_address_of_its_own(news: NewsServer, location: str, status: int) -> None:
    news.pages["/"] = Reply(status=status, headers={"Location": location})
    dialler = LoopbackOnly()
    with pytest.raises(Refused):
        Net(allowed_from(["127.0.0.1"]), resolver=table, dialler=dialler).get(news.url)
    assert dialler.dialled == ["127.0.0.1"]


class Recorder(httpcore2.NetworkBackend):
    """Dials nothing: it notes what it was asked for and says that nobody is there."""

    def __init__(self) -> None:
        self.dialled: list[str] = []

    def connect_tcp(self, host: str, *_: object, **__: object) -> httpcore2.NetworkStream:
        self.dialled.append(host)
        raise httpcore2.ConnectError("nobody is there")


def test_the_address_that_was_checked_is_the_one_that_is_dialled() -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"], ["169.254.169.254"]])
    dialler = Recorder()
    net = Net(resolver=lambda host, port: next(answers), dialler=dialler)
    with pytest.raises(FetchFailed, match="nobody is there"):
        net.get("https://rebinding.example/")
    assert dialler.dialled == [PUBLIC]  # resolved once: the second answer was not even asked for
    with pytest.raises(Refused):
        net.get("https://rebinding.example/")
    assert dialler.dialled == [PUBLIC]


def test_a_name_that_turns_private_between_two_hops_is_refused(news: NewsServer) -> None:
    host = f"rebinding.example:{news.url.rpartition(':')[2]}"
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    news.pages["/"] = Reply(status=302, headers={"Location": f"http://{host}/inside"})
    dialler = LoopbackOnly()
    net = Net(allowed_from(["127.0.0.1"]), resolver=lambda host, port: next(answers), dialler=dialler)
    with pytest.raises(Refused):
        net.get(f"http://{host}/")
    assert dialler.dialled == ["127.0.0.1"]
    assert news.paths() == ["/"]


def test_every_address_of_a_public_name_is_tried_until_one_answers() -> None:
    dialler = Recorder()
    net = Net(resolver=lambda host, port: ["2606:4700::1111", PUBLIC], dialler=dialler)
    with pytest.raises(FetchFailed):
        net.get("http://two.example/")
    assert dialler.dialled == ["2606:4700::1111", PUBLIC]


def test_a_name_that_cannot_be_resolved_is_a_failure_and_no_refusal() -> None:
    def broken(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(FetchFailed, match="cannot be resolved"):
        Net(resolver=broken, dialler=LoopbackOnly()).get("http://absent.example/")


def test_what_a_setting_allows_can_be_reached_and_nothing_beside_it(news: NewsServer) -> None:
    news.put("/", "<p>hello</p>")
    fetched = local_net().get(news.url)
    assert fetched is not None
    assert fetched.content == b"<p>hello</p>"
    with pytest.raises(Refused, match=r"10\.0\.0\.1.*DATELINE_FETCH_ALLOW_PRIVATE"):
        local_net().get("http://10.0.0.1/")


def test_private_addresses_are_allowed_by_network_and_by_name() -> None:
    allowed = allowed_from(["10.1.0.0/16", "Intranet.example.", "fd00::/8"])
    assert permitted("a.example", ["10.1.2.3", "fd00::1"], allowed)
    assert permitted("intranet.example", ["192.168.0.1"], allowed)
    for host, address in [("a.example", "10.2.0.1"), ("a.example", "192.168.0.1"), ("x.intranet.example", "10.9.9.9")]:
        with pytest.raises(Refused):
            permitted(host, [address], allowed)
    with pytest.raises(BadConfiguration, match="has host bits set"):
        allowed_from(["10.1.2.3/16"])


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_as_public_in_nat64_and_never_in_another_wrapping(address: IPv4Address) -> None:
    number = int(address)
    assert is_public(IPv6Address(int(IPv6Address("64:ff9b::")) | number)) == is_public(address)
    for wrapping in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b:1::"):
        assert not is_public(IPv6Address(int(IPv6Address(wrapping)) | number))
    assert not is_public(IPv6Address(int(IPv6Address("2002::")) | number << 80))


def test_public_addresses_are_public() -> None:
    for address in (PUBLIC, "1.1.1.1", "2606:4700::1111", "2a00:1450::1", "64:ff9b::101:101"):
        assert is_public(ip_address(address)), address


# --- addresses made canonical --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://Paper.Example:443/World/Story#top", "https://paper.example/World/Story"),
        ("http://paper.example", "http://paper.example/"),
        ("https://paper.example/a?utm_source=x&id=7&utm_medium=rss&fbclid=abc", "https://paper.example/a?id=7"),
        ("https://paper.example/a?gclid=1", "https://paper.example/a"),
        ("https://paper.example/%7Ejane/caf%c3%a9", "https://paper.example/~jane/caf%C3%A9"),
        ("https://paper.example/café?q=è", "https://paper.example/caf%C3%A9?q=%C3%A8"),
        ("https://münchen.example./", "https://xn--mnchen-3ya.example/"),
        ("https://paper.example:8443/a?b=1&a=2", "https://paper.example:8443/a?b=1&a=2"),
        ("https://paper.example/a?id=%2Futm", "https://paper.example/a?id=%2Futm"),
    ],
)
def test_one_article_has_one_address(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_canonical_address_stays_as_it_is(path: str, query: str) -> None:
    try:
        once = canonical_url(f"https://paper.example/{path}?{query}")
    except Refused:
        return
    assert canonical_url(once) == once
    assert once.isascii()
    assert parse_url(once).host == "paper.example"


@pytest.mark.parametrize(
    ("fetched", "declared", "known_as"),
    [
        ("https://paper.example/a?page=2", "https://paper.example/a", "https://paper.example/a"),
        ("https://paper.example/a/amp", "/a", "https://paper.example/a"),
        ("https://amp.paper.example/a", "https://www.paper.example/a", "https://www.paper.example/a"),
        ("http://m.paper.example/a", "https://paper.example/a?utm_source=m", "https://paper.example/a"),
        ("https://thief.example/a", "https://paper.example/a", "https://thief.example/a"),
        ("https://jane.blogs.example/a", "https://blogs.example/a", "https://jane.blogs.example/a"),
        ("https://paper.example/a", "https://paper.example/", "https://paper.example/a"),
        ("https://paper.example/a", "javascript:alert(1)", "https://paper.example/a"),
        ("https://paper.example/a", "http://[", "https://paper.example/a"),
        ("https://paper.example/a", None, "https://paper.example/a"),
    ],
)
def test_a_page_is_known_by_the_address_it_declares_only_within_its_own_site(
    fetched: str, declared: str | None, known_as: str
) -> None:
    assert declared_url(fetched, declared) == known_as
