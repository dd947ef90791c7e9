"""What a question joins: it is cut where it passes from one thing to the next, each with the publishers it names."""

import re
from collections.abc import Sequence
from datetime import date

from bot.publishers import named
from index import Part, Query, parse_date, query_words

MOST_PARTS = 6
FEWEST_WORDS = 4  # content words; a shorter stretch stays with its neighbour

_CUTS = re.compile(
    r"(?:,|;|\?)\s+|\s+(?:while|whereas|and|but|compared (?:to|with)|in contrast to|before|after)\s+", re.I
)
_DAYS = re.compile(r"\b(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{1,2}(?:st|nd|rd|th)?,? \d{4})\b")


def as_query(question: str, publishers: Sequence[str]) -> Query:
    """The question with its parts, and the archive's publishers and the days it names."""
    cut = parts(question)
    return Query(
        question,
        tuple(Part(each, named(each, publishers)) for each in cut) if len(cut) > 1 else (),
        named(question, publishers),
        days(question),
    )


def parts(question: str) -> list[str]:
    """The stretches of a question that each ask for something: one for a plain question, at most MOST_PARTS."""
    joined: list[str] = []
    for stretch in filter(None, (cut.strip(" ,?") for cut in _CUTS.split(question))):
        if joined and (len(query_words(stretch)) < FEWEST_WORDS or len(query_words(joined[-1])) < FEWEST_WORDS):
            joined[-1] = f"{joined[-1]} {stretch}"
        else:
            joined.append(stretch)
    return joined[:MOST_PARTS]


def days(question: str) -> tuple[date, ...]:
    """The days a question names in full ("October 7, 2023"), in order."""
    return tuple(dict.fromkeys(day for found in _DAYS.findall(question) if (day := _day(found)) is not None))


def _day(text: str) -> date | None:
    try:
        moment = parse_date(text)
    except ValueError:
        return None  # a day no calendar has
    return moment.date() if moment else None
