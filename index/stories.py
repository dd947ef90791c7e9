"""Which articles tell one story: other reports of an event, and what follows within days.

When an article is stored, those of the days around it that share rare names with it are looked at; the closeness of the
vectors and the share of names decide. Vectors alone take two matches, or two lists of bargains, for one story, and
names alone two matches of one club. The constants are measured on articles that were labelled by hand
(`eval/bench/stories.py`; the figures are in eval/LOG.md). What is found never changes what an answer is made of.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from index.article import Copy, Story
from index.tables import embeddings, facts, passages, story_names, versions

AROUND = timedelta(days=7)  # between an article and the nearest one of its story
NAMES = 10  # that an article is known by
LEAD = 300  # words they are taken from; the title's count twice
READ = 8000  # characters that are looked at to tell names from other words
SAME_STORY = 0.44  # of closeness times the root of the mean share of names
SAME_STORIES = 0.6  # mean cosine of the members of two stories that an article of both makes one
SHARED_NAMES = 2  # at least; one alone is a town or a league
HOLDERS = 200  # of a name, the latest, that are looked at
CANDIDATES = 24  # whose vectors are read, those with the most and the rarest names first
OPENING = 3  # passages whose vectors stand for an article
MEMBERS = 6  # of a story, that the members of another are compared with
STORY_NAME = 16  # hexadecimal digits

_WORD = re.compile(r"[^\W\d_][\w-]*\w")
_WITHIN = re.compile(r"(?<=[\w,;’] )(?![a-z])[^\W\d_][\w-]*\w")  # not the first of a sentence
_CALENDAR = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december jan feb mar apr jun jul aug sep sept oct nov dec".split()
)


def join(connection: Connection, version_id: int) -> None:
    """Put a new current version, whose vectors are stored, into the story it belongs to, or begin a story with it."""
    row = connection.execute(select(versions).where(versions.c.id == version_id)).one()
    keys = _keys(row)
    related = _related(connection, row, keys)
    if related:
        story = related[0]
        for other in related[1:]:
            story = _joined(connection, story, other)
    else:
        story = _own(connection, row)
    connection.execute(update(versions).where(versions.c.id == version_id).values(story=story))
    if row.published_at is not None and keys:
        held = {"published_at": row.published_at, "version_id": version_id}
        connection.execute(insert(story_names), [{"key": key, **held} for key in keys])


def leave(connection: Connection, article_id: str) -> None:
    """No longer find an article's current version by its names."""
    for row in connection.execute(select(versions).where(versions.c.article_id == article_id, versions.c.current)):
        own = story_names.c.key.in_(_keys(row)) & (story_names.c.published_at == row.published_at)
        connection.execute(delete(story_names).where(own, story_names.c.version_id == row.id))


def catch_up(connection: Connection, limit: int) -> int:
    """Do this for current versions that an older Dateline stored, oldest first; how many were done."""
    rows = select(versions.c.id).where(versions.c.current, versions.c.story.is_(None)).order_by(versions.c.id)
    found = connection.scalars(rows.limit(limit)).all()
    for version_id in found:
        join(connection, version_id)
    return len(found)


def story_of(connection: Connection, article_id: str) -> Story | None:
    """The story of an article's current version and the other reports in it; None when there is no such article.

    A report that several outlets carry is there once, by the first of them.
    """
    own = versions.c.current & (versions.c.article_id == article_id)
    article = connection.execute(select(versions.c.story, versions.c.report).where(own)).one_or_none()
    if article is None or article.story is None:
        return None
    described = (versions.c.article_id, versions.c.publisher, versions.c.title, versions.c.url, versions.c.published_at)
    rows = select(versions.c.report, *described).where(versions.c.current, versions.c.story == article.story)
    copies = sorted(((Copy(*row), report) for report, *row in connection.execute(rows)), key=lambda each: each[0].order)
    first: dict[str, Copy] = {}
    for copy, report in copies:
        first.setdefault(report, copy)
    first.pop(article.report, None)
    return Story(article.story, tuple(first.values()))


def names(title: str, body: str, publisher: str | None) -> list[str]:
    """The names an article is known by, in lower case, the most frequent of its title and lead first.

    A name stands capital within a sentence and nowhere in small letters; days, months and its publisher are none.
    """
    text = body[:READ]
    small = set(filter(str.islower, _WORD.findall(text)))
    within = {word.lower() for word in _WITHIN.findall(text) if word[0].isupper()}
    publishers = set(_WORD.findall((publisher or "").lower()))
    said = [*_WORD.findall(title) * 2, *_WORD.findall(" ".join(text.split(" ", LEAD)[:LEAD]))]
    counts = Counter(word.lower() for word in said if word[0].isupper())
    none = small | _CALENDAR | publishers
    return [name for name, _ in counts.most_common() if name in within and name not in none][:NAMES]


def _keys(row: Any) -> list[int]:
    """The names of a row of versions, as signed 64-bit integers."""
    own = names(row.title, row.body, row.publisher)
    return [
        int.from_bytes(hashlib.blake2b(each.encode(), digest_size=8).digest(), "little", signed=True) for each in own
    ]


