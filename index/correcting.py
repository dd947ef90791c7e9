"""Which article a notice of correction corrects: found when either of the two is stored, and kept in the truth.

The corrected article is by the same publisher, was published before the notice, on a day that the notice names if it
names any, and says what the notice takes back; of several, it is the one that shares most words with the notice.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from index.article import Article, Correction
from index.reading.corrections import days_named, is_notice, is_of_note, quotable, says, taken_back, without
from index.tables import corrections, versions

LATEST_NOTICE = timedelta(days=60)  # after the article
LATEST_UNDATED_NOTICE = timedelta(days=14)  # when the notice does not name the day
A_DAY = timedelta(days=1)  # a publisher's day need not be UTC's
LEAST_WORDS = 4  # of five letters and more, that a notice shares with the article


def link(connection: Connection, article: Article) -> None:
    """Find what an article that was stored corrects, or which notices correct it."""
    unlink(connection, article.id)
    if article.publisher is None or article.published_at is None:
        return
    if is_notice(article.title, article.body):
        _link_notice(connection, article.id)
        return
    rows = select(versions.c.article_id, versions.c.title, versions.c.body).where(
        versions.c.current,
        versions.c.publisher == article.publisher,
        versions.c.published_at.between(article.published_at, article.published_at + LATEST_NOTICE),
        versions.c.correction.is_not(None),
        versions.c.article_id != article.id,
    )
    for row in connection.execute(rows).all():
        if is_notice(row.title, row.body):
            _link_notice(connection, row.article_id)


def unlink(connection: Connection, article_id: str) -> None:
    """Forget what an article corrects and what corrects it."""
    either = (corrections.c.article_id == article_id) | (corrections.c.notice_id == article_id)
    connection.execute(delete(corrections).where(either))


def corrected(
    connection: Connection, article_ids: Collection[str], as_of: datetime | None = None
) -> dict[str, Correction]:
    """The correction of each of these articles that a notice corrects; with `as_of`, if it was out then."""
    rows = _CORRECTED
    if as_of is not None:
        rows = rows.where(versions.c.published_at <= as_of)
    found: dict[str, Correction] = {}
    for row in connection.execute(rows, {"article_ids": list(article_ids)}):
        values = tuple(json.loads(row.taken_back))
        if row.article_id in found:
            values = (*found[row.article_id].taken_back, *values)
        found[row.article_id] = Correction(row.correction, row.published_at, row.notice_id, values)
    return found


_CORRECTED = (
    select(corrections.c.article_id, corrections.c.notice_id, corrections.c.taken_back)
    .add_columns(versions.c.correction, versions.c.published_at)
    .join(versions, (versions.c.article_id == corrections.c.notice_id) & versions.c.current)
    .where(corrections.c.article_id.in_(bindparam("article_ids", expanding=True)))
    .order_by(versions.c.published_at)
)


def own_note(article: Article) -> Correction | None:
    """What an article says of its own mistakes; a notice speaks of another's."""
    if article.correction is None or is_notice(article.title, article.correction):
        return None
    return Correction(article.correction, article.modified_at)


def as_corrected(article: Article, correction: Correction | None) -> Article:
    """An article whose title no longer says what was taken back: a headline is neither quoted nor proves anything."""
    title = article.title
    for value in () if correction is None else correction.taken_back or taken_back(correction.text):
        title = without(title, value)
    return article if title == article.title else replace(article, title=title)


def mistakes(article: Article, sentence: str) -> tuple[str, ...]:
    """The wrong figures and names that a sentence takes back, where it is of an article's note or of a notice."""
    return taken_back(sentence) if is_of_note(sentence, article.title, article.correction) else ()


def quoted_as_one(article: Article, sentences: Sequence[str]) -> list[tuple[int, int]]:
    """The first and the last sentence of each run that is quoted as one: a mistake only with what sets it right."""
    of_note = [is_of_note(sentence, article.title, article.correction) for sentence in sentences]
    runs, at = [], 0
    for noted, group in groupby(of_note):
        length = len(list(group))
        own = quotable(sentences[at : at + length]) if noted else [(place, place) for place in range(length)]
        runs += [(at + first, at + last) for first, last in own]
        at += length
    return runs


def _link_notice(connection: Connection, notice_id: str) -> None:
    connection.execute(delete(corrections).where(corrections.c.notice_id == notice_id))
    rows = select(versions).where(versions.c.article_id == notice_id, versions.c.current)
    notice = connection.execute(rows).one()
    values = taken_back(notice.body)
    best = max(_candidates(connection, notice), key=lambda each: _in_common(notice, each), default=None)
    if best is not None and _in_common(notice, best) >= LEAST_WORDS:
        said = [value for value in values if says(f"{best.title}\n{best.body}", value)]
        row = {"article_id": best.article_id, "notice_id": notice_id, "taken_back": json.dumps(said)}
        connection.execute(insert(corrections).values(row))


def _candidates(connection: Connection, notice: Any) -> list[Any]:
    """Rows of articles that say something of what a notice takes back; `notice` is its row of versions."""
    days, values = days_named(notice.body), taken_back(notice.body)
    since = notice.published_at - (LATEST_NOTICE if days else LATEST_UNDATED_NOTICE)
    rows = select(versions.c.article_id, versions.c.title, versions.c.body, versions.c.published_at).where(
        versions.c.current,
        versions.c.publisher == notice.publisher,
        versions.c.published_at.between(since, notice.published_at),
        versions.c.article_id != notice.article_id,
    )
    found = []
    for row in connection.execute(rows):
        near = [(row.published_at + shift).timetuple()[1:3] for shift in (-A_DAY, 0 * A_DAY, A_DAY)]
        in_time = not days or any(tuple(day) in near for day in days)
        if in_time and any(says(f"{row.title}\n{row.body}", value) for value in values):
            found.append(row)
    return found


def _in_common(notice: Any, article: Any) -> int:
    own, other = ({word for word in each.split() if len(word) > 4} for each in (notice.body, article.body))
    return len(own & other)
