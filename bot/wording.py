"""The sentences Dateline says in its own name, in the language of the question (`wording.toml`)."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from bot.answer import Question
from bot.language import language_of
from bot.planted import is_planted
from bot.premise import unsaid
from bot.when import Period
from index import Article, Evidence, stems

NAMED_WORDS = 6


def nothing_found(
    question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float], outdated: Period | None = None
) -> str:
    """Why there is no answer: what was looked for, and the nearest article the archive has.

    `outdated` is the period asked about, where the evidence is of another one.
    """
    texts = _texts(question.text)
    if not evidence:
        return texts["filtered" if question.filter else "empty"]
    words = _looked_for(question.text, weights)
    if not words:
        return texts["wordless"]
    said = texts["not_found"].format(words=", ".join(words))
    if outdated is not None:
        said = _not_then(texts, outdated) + "."
    if amiss := unsaid(question.text, evidence):
        said += " " + texts["unsaid"].format(words=", ".join(f"“{word}”" for word in amiss))
    nearest = next((found.article for found in evidence if not is_planted(found.article.title)), None)
    if nearest is None:
        return said
    where = ", ".join(part for part in (nearest.publisher, _date(nearest.published_at, texts)) if part)
    return f"{said} {texts['nearest'].format(title=nearest.title, where=f' ({where})' if where else '')}"


def from_another_time(question: Question, period: Period) -> str:
    """The warning before sentences that are not of the time asked about."""
    texts = _texts(question.text)
    return _not_then(texts, period) + texts["other_time"]


def by_whom(question: Question, article: Article) -> str:
    """Who published an article, and when."""
    date = _date(article.published_at, _texts(question.text))
    return ", ".join(part for part in (article.publisher or article.title, date) if part)


def sources_differ(question: Question, sides: Sequence[str], *, in_time: bool) -> str:
    """That sources differ, and what each of them has; `in_time` when it may have changed between them."""
    return _texts(question.text)["differ_in_time" if in_time else "differ"].format(sides="; ".join(sides))


def _not_then(texts: Mapping[str, str], period: Period) -> str:
    return texts["not_then"].format(words=period.words[0].lower() + period.words[1:])


def _texts(question: str) -> Mapping[str, str]:
    return _languages()[language_of(question)]


@cache
def _languages() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "wording.toml").read_text("utf-8"))


def _date(time: datetime | None, texts: Mapping[str, str]) -> str | None:
    return time.strftime(texts["date"]) if time else None


def _looked_for(question: str, weights: Mapping[str, float]) -> list[str]:
    """The question's own words, without the function words, in its order; the rarest when there are many."""
    words: dict[str, float] = {}
    for word in question.split():
        plain = word.strip("?!.,;:“”\"'()[]")
        weight = max((weights.get(stem, 0.0) for stem in stems(plain)), default=0.0)
        if plain and weight > 0:
            words[plain] = weight
    kept = sorted(words, key=lambda word: -words[word])[:NAMED_WORDS]
    return [word for word in words if word in kept]
