"""What the truth needs of its database beyond tables: SQLite in a file, or PostgreSQL for several hosts."""

import fcntl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from index.errors import ArchiveDamaged, BadConfiguration, StorageFailed, disk_failed

# A host that is gone is noticed within a minute, so that what its transaction holds is let go.
KEEPALIVES = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"


def sqlite_engine(path: Path) -> Engine:
    """The database in a file, which is made when it is first written to."""
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": 30})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "handle_error", _say_that_it_is_damaged)
    return engine


def postgres_engine(url: str) -> Engine:
    """A PostgreSQL database; its first use tells whether it answers. Raises BadConfiguration for another address."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = URL.create("none")
    if parsed.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise BadConfiguration(
            "DATELINE_DATABASE_URL must be like postgresql://user:password@host/database. Without it the truth is a "
            "SQLite file in DATELINE_HOME."
        )
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        connect_args={"options": KEEPALIVES, "connect_timeout": 10},
        pool_pre_ping=True,
    )
    event.listen(engine, "handle_error", _say_that_it_is_gone)
    return engine


def upsert(connection: Connection, table: Table, *rows: Mapping[str, Any], replace: bool = True) -> None:
    """Insert rows of the same columns; one that is there under its primary key is replaced, or left as it is."""
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    given = dialect.insert(table)
    key = [column.name for column in table.primary_key]
    others = {name: given.excluded[name] for name in rows[0] if name not in key}
    connection.execute(
        given.on_conflict_do_update(index_elements=key, set_=others)
        if replace and others
        else given.on_conflict_do_nothing(index_elements=key),
        [dict(row) for row in rows],
    )


@contextmanager
def alone(engine: Engine, name: str) -> Iterator[None]:
    """Hold a name against every other thread and process that uses this truth; let go when the process ends."""
    if engine.dialect.name == "postgresql":
        number = zlib.crc32(f"dateline {name}".encode())
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": number})
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})
    else:
        with Path(f"{engine.url.database}.{name}").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@contextmanager
def storing() -> Iterator[None]:
    """Says in a sentence that the disk failed: raises StorageFailed."""
    try:
        yield
    except (OperationalError, OSError) as error:
        raise disk_failed(error.orig if isinstance(error, OperationalError) else error.strerror) from error


def _configure_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # FULL: a commit that was acknowledged survives a power cut, not only a killed process.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _say_that_it_is_gone(context: ExceptionContext) -> None:
    if not context.is_pre_ping and (context.is_disconnect or context.connection is None):
        raise StorageFailed(
            f"The database of DATELINE_DATABASE_URL does not answer ({str(context.original_exception).strip()}). "
            "What was stored before stays; try again when it is back."
        ) from context.original_exception


def _say_that_it_is_damaged(context: ExceptionContext) -> None:
    if "malformed" in str(context.original_exception) or "not a database" in str(context.original_exception):
        raise ArchiveDamaged(
            f"The archive's database {context.engine.url.database if context.engine else ''} cannot be read "
            f"({context.original_exception}). Restore it from a backup, or move it away and ingest again."
        ) from context.original_exception
