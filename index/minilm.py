"""The embedded embedder: all-MiniLM-L6-v2, its weights held in int8, run by onnxruntime on the CPU.

The model file comes from index/model/build.py; index/model/NOTICE says what it was made from.
"""

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
MODEL_SHA256: Final = "7b3ccd91520b0b2f6e02008a799def02b4a808c81d3a772c3c4b4e8aaf11b49e"
TOKENIZER_SHA256: Final = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


class MiniLM:
    """Texts into unit vectors of 384 numbers. English; what follows the 256th token of a text is not read."""

    id: Final[str] = "all-MiniLM-L6-v2-int8"
    dimension: Final[int] = 384
    max_tokens: Final[int] = 256

    def __init__(self, threads: int = 2, model: Path = MODEL) -> None:
        """Load the files in the folder `model`; ArchiveDamaged names one that is missing or not ours."""
        _check(model / "tokenizer.json", TOKENIZER_SHA256)
        _check(model / "minilm.onnx", MODEL_SHA256)
        self._tokenizer = _tokenizer(model / "tokenizer.json", self.max_tokens)
        self._session = _session(model / "minilm.onnx", threads)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows (len(texts), 384), in the order of the texts; which texts are sent together moves none."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        encodings = self._tokenizer.encode_batch_fast(list(texts))
        for batch in _batches([len(encoding.ids) for encoding in encodings]):
            vectors[batch] = self._run([encodings[row] for row in batch])
        return vectors

    def _run(self, encodings: Sequence["Encoding"]) -> NDArray[np.float32]:
        """Unit rows of one batch; shorter texts are padded with token 0, which the mask hides."""
        ids = np.zeros((len(encodings), max(len(encoding.ids) for encoding in encodings)), np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        vectors: NDArray[np.float32] = self._session.run(None, {"ids": ids, "mask": mask})[0]
        return vectors


# 512 was the cheapest of 256, 512, 1024 and 2048, for short and for long texts: what a layer hands to the next
# then still fits the processor's cache. It keeps memory low, too.
_BATCH_TOKENS: Final = 512


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The rows of each batch: texts of like length together, at most _BATCH_TOKENS tokens with the padding."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[row] * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


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


def _tokenizer(path: Path, max_tokens: int) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()  # the file would have every text padded to 128 tokens,
    tokenizer.enable_truncation(max_tokens)  # and cut there: the model was trained to read 256
    return tokenizer


def _session(path: Path, threads: int) -> "InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it keeps what the largest batch needed, for no speed gained
    options.enable_mem_pattern = False
    # Threads that wait sleep: spinning made a question 1 ms faster, and takes the cores a server needs elsewhere.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
