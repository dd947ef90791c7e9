"""What answers cost: the price of a model's tokens, what was spent today, and the limit of a day."""

import re
import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from bot.answer import Usage
from index import BadConfiguration, DatelineError

TABLE = Path(__file__).parent / "prices.toml"
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")  # gpt-6-luna-2026-09-22 is gpt-6-luna


class SpendingLimitReached(DatelineError):
    """What may be spent on answers today is spent."""


class Account(Protocol):
    """Where spending is kept, so that a restart does not forget it."""

    def spend(self, usd: float, tokens: int, owner: str | None) -> None:
        """Take down what was spent now, and for whom."""
        ...

    def spent(self, since: datetime) -> float:
        """US dollars spent since a moment."""
        ...


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens: sent, read from the provider's cache, written to it, answered."""

    sent: float
    cached: float
    stored: float
    written: float

    def of(self, usage: Usage) -> float:
        """What so many tokens cost."""
        plain = max(0, usage.prompt_tokens - usage.cached_tokens - usage.stored_tokens)
        dollars = (
            plain * self.sent
            + usage.cached_tokens * self.cached
            + usage.stored_tokens * self.stored
            + usage.completion_tokens * self.written
        )
        return dollars / 1_000_000


FREE = Price(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Purse:
    """What a writer pays from for a question of `owner`, the id of an API key.

    `price` is None when it is not known, `daily_usd` when there is no limit.
    """

    price: Price | None = FREE
    daily_usd: float | None = None
    account: Account | None = None
    owner: str | None = None

    def check(self) -> None:
        """Raises SpendingLimitReached when today's limit is reached. A day is one of UTC."""
        if self.daily_usd is None or self.account is None:
            return
        spent = self.account.spent(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
        if spent >= self.daily_usd:
            raise SpendingLimitReached(
                f"Today's spending limit is reached: {spent:.2f} of {self.daily_usd:.2f} US dollars. Raise "
                "DATELINE_LLM_DAILY_USD, wait for the next day (UTC), or set DATELINE_WRITER=extractive."
            )

    def pay(self, usage: Usage) -> Usage:
        """The usage with what it cost, which is taken down."""
        cost = self.price.of(usage) if self.price is not None else None
        if usage.tokens and self.account is not None:
            self.account.spend(cost or 0.0, usage.tokens, self.owner)
        return replace(usage, cost_usd=cost)


def price(model: str) -> Price | None:
    """What a model's tokens cost by the table in `prices.toml`, None when it is not there."""
    return _table().get(_DATED.sub("", model))


def parse_price(text: str) -> Price:
    """The price in a setting: dollars for a million tokens, "sent written" or "sent cached written".

    Raises BadConfiguration.
    """
    try:
        sent, *cached, written = [float(each) for each in text.split()]
        if len(cached) > 1 or min(sent, written, *cached) < 0:
            raise ValueError
    except ValueError as error:
        raise BadConfiguration(
            f"DATELINE_LLM_PRICE is {text!r}. It must be two or three numbers, the US dollars for a million tokens: "
            "sent, read from the cache (may be left out), answered. For example: 0.10 0.01 0.50"
        ) from error
    return Price(sent, cached[0] if cached else sent, sent, written)


@cache
def _table() -> dict[str, Price]:
    with TABLE.open("rb") as file:
        return {model: Price(*numbers) for model, numbers in tomllib.load(file)["models"].items()}
