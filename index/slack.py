"""What Slack asked of Dateline, kept in the truth: which question is whose to answer, threads, installations.

A claim is made before an event is acknowledged, so that a question that Slack considers delivered is never lost; its
keys are unique, so that a question that is delivered many times is answered once.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, delete, exists, insert, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from index.database import upsert
from index.tables import (
    answers,
    feedback,
    slack_claim_keys,
    slack_claims,
    slack_installations,
    slack_states,
    slack_threads,
)

OPEN = "open"
LEASE = timedelta(seconds=30)  # renewed by its owner every few seconds; then another process takes over
KEPT = timedelta(days=7)  # Slack repeats an event for minutes at most; the rest is for the list of recent questions


@dataclass(frozen=True, slots=True)
class Place:
    """A thread of a conversation in a workspace; `thread` is its root message's ts."""

    team: str
    channel: str
    thread: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A question that is ours to answer. `asked` is JSON of the caller's; `reply_ts` the message already begun."""

    id: int
    place: Place
    asker: str
    asked: str
    created_at: datetime
    state: str
    attempts: int
    reply_ts: str | None
    answer_id: str | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A question that would be claimed. `keys` are the names of its gesture; `asked` is JSON of the caller's."""

    keys: tuple[str, ...]
    place: Place
    asker: str
    asked: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread that Dateline takes part in: its conversation and the ts of the last question it answered."""

    conversation_id: str
    last_ts: str


class SlackRecords:
    """Claims, threads and installations. Every method is one transaction."""

    def __init__(self, truth: Engine) -> None:
        self._truth = truth

    def claim(self, wishes: Sequence[Wish], owner: str) -> list[Claim | None]:
        """Take on questions, in one transaction; None in place of one of which any name was claimed before.

        Its other names are then given to the claim that has the one, so that the gesture is known by all of them.
        """
        try:
            claims = self._claim_new(wishes, owner)
        except DatabaseError as error:
            if len(wishes) == 1 and not isinstance(error, IntegrityError):
                raise
            # Another process was quicker with one of them.
            return [None] if len(wishes) == 1 else [self.claim([wish], owner)[0] for wish in wishes]
        for wish, claim in zip(wishes, claims, strict=True):
            if claim is None:
                self._name(wish.keys)
        return claims

    def _claim_new(self, wishes: Sequence[Wish], owner: str) -> list[Claim | None]:
        now = datetime.now(UTC)
        with self._truth.begin() as connection:
            keys = {key for wish in wishes for key in wish.keys}
            rows = select(slack_claim_keys.c.key).where(slack_claim_keys.c.key.in_(keys))
            known = set(connection.scalars(rows))
            claims: list[Claim | None] = []
            for wish in wishes:
                is_new = known.isdisjoint(wish.keys)
                known |= set(wish.keys) if is_new else set()
                claims.append(_insert(connection, wish, owner, now) if is_new else None)
        return claims

    def _name(self, keys: Sequence[str]) -> None:
        with self._truth.connect() as connection:
            rows = select(slack_claim_keys).where(slack_claim_keys.c.key.in_(keys))
            known = {row.key: row.claim_id for row in connection.execute(rows)}
        for key in keys:
            if known and key not in known:
                try:
                    with self._truth.begin() as connection:
                        value = {"key": key, "claim_id": min(known.values())}
                        connection.execute(insert(slack_claim_keys).values(value))
                except IntegrityError:
                    pass  # another process was quicker

    def keep(self, owner: str, claims: Collection[int]) -> dict[int, bool]:
        """Renew the leases of claims that are open and this owner's, and of each: whether somebody asked to stop it."""
        own = (slack_claims.c.owner == owner) & (slack_claims.c.state == OPEN) & slack_claims.c.id.in_(claims)
        with self._truth.begin() as connection:
            until = datetime.now(UTC) + LEASE
            connection.execute(update(slack_claims).where(own).values(lease_until=until))
            rows = connection.execute(select(slack_claims.c.id, slack_claims.c.stopping).where(own))
            return {row.id: row.stopping for row in rows}

    def release(self, owner: str) -> None:
        """Let another process, or the next one, take over what this owner leaves open."""
        own = (slack_claims.c.owner == owner) & (slack_claims.c.state == OPEN)
        with self._truth.begin() as connection:
            connection.execute(update(slack_claims).where(own).values(lease_until=datetime.now(UTC)))

    def take_over(self, owner: str, *, alone: bool = False) -> list[Claim]:
        """Open claims whose lease has run out become this owner's, oldest first.

        `alone`: no other process uses this truth, so whatever another owner left open is nobody's.
        """
        now = datetime.now(UTC)
        nobodys = slack_claims.c.lease_until <= now
        left = (slack_claims.c.state == OPEN) & (nobodys | (slack_claims.c.owner != owner) if alone else nobodys)
        taken: list[int] = []
        with self._truth.connect() as connection:
            ids = list(connection.scalars(select(slack_claims.c.id).where(left).order_by(slack_claims.c.id)))
        for each in ids:
            with self._truth.begin() as connection:
                took = connection.execute(
                    update(slack_claims)
                    .where(left & (slack_claims.c.id == each))
                    .values(owner=owner, lease_until=now + LEASE, attempts=slack_claims.c.attempts + 1)
                )
                taken += [each] * took.rowcount
        with self._truth.connect() as connection:
            return _claims(
                connection, select(slack_claims).where(slack_claims.c.id.in_(taken)).order_by(slack_claims.c.id)
            )

    def is_next(self, claim: Claim) -> bool:
        """Whether no earlier question of its thread is open."""
        with self._truth.connect() as connection:
            earlier = _at(claim.place) & (slack_claims.c.state == OPEN) & (slack_claims.c.id < claim.id)
            return not connection.scalar(select(exists().where(earlier)))

    def begun(self, claim_id: int, reply_ts: str) -> None:
        """Keep which message shows the answer, so that whoever takes over goes on there."""
        with self._truth.begin() as connection:
            connection.execute(update(slack_claims).where(slack_claims.c.id == claim_id).values(reply_ts=reply_ts))

    def replies(self, place: Place) -> set[str]:
        """The messages in a thread that are known to show an answer."""
        with self._truth.connect() as connection:
            return set(connection.scalars(select(slack_claims.c.reply_ts).where(_at(place)))) - {None}

    def settle(self, claim_id: int, state: str, answer_id: str | None = None) -> None:
        """A question has ended: answered, abstained, failed or stopped."""
        with self._truth.begin() as connection:
            values = {"state": state, "answer_id": answer_id}
            connection.execute(update(slack_claims).where(slack_claims.c.id == claim_id).values(values))

    def stop(self, place: Place, asker: str | None = None) -> set[int]:
        """Ask that the open questions of a thread are stopped, whichever process answers them; their ids.

        With `asker`, those that this person asked anywhere in the channel.
        """
        there = (slack_claims.c.team == place.team) & (slack_claims.c.channel == place.channel)
        return self._stop(_at(place) if asker is None else there & (slack_claims.c.asker == asker))

    def stop_all(self, team: str) -> set[int]:
        """Ask that all open questions of a workspace are stopped, whichever process answers them; their ids."""
        return self._stop(slack_claims.c.team == team)

    def _stop(self, which: ColumnElement[bool]) -> set[int]:
        open_ones = which & (slack_claims.c.state == OPEN)
        with self._truth.begin() as connection:
            connection.execute(update(slack_claims).where(open_ones).values(stopping=True))
            return set(connection.scalars(select(slack_claims.c.id).where(open_ones)))

    def recent(self, team: str, asker: str, limit: int) -> list[Claim]:
        """What somebody asked last, the latest first."""
        own = (slack_claims.c.team == team) & (slack_claims.c.asker == asker)
        with self._truth.connect() as connection:
            return _claims(connection, select(slack_claims).where(own).order_by(slack_claims.c.id.desc()).limit(limit))

    def forget_old(self) -> None:
        """Drop claims that ended long ago."""
        old = (slack_claims.c.state != OPEN) & (slack_claims.c.created_at < datetime.now(UTC) - KEPT)
        with self._truth.begin() as connection:
            connection.execute(delete(slack_claims).where(old))

    def thread(self, place: Place) -> Thread | None:
        """What is known of a thread; None when Dateline has answered nothing in it."""
        with self._truth.connect() as connection:
            row = connection.execute(
                select(slack_threads.c.conversation_id, slack_threads.c.last_ts).where(
                    slack_threads.c.team == place.team,
                    slack_threads.c.channel == place.channel,
                    slack_threads.c.thread == place.thread,
                )
            ).one_or_none()
        return None if row is None else Thread(*row)

    def takes_part(self, place: Place) -> bool:
        """Whether Dateline was asked in a thread."""
        with self._truth.connect() as connection:
            return bool(connection.scalar(select(exists().where(_at(place))))) or self.thread(place) is not None

    def remember(self, place: Place, thread: Thread) -> None:
        """Keep what is known of a thread, over what was known."""
        row = {
            "team": place.team,
            "channel": place.channel,
            "thread": place.thread,
            "conversation_id": thread.conversation_id,
            "last_ts": thread.last_ts,
            "updated_at": datetime.now(UTC),
        }
        with self._truth.begin() as connection:
            upsert(connection, slack_threads, row)

    def install(self, team: str, sealed: str) -> None:
        """Keep a workspace's installation, over an earlier one."""
        row = {"team": team, "sealed": sealed, "installed_at": datetime.now(UTC)}
        with self._truth.begin() as connection:
            upsert(connection, slack_installations, row)

    def installation(self, team: str) -> str | None:
        """A workspace's installation as it was sealed."""
        with self._truth.connect() as connection:
            row = select(slack_installations.c.sealed).where(slack_installations.c.team == team)
            return connection.scalar(row)

    def issue_state(self, state: str) -> None:
        """Keep the state of an installation that was begun."""
        with self._truth.begin() as connection:
            connection.execute(insert(slack_states).values(state=state, issued_at=datetime.now(UTC)))

    def use_state(self, state: str, max_age: timedelta) -> bool:
        """Whether a state was issued so lately, and not used before; it is used now."""
        now = datetime.now(UTC)
        with self._truth.begin() as connection:
            connection.execute(delete(slack_states).where(slack_states.c.issued_at < now - max_age))
            return bool(connection.execute(delete(slack_states).where(slack_states.c.state == state)).rowcount)

    def forget(self, team: str) -> None:
        """Delete all that is known of a workspace: its installation, threads, claims, answers and their ratings."""
        own = answers.c.owner == f"slack:{team}"
        with self._truth.begin() as connection:
            rated = feedback.c.answer_id.in_(select(answers.c.id).where(own))
            connection.execute(delete(feedback).where(rated))
            connection.execute(delete(answers).where(own))
            for table in (slack_installations, slack_threads, slack_claims):
                connection.execute(delete(table).where(table.c.team == team))


