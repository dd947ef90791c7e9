"""Checks the derived indexes of one data directory: `python -m index.verify`, told on stdin of which, as JSON.

Prints a line per problem and ends with 0; any other end means that an index could not even be opened. With `catch_up`,
for indexes that no process has open, what the truth has changed since is taken in first.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

from index.derived import Derived
from index.errors import ArchiveDamaged
from index.lock import Place
from index.truth import open_truth

SPARE_BYTES = 2**30


def _limit_files(home: Path) -> None:
    """Let no file grow far beyond what is there: a damaged Chroma can write its links until the disk is full."""
    largest = max((path.stat().st_size for path in home.glob("chroma-*/**/*") if path.is_file()), default=0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * largest + SPARE_BYTES,) * 2)


def _problems(given: dict[str, Any]) -> list[str]:
    home = Path(given["home"])
    _limit_files(home)
    truth = open_truth(given["database_url"] or home / "truth.db")
    place = Place(Path(given["place"][0]), given["place"][1]) if given["place"] else None
    derived = Derived(truth, home, given["chroma_url"], place)
    try:
        if given["catch_up"] and not derived.torn():
            derived.catch_up()
    except ArchiveDamaged as error:
        return [str(error)]
    return derived.problems()


if __name__ == "__main__":
    for problem in _problems(json.load(sys.stdin)):
        sys.stdout.write(f"{problem}\n")
