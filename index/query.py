"""What retrieval is asked: a question, the parts it joins, and what it says of publishers and days."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the question that asks for evidence of its own; with publishers, for theirs."""

    text: str
    publishers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it is searched for. Nothing in it excludes an article; that is what a `Filter` is for.

    `parts`: none for a question that asks one thing. `publishers` and `days` (of publication, UTC) are those the
    question names: their articles are favoured.
    """

    text: str
    parts: tuple[Part, ...] = ()
    publishers: tuple[str, ...] = ()
    days: tuple[date, ...] = ()