def _related(connection: Connection, row: Any, keys: Sequence[int]) -> list[str]:
    """The stories that a version, a row with its names, belongs to; the likeliest first."""
    likely = {} if row.published_at is None else _likely(connection, row.published_at, keys)
    if not likely:
        return []
    rows = select(versions.c.id, versions.c.story).where(versions.c.id.in_(likely), versions.c.current)
    stories = {each.id: each.story for each in connection.execute(rows) if each.story is not None}
    vectors = _vectors(connection, [row.id, *stories])
    if row.id not in vectors:
        return []
    found: dict[str, float] = {}
    for version_id, share in likely.items():
        if version_id in stories and version_id in vectors:
            likeness = max(0.0, float(vectors[row.id] @ vectors[version_id])) * math.sqrt(share)
            found[stories[version_id]] = max(likeness, found.get(stories[version_id], 0.0))
    return sorted((each for each in found if found[each] >= SAME_STORY), key=lambda each: (-found[each], each))


_HOLDERS = (
    select(story_names.c.version_id)
    .where(story_names.c.key == bindparam("key"), story_names.c.published_at.between(bindparam("a"), bindparam("z")))
    .order_by(story_names.c.published_at.desc(), story_names.c.version_id)
    .limit(HOLDERS)
)


def _likely(connection: Connection, at: datetime, keys: Sequence[int]) -> dict[int, float]:
    """Versions of the days around that share names with one, and the mean share of them; the likeliest first.

    The mean is the geometric one of the share of this version's names, the rarer the weightier, and of the other's.
    """
    days = {"a": at - AROUND, "z": at + AROUND}
    holders = [connection.scalars(_HOLDERS, {"key": key, **days}).all() for key in keys]
    weights = [1 / (1 + math.log(1 + len(each))) for each in holders]
    shared: Counter[int] = Counter(version_id for each in holders for version_id in each)
    weight: dict[int, float] = dict.fromkeys((each for each in shared if shared[each] >= SHARED_NAMES), 0.0)
    for each, of_name in zip(holders, weights, strict=True):
        for version_id in each:
            if version_id in weight:
                weight[version_id] += of_name
    total = sum(weights)
    share = {each: math.sqrt(weight[each] / total * min(1.0, shared[each] / NAMES)) for each in weight}
    near = [each for each in share.items() if math.sqrt(each[1]) >= SAME_STORY]  # of the others no vector helps
    return dict(sorted(near, key=lambda each: (-each[1], -each[0]))[:CANDIDATES])


def _vectors(connection: Connection, version_ids: Collection[int]) -> dict[int, np.ndarray]:
    """The mean of the vectors of each version's opening, of unit length; those not embedded are left out."""
    rows = select(passages.c.version_id, passages.c.digest).where(passages.c.version_id.in_(version_ids))
    cut = connection.execute(rows.where(passages.c.ordinal < OPENING)).all()
    model = select(facts.c.value).where(facts.c.name == "model").scalar_subquery()
    kept = select(embeddings.c.digest, embeddings.c.vector).where(embeddings.c.model == model)
    known = dict(connection.execute(kept.where(embeddings.c.digest.in_({row.digest for row in cut}))).all())
    of: dict[int, list[np.ndarray]] = {}
    for row in cut:
        if row.digest in known:
            of.setdefault(row.version_id, []).append(np.frombuffer(known[row.digest], np.float32))
    return {version_id: _unit(np.mean(own, axis=0)) for version_id, own in of.items()}


def _joined(connection: Connection, one: str, other: str) -> str:
    """Make two stories one if their members are near each other, under the older one's name; else the first one's."""
    sides = [_members(connection, story) for story in (one, other)]
    vectors = _vectors(connection, [*sides[0], *sides[1]])
    matrices = [np.stack([vectors[each] for each in side if each in vectors]) for side in sides]
    if float(np.mean(matrices[0] @ matrices[1].T)) < SAME_STORIES:
        return one
    kept, gone = sorted((one, other), key=lambda story: _begun(connection, story))
    connection.execute(update(versions).where(versions.c.story == gone).values(story=kept))
    return kept


def _members(connection: Connection, story: str) -> Sequence[int]:
    """Some of the versions of a story, the latest."""
    rows = select(versions.c.id).where(versions.c.story == story, versions.c.current)
    return connection.scalars(rows.order_by(versions.c.published_at.desc(), versions.c.id).limit(MEMBERS)).all()


def _begun(connection: Connection, story: str) -> int:
    """The first of its versions that was stored."""
    return connection.scalar(select(func.min(versions.c.id)).where(versions.c.story == story)) or 0


def _own(connection: Connection, row: Any) -> str:
    """The name of a story that begins with a version: the one it had, if nobody else is left in it, or a new one."""
    if row.number > 1:
        same = (versions.c.article_id == row.article_id) & (versions.c.number == row.number - 1)
        before: str | None = connection.scalar(select(versions.c.story).where(same))
        taken = select(versions.c.id).where(versions.c.story == before, versions.c.current)
        if before is not None and connection.scalar(taken.where(versions.c.id != row.id).limit(1)) is None:
            return before
    name = f"{row.article_id} {row.number} {row.body_digest}"
    return hashlib.sha256(name.encode()).hexdigest()[:STORY_NAME]


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
