"""One owner process per data directory, held by a file lock that the system lets go when the process ends."""

import fcntl
import os
import shutil
import sys
import uuid
from itertools import count
from pathlib import Path
from typing import IO, NamedTuple

from index.errors import ArchiveBusy, BadConfiguration


def acquire(home: Path, *, shared: bool = False) -> IO[str]:
    """Lock a data directory for this process; closing the returned file, or the end of the process, frees it.

    `shared` locks it against a sole owner only: its vectors are on a server. Raises ArchiveBusy with the owner's
    process id and command, BadConfiguration when the directory cannot be used.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        handle = (home / "lock").open("a+")
    except OSError as error:
        raise BadConfiguration(
            f"The data directory {home} cannot be used ({error.strerror}). Set DATELINE_HOME to one that "
            "can be written."
        ) from error
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.seek(0)
        owner = handle.read().strip() or "another process"
        handle.close()
        raise ArchiveBusy(
            f"The archive in {home} is in use by {owner}. Ask through that process, stop it, or set DATELINE_HOME "
            "to another directory. Several processes can share an archive once DATELINE_CHROMA_URL is set for all of "
            "them, and several hosts with DATELINE_DATABASE_URL as well."
        ) from error
    handle.truncate(0)
    handle.write(f"process {os.getpid()} ({' '.join([Path(sys.argv[0]).name, *sys.argv[1:2]])})")
    handle.flush()
    return handle


class Place(NamedTuple):
    """Where a process keeps the word index that only it writes to; the truth knows its watermark by `name`.

    `lock` is held as long as the file is open; the sole owner of a data directory needs none.
    """

    folder: Path
    name: str = ""
    lock: IO[str] | None = None


def claim_place(home: Path, archive_id: str) -> Place:
    """The first place in a shared data directory that no living process has, emptied if it was another archive's."""
    for number in count(1):
        folder = home / f"process-{number}"
        folder.mkdir(exist_ok=True)
        handle = (folder / "lock").open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            continue
        named = folder / "name"
        name = named.read_text() if named.exists() else ""
        if not name.startswith(f"{archive_id}-"):
            for words in folder.glob("words-*"):
                shutil.rmtree(words)
            name = f"{archive_id}-{uuid.uuid4().hex[:12]}"
            (folder / "name.new").write_text(name)
            (folder / "name.new").rename(named)  # so that it is never half written
        return Place(folder, name, handle)
    raise AssertionError("numbers do not end")
