"""A backup is the truth alone, copied while it is in use; everything else is built from it when it is restored."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from index.errors import ArchiveDamaged, BadConfiguration, BadRequest
from index.lock import acquire

TRUTH = "truth.db"


def back_up(home: Path, target: Path) -> int:
    """Copy the truth of `home` as it stands at one moment to a file; the bytes it has.

    It needs no lock: SQLite's online backup reads one snapshot, while the owner goes on writing. The copy is checked,
    and takes the place of `target` only when it is whole. Raises BadRequest, BadConfiguration and ArchiveDamaged.
    """
    source = home / TRUTH
    if not source.is_file():
        raise BadConfiguration(f"There is no archive in {home} to back up. Set DATELINE_HOME to the one you mean.")
    if target.resolve().is_relative_to(home.resolve()):
        raise BadRequest("file", f"{target} lies in the archive's own directory; write the backup elsewhere.")
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        with closing(_read_only(source)) as reader, closing(sqlite3.connect(partial)) as copy:
            reader.backup(copy)  # all pages in one step: a snapshot that a writer cannot make it begin again
            copy.execute("PRAGMA journal_mode=DELETE")
            check(copy, target)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(target)
    except (sqlite3.Error, OSError) as error:
        raise BadConfiguration(f"The backup {target} could not be written ({error}).") from error
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def restore(file: Path, home: Path) -> None:
    """Put a backup into an empty data directory. The indexes are built when the archive is opened.

    It gets a name of its own, so that it shares no collection of a Chroma server with the archive it is a copy of.
    Raises BadRequest when the file is no backup or the directory is not empty, ArchiveBusy when it is in use.
    """
    if not file.is_file():
        raise BadRequest("file", f"There is no file {file}.")
    with acquire(home):
        present = sorted(each.name for each in home.iterdir() if each.name != "lock")
        if present:
            raise BadRequest(
                "file", f"{home} is not empty ({', '.join(present[:3])}…). Set DATELINE_HOME to a new directory."
            )
        partial = home / f"{TRUTH}.partial"
        try:
            with closing(_read_only(file)) as reader, closing(sqlite3.connect(partial)) as copy:
                check(reader, file)
                reader.backup(copy)
                copy.execute("DELETE FROM facts WHERE name = 'archive_id'")
                copy.commit()
            partial.replace(home / TRUTH)
        except sqlite3.Error as error:
            raise ArchiveDamaged(f"{file} is no backup of an archive, or is damaged ({error}).") from error
        finally:
            partial.unlink(missing_ok=True)


def check(database: sqlite3.Connection, name: Path) -> None:
    """Raise ArchiveDamaged unless a database is whole and an archive's."""
    try:
        problems = [row[0] for row in database.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise ArchiveDamaged(f"{name} is no backup of an archive, or is damaged ({error}).") from error
    if problems or not {"facts", "articles", "versions", "passages"} <= tables:
        raise ArchiveDamaged(f"{name} is no whole archive ({'; '.join(problems) or 'it lacks tables'}).")


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)
