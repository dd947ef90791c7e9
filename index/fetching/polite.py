"""Fetching as a good guest: robots.txt is asked first, and one host is not asked twice in a breath."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from index.errors import BadArticle, FetchFailed
from index.fetching.fetch import AGENT, Net
from index.fetching.fetched import NEVER_SEEN, Fetched, Validators
from index.fetching.urls import Target

if TYPE_CHECKING:
    from protego import Protego

RULES_KEPT_S = 6 * 3600  # RFC 9309 lets a robots.txt be kept for a day
REFUSAL_KEPT_S = 600
LONGEST_DELAY_S = 30  # a Crawl-delay beyond this is cut to it


class Fetcher:
    """Fetches addresses, politely. It remembers each host's robots.txt and when it was last asked; not thread-safe.

    `delay_s` is the least time between two requests to one host, or what its robots.txt asks for if that is more.
    """

    def __init__(self, net: Net, delay_s: float = 1.0, sleep: Callable[[float], object] = time.sleep) -> None:
        self._net = net
        self._delay_s = delay_s
        self._sleep = sleep
        self._rules: dict[str, tuple[float, Protego | FetchFailed]] = {}
        self._asked_at: dict[str, float] = {}

    @property
    def largest(self) -> int:
        """The most bytes that content may have, once unpacked."""
        return self._net.limits.size

    def fetch(self, url: str, validators: Validators = NEVER_SEEN) -> Fetched | None:
        """The content of an address; None when it has not changed. Raises Refused, FetchFailed and Withdrawn."""
        return self._net.get(url, validators, self._ask_leave)

    def _ask_leave(self, target: Target) -> None:
        rules = self._robots(target)
        if isinstance(rules, FetchFailed):
            raise FetchFailed(
                target.url,
                f"{rules.source} cannot be read, so nothing is fetched: {rules.reason}",
                retry_after=rules.retry_after,
            )
        if not rules.can_fetch(target.url, AGENT):
            raise BadArticle(target.url, f"The robots.txt of {target.host} does not allow it.")
        self._wait(target.host, min(rules.crawl_delay(AGENT) or 0, LONGEST_DELAY_S))

    def _wait(self, host: str, asked_for: float = 0) -> None:
        due = self._asked_at.get(host, -LONGEST_DELAY_S) + max(self._delay_s, asked_for)
        if (left := due - time.monotonic()) > 0:
            self._sleep(left)
        self._asked_at[host] = time.monotonic()

    def _robots(self, target: Target) -> "Protego | FetchFailed":
        """The rules of the target's origin, or why they cannot be had (RFC 9309, 2.3.1)."""
        origin = Target(target.scheme, target.host, target.port, "/robots.txt")
        known = self._rules.get(origin.url)
        if known is None or known[0] < time.monotonic():
            rules = self._fetched_rules(origin)
            kept = REFUSAL_KEPT_S if isinstance(rules, FetchFailed) else RULES_KEPT_S
            known = self._rules[origin.url] = (time.monotonic() + kept, rules)
        return known[1]

    def _fetched_rules(self, origin: Target) -> "Protego | FetchFailed":
        from protego import Protego

        try:
            fetched = self._net.get(origin.url, before=lambda hop: self._wait(hop.host))
            return Protego.parse(fetched.content.decode("utf-8", "replace") if fetched else "")
        except FetchFailed as error:
            # A host without a robots.txt allows everything; one that cannot answer allows nothing.
            return Protego.parse("") if error.status and error.status < 500 and error.status != 429 else error
