"""The one database that is the truth: how it is opened, brought up to date, written by one at a time, and checked."""

from pathlib import Path

from sqlalchemy import Connection, Engine, Table, func, inspect, select, update
from sqlalchemy.exc import DatabaseError

from index.database import alone, postgres_engine, sqlite_engine, upsert
from index.errors import ArchiveDamaged, BadConfiguration
from index.tables import answers, changes, facts, metadata, polls, spending, versions

SCHEMA_VERSION = 1
TURN = "turn"  # the fact that whoever changes articles holds


def open_truth(where: Path | str) -> Engine:
    """Open, or create, the truth: a SQLite file, or a PostgreSQL database by its URL.

    Raises ArchiveDamaged when a file is not a database, is damaged, or the truth was written by a newer Dateline;
    StorageFailed when PostgreSQL does not answer, BadConfiguration when the truth cannot be written.
    """
    if isinstance(where, str):
        engine = postgres_engine(where)
        with alone(engine, "schema"):  # two processes that start at once would both create the tables
            _create(engine, "of DATELINE_DATABASE_URL")
        return engine
    where.parent.mkdir(parents=True, exist_ok=True)
    if where.exists() and not where.stat().st_size and any(where.parent.glob("words-*/meta.json")):
        raise ArchiveDamaged(
            f"The archive's database {where} is empty, although there are indexes of its articles beside it. "
            "Restore it from a backup, or move it away and ingest again."
        )
    engine = sqlite_engine(where)
    try:
        _create(engine, str(where))
    except DatabaseError as error:
        if "readonly" in str(error.orig) or "disk is full" in str(error.orig):
            raise BadConfiguration(
                f"The archive's database {where} cannot be written ({error.orig}). Give Dateline write access and "
                "space there, or set DATELINE_HOME to another directory."
            ) from error
        raise ArchiveDamaged(
            f"The archive's database {where} cannot be read ({error.orig}). Restore it from a backup, or move it away "
            "and ingest again."
        ) from error
    return engine


def _create(engine: Engine, name: str) -> None:
    """Bring the tables up to this Dateline's schema."""
    metadata.create_all(engine)
    with engine.begin() as connection:
        _add_columns(connection, versions, "published_origin", "modified_origin", "report", "story", "correction")
        if _add_columns(connection, versions, "stands_from", "replaced_at"):
            _date_versions(connection)
        for old in ("versions_by_date", "versions_by_publisher"):  # of an older Dateline
            connection.exec_driver_sql(f"DROP INDEX IF EXISTS {old}")
        _add_columns(connection, answers, "owner")
        _add_columns(connection, spending, "tokens", "owner")
        _add_columns(connection, polls, "claimed_until")
        upsert(connection, facts, {"name": TURN, "value": ""}, replace=False)
        upsert(connection, facts, {"name": "schema_version", "value": str(SCHEMA_VERSION)}, replace=False)
        version = connection.scalar(select(facts.c.value).where(facts.c.name == "schema_version"))
    if version != str(SCHEMA_VERSION):
        raise ArchiveDamaged(
            f"The archive's database {name} has schema {version}, this Dateline reads {SCHEMA_VERSION}. "
            "Use the Dateline that wrote it, or ingest into a new DATELINE_HOME."
        )


def read_fact(connection: Connection, name: str, default: str) -> str:
    """One fact of the truth, or the default before it is written."""
    return connection.scalar(select(facts.c.value).where(facts.c.name == name)) or default


def write_fact(connection: Connection, name: str, value: str) -> None:
    """Set one fact of the truth."""
    upsert(connection, facts, {"name": name, "value": value})


def take_turn(connection: Connection) -> None:
    """Be the only transaction that changes articles, until this one ends; say so before reading what it depends on.

    Changes are then numbered in the order in which they become visible, so that who follows the log misses none.
    """
    connection.execute(update(facts).where(facts.c.name == TURN).values(value=""))


def _date_versions(connection: Connection) -> None:
    """Say of the versions of an older Dateline when each replaced the other: when it was seen."""
    later = versions.alias()
    replaced = select(func.min(later.c.seen_at)).where(
        later.c.article_id == versions.c.article_id, later.c.number > versions.c.number
    )
    connection.execute(update(versions).values(replaced_at=replaced.scalar_subquery()))
    connection.execute(update(versions).where(versions.c.number > 1).values(stands_from=versions.c.seen_at))


def _add_columns(connection: Connection, table: Table, *names: str) -> bool:
    """Give a table of an older Dateline the columns it lacks; they may be null. New tables come by themselves.

    Whether there were any.
    """
    present = {column["name"] for column in inspect(connection).get_columns(table.name)}
    for name in names:
        if name not in present:
            kind = table.c[name].type.compile(connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {name} {kind}")
    for each in table.indexes:
        each.create(connection, checkfirst=True)
    return not present.issuperset(names)


def integrity(engine: Engine) -> list[str]:
    """What SQLite's own check finds wrong, a sentence each; empty when all is well. PostgreSQL looks after itself."""
    if engine.dialect.name != "sqlite":
        return []
    try:
        with engine.connect() as connection:
            rows = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(10)") if row[0] != "ok"]
            rows += [
                f"row of {row[0]} points to a missing {row[2]}"
                for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
            ]
    except ArchiveDamaged as error:
        return [str(error)]
    way_out = "Restore it from a backup, or move it away and ingest again."
    return [f"The archive's database {engine.url.database} is damaged: {row}. {way_out}" for row in rows]


def last_change(engine: Engine) -> int:
    """The sequence number of the newest change, 0 before the first."""
    with engine.connect() as connection:
        return int(connection.scalar(select(func.max(changes.c.seq))) or 0)
