"""Whether Chroma's files on disk are whole, told without opening them.

Chroma rewrites four files in place and then a pickle, so a process killed in between leaves two states side by side.
Opened, such an index may answer with an error, with nonsense, or by writing its links until the disk is full (measured:
65 GB). What each file says of the others tells it in time.
"""

import pickle
import struct
from pathlib import Path
from typing import Any

HEADER = struct.Struct("<iQQQQ")  # format, start of level 0, capacity, elements, bytes of an element
FORMAT = 1
PARTS = ("header.bin", "data_level0.bin", "length.bin", "link_lists.bin")


class _PlainPickle(pickle.Unpickler):
    """Reads what Chroma writes, numbers and texts, and nothing that could run."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is no number or text")


def torn(folder: Path) -> str | None:
    """What is half written in the folder of an embedded Chroma, as the end of a sentence; None when all is whole."""
    for header in sorted(folder.glob("*/header.bin")):
        segment = header.parent
        missing = [name for name in PARTS if not (segment / name).is_file()]
        reason = f"has no {missing[0]}" if missing else _disagreement(segment)
        if reason:
            return f"{reason}, in {segment}"
    return None


def _disagreement(segment: Path) -> str | None:
    header = (segment / "header.bin").read_bytes()
    if len(header) < HEADER.size:
        return "has a header that was cut off"
    written_as, _, _, elements, element_bytes = HEADER.unpack_from(header)
    if written_as != FORMAT or not elements:
        return None  # not known to us, or nothing was written yet
    if (segment / "data_level0.bin").stat().st_size < elements * element_bytes:
        return f"has fewer vectors than the {elements} its header tells of"
    names = segment / "index_metadata.pickle"
    added = _added(names)
    if added != elements:
        return f"has {elements} vectors and names for {added}"
    newest = max((segment / name).stat().st_mtime_ns for name in PARTS)
    return "has names that are older than its vectors" if names.stat().st_mtime_ns < newest else None


def _added(names: Path) -> int | None:
    """How many vectors were ever named; None when the names are missing or cut off."""
    try:
        with names.open("rb") as file:
            return int(_PlainPickle(file).load()["total_elements_added"])
    except (OSError, pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None
