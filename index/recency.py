"""How much newer counts: a weight that halves with age, as one term of a passage's score."""

from dataclasses import dataclass
from datetime import datetime

UNKNOWN_AGE = 0.5  # an article without a date is neither new nor old
SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Recency:
    """A wish for news: ages are counted back from `at` and halve an article's weight every `half_life_days`."""

    at: datetime
    half_life_days: float


def recency_weight(published_at: datetime | None, recency: Recency | None) -> float:
    """1 for what is as new as `recency.at` or newer, halved with every half-life of age; 0 when there is no wish.

    An unknown date is in the middle, so that it neither wins nor loses by it.
    """
    if recency is None:
        return 0.0
    if published_at is None:
        return UNKNOWN_AGE
    days = (recency.at - published_at).total_seconds() / SECONDS_A_DAY
    return float(0.5 ** (max(0.0, days) / recency.half_life_days))
