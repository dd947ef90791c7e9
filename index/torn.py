"""Whether the files of Chroma and Tantivy are whole, told without opening them.

Chroma rewrites four files in place and then a pickle, so a process killed in between leaves two states side by side.
Opened, such an index may answer with an error, with nonsense, or by writing its links until the disk is full (measured:
65 GB). What each file says of the others tells it in time. Tantivy's files never change and end with their checksum.
"""

import json
import pickle
import sqlite3
import struct
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

HEADER = struct.Struct("<iQQQQ")  # format, start of level 0, capacity, elements, bytes of an element
FORMAT = 1
WORD_PARTS = ("term", "idx", "pos", "store", "fast", "fieldnorm")
FOOTER = struct.Struct("<II")  # bytes of the JSON before it, Tantivy's magic number
MAGIC = 1337
PARTS = ("header.bin", "data_level0.bin", "length.bin", "link_lists.bin")


class _PlainPickle(pickle.Unpickler):
    """Reads what Chroma writes, numbers and texts, and nothing that could run."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} is no number or text")


def torn_vectors(folder: Path) -> str | None:
    """What is half written or missing in the folder of an embedded Chroma, as the end of a sentence, or None."""
    if not folder.is_dir():
        return None  # nothing was ever written
    try:
        segments = _segments(folder / "chroma.sqlite3")
    except sqlite3.DatabaseError as error:
        return f"cannot be read ({error}), in {folder}"
    if not segments:
        return f"has lost its collection, in {folder}"
    for name, written in segments:
        segment = folder / name
        if not segment.is_dir() and not written:
            continue
        missing = [part for part in PARTS if not (segment / part).is_file()]
        reason = f"has no {missing[0]}" if missing else _disagreement(segment)
        if reason:
            return f"{reason}, in {segment}"
    return None


def torn_words(folder: Path) -> str | None:
    """Which file of a Tantivy index is missing or is not what was written, as the end of a sentence, or None."""
    try:
        segments = json.loads((folder / "meta.json").read_bytes())["segments"]
    except (OSError, ValueError, KeyError):
        return f"has no meta.json that can be read, in {folder}"
    for segment in segments:
        name = segment["segment_id"].replace("-", "")
        deletes = [f"{segment['deletes']['opstamp']}.del"] if segment["deletes"] else []
        for suffix in (*WORD_PARTS, *deletes):
            path = folder / f"{name}.{suffix}"
            if not path.is_file():
                return f"has no {path.name}, in {folder}"
            if not _sealed(path.read_bytes()):
                return f"has a damaged {path.name}, in {folder}"
    return None


def _sealed(content: bytes) -> bool:
    """Whether a file's checksum, in the footer that its last eight bytes measure, is that of the rest."""
    if len(content) < FOOTER.size:
        return False
    length, magic = FOOTER.unpack(content[-FOOTER.size :])
    body = content[: max(0, len(content) - FOOTER.size - length)]
    try:
        return magic == MAGIC and bool(json.loads(content[len(body) : -FOOTER.size])["crc"] == zlib.crc32(body))
    except (ValueError, KeyError):
        return False


def _segments(database: Path) -> list[tuple[str, bool]]:
    """Chroma's vector segments: their folders, and whether their files have ever been written."""
    if not database.is_file() or not database.stat().st_size:
        return []
    rows = (
        "SELECT segments.id, max_seq_id.seq_id IS NOT NULL FROM segments "
        "LEFT JOIN max_seq_id ON max_seq_id.segment_id = segments.id WHERE segments.scope = 'VECTOR'"
    )
    with closing(sqlite3.connect(database, timeout=10)) as connection:
        return [(name, bool(written)) for name, written in connection.execute(rows)]


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
