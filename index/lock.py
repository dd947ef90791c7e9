"""One owner process per data directory, held by a file lock that the system lets go when the process ends."""

import fcntl
import os
import sys
from pathlib import Path
from typing import IO

from index.errors import ArchiveBusy, BadConfiguration


def acquire(home: Path) -> IO[str]:
    """Lock a data directory for this process; closing the returned file, or the end of the process, frees it.

    Raises ArchiveBusy with the owner's process id and command, BadConfiguration when the directory cannot be used.
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
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.seek(0)
        owner = handle.read().strip() or "another process"
        handle.close()
        raise ArchiveBusy(
            f"The archive in {home} is in use by {owner}. Ask through that process, stop it, or set DATELINE_HOME "
            "to another directory."
        ) from error
    handle.truncate(0)
    handle.write(f"process {os.getpid()} ({' '.join([Path(sys.argv[0]).name, *sys.argv[1:2]])})")
    handle.flush()
    return handle
