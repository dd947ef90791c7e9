"""Checks the derived indexes of one data directory: `python -m index.verify HOME CHROMA_URL [catch-up]`.

Prints a line per problem and ends with 0; any other end means that an index could not even be opened. With `catch-up`,
for a directory that no process has open, what the truth has changed since is taken in first.
"""

import resource
import sys
from pathlib import Path

from index.derived import Derived
from index.errors import ArchiveDamaged
from index.truth import open_truth

SPARE_BYTES = 2**30


def _limit_files(home: Path) -> None:
    """Let no file grow far beyond what is there: a damaged Chroma can write its links until the disk is full."""
    largest = max((path.stat().st_size for path in home.glob("chroma-*/**/*") if path.is_file()), default=0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * largest + SPARE_BYTES,) * 2)


if __name__ == "__main__":
    home = Path(sys.argv[1])
    _limit_files(home)
    derived = Derived(open_truth(home / "truth.db"), home, sys.argv[2] or None)
    problems: list[str] = []
    if sys.argv[3:] == ["catch-up"] and not derived.torn():
        try:
            derived.catch_up()
        except ArchiveDamaged as error:
            problems.append(str(error))
    for problem in problems or derived.problems():
        sys.stdout.write(f"{problem}\n")
