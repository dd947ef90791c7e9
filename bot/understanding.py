"""What a question means for the search: its standalone text, the time it names, the publishers it favours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.answer import Question
from bot.changes import asks_what_changed, changed, without_change
from bot.confidence import answerable
from bot.headlines import asks_for_news, without_asking
from bot.parts import as_query
from bot.publishers import named
from bot.ranking import rank
from bot.reranking import rerank
from bot.when import Period, narrowed, recency, today, understand_time, without_newest, without_time
from index import Archive, BadRequest, Evidence, Filter, Recency, query_words

CARRIED = 0.3  # a word that a follow-up leans on says what it is about, less what it asks
MOST_EARLIER = 10  # questions back; what is older is another matter


@dataclass(frozen=True, slots=True)
class Understood:
    """A question as it is searched.

    `question` has the standalone text, of which `own_words` are the stems that were asked. Its filter is narrowed to
    `period` where the question names one; `wide` is the filter without it. `publishers` are those the question names,
    `as_of` the moment it is answered at.
    """

    question: Question
    own_words: frozenset[str]
    wide: Filter
    period: Period | None
    publishers: tuple[str, ...]
    recency: Recency | None
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """The evidence of a question, the stems it was looked for by, and the question as it was searched.

    `missed` is the period that the question names when its own articles hold no answer and others were taken;
    `outdated`, that they must not answer: who asks what happened this week is not served by what happened in another.
    """

    question: Question
    evidence: tuple[Evidence, ...]
    weights: dict[str, float]
    missed: Period | None
    outdated: bool = False


def earlier_questions(question: Question, archive: Archive) -> tuple[str, ...]:
    """The questions before this one, newest last: those of its stored conversation, then those it brings itself.

    Raises BadRequest when no conversation has its id.
    """
    stored: tuple[str, ...] = ()
    if question.conversation_id is not None:
        stored = archive.answers.questions(question.conversation_id, question.owner)
        if not stored:
            raise BadRequest(
                "conversation_id",
                f"There is no conversation {question.conversation_id!r}. Leave conversation_id out to begin a new one.",
            )
    return (*stored, *question.earlier)[-MOST_EARLIER:]


def understand(
    question: Question, searched: str, archive: Archive, publishers: Sequence[str], now: datetime
) -> Understood:
    """What a question means when it is asked at `now`; `searched` is its standalone text."""
    own = frozenset(query_words(question.text))
    question = replace(question, text=searched)
    meant = understand_time(searched, question.filter.as_of or now)
    favoured = named(searched, publishers)
    if len(favoured) > 1:  # what each of them reported is joined: a date belongs to one of them, and none is the newest
        meant = replace(meant, period=None, freshness="any")
    wide = narrowed(question.filter, replace(meant, period=None))
    as_of = wide.as_of or now
    wish = recency(meant, as_of)
    if wish is not None and (newest := archive.newest(as_of)) is not None:
        wish = replace(wish, at=newest)  # in an archive that ended long ago, its last articles are the new ones
    narrow = replace(question, filter=narrowed(wide, meant), recency=wish)
    return Understood(narrow, own, wide, meant.period if narrow.filter != wide else None, favoured, wish, as_of)


def search(understood: Understood, archive: Archive) -> Found:
    """The best evidence. When the named period holds no answer, all articles are searched, newer ones no better."""
    question = understood.question
    rarity = archive.word_weights(question.text)
    weights = {word: rarity[word] * (1 if word in understood.own_words else CARRIED) for word in rarity}
    weights = without_asking(question.text, weights)
    if asks_for_news(question.text, understood.publishers):
        return _news(understood, weights, archive)
    if understood.recency is not None:
        said = set(query_words(without_newest(question.text)))
        weights = {word: weight for word, weight in weights.items() if word in said} or weights
    # The filter has seen to the time: an article of March need not say "March".
    timeless = set(query_words(without_time(question.text))) if understood.period else set(weights)
    others = {word: weight for word, weight in weights.items() if word in timeless} or weights
    found = _search(understood, question, others, archive)
    if asks_what_changed(question.text) and (news := changed(found, archive)):
        return Found(question, news, without_change(weights), None)
    if understood.period is None:
        return Found(question, found, weights, None)
    if _answers(question, found, others):
        return Found(question, found, others, None)
    anywhere = replace(question, filter=understood.wide, recency=None)
    other = _search(understood, anywhere, weights, archive)
    if not found or _answers(anywhere, other, weights):
        outdated = bool(found) and understood.period.relative
        return Found(anywhere, other, weights, understood.period, outdated)
    return Found(question, found, others, None)


def _news(understood: Understood, weights: dict[str, float], archive: Archive) -> Found:
    """The newest reports of the time and the publishers that the question names; of any time where that has none."""
    question, wide = understood.question, understood.wide
    period = understood.period or today(question.text, understood.as_of)
    narrow = question.filter
    if understood.period is None and period is not None:
        narrow = replace(wide, since=wide.since or period.since)
    named = wide.publishers or understood.publishers
    found = archive.latest(question.k, replace(narrow, publishers=named))
    missed = None if found else period
    if missed is not None:
        found = archive.latest(question.k, replace(wide, publishers=named))
    return Found(replace(question, for_news=True), tuple(found), weights, missed)


def _search(
    understood: Understood, question: Question, weights: dict[str, float], archive: Archive
) -> tuple[Evidence, ...]:
    query = replace(as_query(question.text, understood.publishers), recency=question.recency)
    found = archive.search(query, question.k, question.filter)
    if archive.reranker is None:
        return tuple(found)
    asked = question.text
    if understood.period is not None and (understood.period.relative or question.filter != understood.wide):
        asked = without_time(asked)  # no sentence says "last week", and the filter has seen to the time
    return rerank(question, asked, found, weights, archive.reranker)


def _answers(question: Question, found: Sequence[Evidence], weights: dict[str, float]) -> bool:
    return answerable(question.text, rank(question.text, found, weights, question.recency), weights)
