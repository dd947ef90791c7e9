"""API keys: minted, listed, revoked, and known again by their token. The truth holds a digest of each, never the token.

SHA-256 is right for them: a token is 256 random bits, so there is nothing that a slow hash would have to protect.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, RowMapping, insert, select, update

from index.errors import BadRequest
from index.tables import api_keys
from index.truth import open_truth

PREFIX = "dl"
SCOPES = ("ask", "search", "write", "metrics")
USE_NOTED = timedelta(minutes=1)  # not every request is worth a write

_SHOWN = [column for column in api_keys.c if column.name != "digest"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it may be shown."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Whether requests may be made with it."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Keys:
    """The API keys of an archive. Every method is one transaction."""

    def __init__(self, truth: Engine) -> None:
        self._truth = truth

    def create(self, name: str, scopes: Sequence[str], expires_at: datetime | None = None) -> tuple[Key, str]:
        """A new key and its token, which is not shown again. Raises BadRequest for an unknown scope."""
        unknown = [each for each in scopes if each not in SCOPES]
        if unknown or not scopes:
            raise BadRequest("scope", f"A key may {', '.join(SCOPES)}; {', '.join(unknown) or 'nothing'} is no scope.")
        key_id = secrets.token_hex(4)
        token = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
        key = Key(key_id, name, tuple(scopes), datetime.now(UTC), expires_at, None, None)
        row = {
            "id": key.id,
            "name": key.name,
            "digest": _digest(token),
            "scopes": " ".join(key.scopes),
            "created_at": key.created_at,
            "expires_at": key.expires_at,
        }
        with self._truth.begin() as connection:
            connection.execute(insert(api_keys).values(row))
        return key, token

    def minted(self) -> tuple[Key, ...]:
        """Every key that was ever minted, oldest first."""
        with self._truth.connect() as connection:
            rows = connection.execute(select(*_SHOWN).order_by(api_keys.c.created_at)).mappings()
            return tuple(_key(row) for row in rows)

    def revoke(self, key_id: str) -> None:
        """End a key at once. Raises BadRequest when there is none of that id."""
        with self._truth.begin() as connection:
            gone = update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            if connection.execute(gone.values(revoked_at=datetime.now(UTC))).rowcount:
                return
            if connection.scalar(select(api_keys.c.id).where(api_keys.c.id == key_id)) is None:
                raise BadRequest("id", f"No key has the id {key_id!r}; `dateline keys list` shows them.")

    def any_minted(self) -> bool:
        """Whether a key was ever minted, live or not: revoking the last one must not open the door to everybody."""
        with self._truth.connect() as connection:
            return connection.scalar(select(api_keys.c.id).limit(1)) is not None

    def find(self, token: str) -> Key | None:
        """The live key of a token, None for any other text. Its use is noted."""
        prefix, _, rest = token.partition("_")
        key_id = rest.partition("_")[0]
        if prefix != PREFIX or not key_id or not token.isascii() or "\0" in token:
            return None
        with self._truth.connect() as connection:
            row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).mappings().one_or_none()
        if row is None or not hmac.compare_digest(row["digest"], _digest(token)):
            return None
        key, now = _key(row), datetime.now(UTC)
        if not key.is_live(now):
            return None
        if key.used_at is None or now - key.used_at > USE_NOTED:
            with self._truth.begin() as connection:
                connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(used_at=now))
        return key


def open_keys(home: Path, database_url: str | None = None) -> Keys:
    """The keys of the archive in `home`, or of the one at `database_url`, whether or not a server has it open.

    Raises what `open_truth` raises.
    """
    return Keys(open_truth(database_url or home / "truth.db"))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _key(row: RowMapping) -> Key:
    shown = {column.name: row[column.name] for column in _SHOWN}
    return Key(**{**shown, "scopes": tuple(row["scopes"].split())})
