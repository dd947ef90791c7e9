"""The model files that come with Dateline: checked before they are loaded, run by onnxruntime on the CPU."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from index.errors import ArchiveDamaged

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

MODEL: Final = Path(__file__).with_name("model")
TOKENIZER_SHA256: Final = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"

# 512 was the cheapest of 256, 512, 1024 and 2048, for short and for long texts: what a layer hands to the next
# then still fits the processor's cache. It keeps memory low, too.
_BATCH_TOKENS: Final = 512


def load_tokenizer(folder: Path, max_tokens: int) -> "Tokenizer":
    """The tokenizer of every model here; a text, or a pair of texts, is cut at `max_tokens`. Raises ArchiveDamaged."""
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    _check(path, TOKENIZER_SHA256)
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()  # the file would have every text padded to 128 tokens,
    tokenizer.enable_truncation(max_tokens)  # and cut there
    return tokenizer


def load_session(path: Path, sha256: str, threads: int) -> "InferenceSession":
    """A model ready to run. Raises ArchiveDamaged when the file is missing or has another digest."""
    import onnxruntime

    _check(path, sha256)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it keeps what the largest batch needed, for no speed gained
    options.enable_mem_pattern = False
    # Threads that wait sleep: spinning made a question 1 ms faster, and takes the cores a server needs elsewhere.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def batches(encodings: Sequence["Encoding"]) -> Iterator[list[int]]:
    """The rows of each batch: texts of like length together, at most _BATCH_TOKENS tokens with the padding."""
    lengths = [len(encoding.ids) for encoding in encodings]
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[row] * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def padded(rows: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Rows of numbers as one matrix, the shorter ones filled up with 0."""
    matrix = np.zeros((len(rows), max(map(len, rows))), np.int64)
    for at, row in enumerate(rows):
        matrix[at, : len(row)] = row
    return matrix


def _check(path: Path, sha256: str) -> None:
    """Refuse a file that has another digest."""
    way_out = "Restore it (`git checkout -- index/model`) or install Dateline again."
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ArchiveDamaged(f"The model's file {path} cannot be read ({error.strerror}). {way_out}") from error
    if found != sha256:
        raise ArchiveDamaged(f"The model's file {path} is not the one Dateline was built with. {way_out}")
