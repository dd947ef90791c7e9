"""Answers as they were given, the conversations they make up, and what their readers thought of them.

Whoever asked owns an answer: the id of an API key, None without one. What is another's is as if it were not there.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Engine, Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from index.database import upsert
from index.tables import answers, feedback, repeats

Judgement = Literal["up", "down"]

REPEATED = timedelta(hours=24)  # how long a repeated request is known by its key
LONGEST = timedelta(minutes=3)  # after this a request whose answer has not begun is taken to have failed


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it was given: `answer` is its JSON.

    One that `follows` was asked in a conversation that was there before.
    """

    id: str
    conversation_id: str
    question: str
    answer: str
    owner: str | None = None
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """Questions that were asked one after the other; `title` is the first of them."""

    id: str
    title: str
    answers: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Rating:
    """What somebody thought of an answer."""

    answer_id: str
    who: str
    rating: Judgement
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Repeat:
    """A request that was made before under the same key. `answer_id` is None while its answer has not begun."""

    digest: str
    answer_id: str | None
    process: str
    at: datetime


class AnswerRecords:
    """Answers, conversations, ratings and repeated requests in the truth. Every method is one transaction."""

    def __init__(self, truth: Engine) -> None:
        self._truth = truth

    def save(self, given: Given) -> None:
        """Keep an answer, but not one that follows others if its conversation has been deleted meanwhile."""
        row = {
            "id": given.id,
            "conversation_id": given.conversation_id,
            "created_at": datetime.now(UTC),
            "question": given.question,
            "answer": given.answer,
            "owner": given.owner,
        }
        others = _first_of(given.conversation_id, given.owner).where(answers.c.id != given.id)
        with self._truth.connect() as connection:
            # Stored first: in SQLite nobody else deletes from then on.
            connection.execute(insert(answers).values(row))
            if not given.follows or connection.scalar(others) is not None:
                connection.commit()

    def get(self, answer_id: str) -> str | None:
        """An answer as JSON, whoever asked; None when there is none of that id."""
        with self._truth.connect() as connection:
            return connection.scalar(select(answers.c.answer).where(answers.c.id == answer_id))

    def owned(self, answer_id: str, owner: str | None) -> str | None:
        """An answer as JSON, if it is this owner's."""
        with self._truth.connect() as connection:
            return connection.scalar(select(answers.c.answer).where(answers.c.id == answer_id, _is_of(owner)))

    def questions(self, conversation_id: str, owner: str | None = None) -> tuple[str, ...]:
        """The questions of a conversation that were answered, oldest first; none when no answer is of it."""
        with self._truth.connect() as connection:
            rows = select(answers.c.question).where(answers.c.conversation_id == conversation_id, _is_of(owner))
            return tuple(connection.scalars(rows.order_by(answers.c.created_at)))

    def conversations(self, owner: str | None, limit: int) -> tuple[Conversation, ...]:
        """An owner's conversations, the last used first."""
        first, last = func.min(answers.c.created_at).label("first"), func.max(answers.c.created_at).label("last")
        grouped = select(answers.c.conversation_id, func.count().label("count"), first, last)
        grouped = grouped.where(_is_of(owner)).group_by(answers.c.conversation_id)
        used = grouped.order_by(last.desc()).limit(limit).subquery()
        asked = select(answers.c.question).where(answers.c.conversation_id == used.c.conversation_id, _is_of(owner))
        title = asked.order_by(answers.c.created_at).limit(1).scalar_subquery()
        # One statement: what is deleted meanwhile is seen whole or not at all.
        rows = select(used.c.conversation_id, title, used.c.count, used.c.first, used.c.last)
        with self._truth.connect() as connection:
            return tuple(Conversation(*row) for row in connection.execute(rows.order_by(used.c.last.desc())))

    def conversation(self, conversation_id: str, owner: str | None) -> tuple[str, ...]:
        """The answers of a conversation as JSON, oldest first; none when it is not this owner's."""
        with self._truth.connect() as connection:
            rows = select(answers.c.answer).where(answers.c.conversation_id == conversation_id, _is_of(owner))
            return tuple(connection.scalars(rows.order_by(answers.c.created_at)))

    def delete_conversation(self, conversation_id: str, owner: str | None) -> bool:
        """Delete a conversation with its answers and their ratings; whether it was there."""
        with self._truth.begin() as connection:
            if connection.scalar(_first_of(conversation_id, owner)) is None:  # waits for who stores a follow-up
                return False
            own = select(answers.c.id).where(answers.c.conversation_id == conversation_id, _is_of(owner))
            connection.execute(delete(feedback).where(feedback.c.answer_id.in_(own)))
            connection.execute(delete(repeats).where(repeats.c.answer_id.in_(own)))
            connection.execute(delete(answers).where(answers.c.conversation_id == conversation_id, _is_of(owner)))
        return True

    def delete(self, answer_id: str, owner: str | None) -> None:
        """Delete an owner's answer with its ratings."""
        with self._truth.begin() as connection:
            if connection.execute(delete(answers).where(answers.c.id == answer_id, _is_of(owner))).rowcount:
                connection.execute(delete(feedback).where(feedback.c.answer_id == answer_id))

    def rate(self, answer_id: str, who: str, rating: Judgement, reason: str | None) -> None:
        """Keep what somebody thinks of an answer; what they thought before is replaced."""
        row = {"answer_id": answer_id, "who": who, "rating": rating, "reason": reason, "at": datetime.now(UTC)}
        with self._truth.begin() as connection:
            upsert(connection, feedback, row)

    def ratings(self, answer_id: str) -> tuple[Rating, ...]:
        """What was thought of an answer, oldest first."""
        rows = select(feedback).where(feedback.c.answer_id == answer_id).order_by(feedback.c.at)
        with self._truth.connect() as connection:
            return tuple(Rating(**row) for row in connection.execute(rows).mappings())

    def disliked(self) -> tuple[str, ...]:
        """The answers as JSON that somebody rated down, oldest first."""
        down = select(feedback.c.answer_id).where(feedback.c.rating == "down")
        rows = select(answers.c.answer).where(answers.c.id.in_(down)).order_by(answers.c.created_at)
        with self._truth.connect() as connection:
            return tuple(connection.scalars(rows))

    def claim(self, key: str, owner: str | None, digest: str, process: str) -> Repeat | None:
        """Take on a request that goes by this key. The request that was made before under it, if there was one.

        A request that was taken on long ago and whose answer has not begun is taken over.
        """
        now = datetime.now(UTC)
        row = {"owner": owner or "", "key": key, "digest": digest, "process": process, "at": now}
        dead = repeats.c.answer_id.is_(None) & (repeats.c.at < now - LONGEST)
        with self._truth.begin() as connection:
            connection.execute(delete(repeats).where((repeats.c.at < now - REPEATED) | dead))
        while True:
            try:
                with self._truth.begin() as connection:
                    connection.execute(insert(repeats).values(row))
                return None
            except IntegrityError:
                with self._truth.connect() as connection:
                    known = connection.execute(select(repeats).where(_goes_by(key, owner))).one_or_none()
            if known is not None:  # else it was released in between
                return Repeat(known.digest, known.answer_id, known.process, known.at)

    def begin(self, key: str, owner: str | None, answer_id: str) -> None:
        """Say which answer a request that was taken on is given."""
        with self._truth.begin() as connection:
            connection.execute(update(repeats).where(_goes_by(key, owner)).values(answer_id=answer_id))

    def release(self, key: str, owner: str | None, answer_id: str | None) -> None:
        """Forget a request that came to nothing: it may be made again under the same key.

        One that meanwhile stands for another answer than `answer_id` stays.
        """
        same = repeats.c.answer_id.is_not_distinct_from(answer_id)
        with self._truth.begin() as connection:
            connection.execute(delete(repeats).where(_goes_by(key, owner), same))


def _is_of(owner: str | None) -> ColumnElement[bool]:
    return answers.c.owner.is_(None) if owner is None else answers.c.owner == owner


def _first_of(conversation_id: str, owner: str | None) -> Select[tuple[str]]:
    """The first answer of a conversation; in PostgreSQL it is held until the transaction ends."""
    own = select(answers.c.id).where(answers.c.conversation_id == conversation_id, _is_of(owner))
    return own.order_by(answers.c.created_at, answers.c.id).limit(1).with_for_update()


def _goes_by(key: str, owner: str | None) -> ColumnElement[bool]:
    return (repeats.c.owner == (owner or "")) & (repeats.c.key == key)
