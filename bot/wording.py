"""The sentences Dateline says in its own name."""

from collections.abc import Mapping, Sequence

from bot.answer import Question
from bot.when import Period
from index import Evidence, stems

NAMED_WORDS = 6


def nothing_found(question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]) -> str:
    """Why there is no answer: what was looked for, and the nearest article the archive has."""
    if not evidence:
        why = "that pass these filters." if question.filter else "yet. Add some with `dateline ingest PATH`."
        return f"I can't answer this: the archive has no articles {why}"
    words = _looked_for(question.text, weights)
    if not words:
        return "I found nothing to look for in this question. Ask in words, for example: Who is the mayor?"
    text = f"I found no answer to this in the archive. I looked for: {', '.join(words)}."
    nearest = evidence[0].article
    where = ", ".join(
        part
        for part in (nearest.publisher, nearest.published_at.strftime("%B %-d, %Y") if nearest.published_at else None)
        if part
    )
    return f"{text} The nearest article is “{nearest.title}”{f' ({where})' if where else ''}."


def from_another_time(period: Period) -> str:
    """The warning before sentences that are not of the time asked about."""
    words = period.words[0].lower() + period.words[1:]
    asked = f"in the articles of the time you asked about (“{words}”)"
    return f"I found no answer {asked}; what follows is of another time."


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