def _insert(connection: Connection, wish: Wish, owner: str, now: datetime) -> Claim:
    row = {
        "team": wish.place.team,
        "channel": wish.place.channel,
        "thread": wish.place.thread,
        "asker": wish.asker,
        "asked": wish.asked,
        "created_at": now,
        "state": OPEN,
        "owner": owner,
        "lease_until": now + LEASE,
        "attempts": 1,
        "stopping": False,
    }
    made = connection.execute(insert(slack_claims).values(row)).inserted_primary_key
    assert made is not None
    # In one order everywhere: two processes then cannot wait for each other.
    named = [{"key": key, "claim_id": made[0]} for key in sorted(set(wish.keys))]
    connection.execute(insert(slack_claim_keys), named)
    return Claim(made[0], wish.place, wish.asker, wish.asked, now, OPEN, 1, None, None)


def _at(place: Place) -> ColumnElement[bool]:
    return and_(
        slack_claims.c.team == place.team,
        slack_claims.c.channel == place.channel,
        slack_claims.c.thread == place.thread,
    )


def _claims(connection: Connection, rows: Select[Any]) -> list[Claim]:
    return [
        Claim(
            row["id"],
            Place(row["team"], row["channel"], row["thread"]),
            row["asker"],
            row["asked"],
            row["created_at"],
            row["state"],
            row["attempts"],
            row["reply_ts"],
            row["answer_id"],
        )
        for row in connection.execute(rows).mappings()
    ]
