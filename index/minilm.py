"""The embedded embedder: all-MiniLM-L6-v2, its weights held in int8, run by onnxruntime on the CPU.

The model file comes from index/model/build.py; index/model/NOTICE says what it was made from.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from index.models import MODEL, batches, load_session, load_tokenizer, padded

MODEL_SHA256: Final = "7b3ccd91520b0b2f6e02008a799def02b4a808c81d3a772c3c4b4e8aaf11b49e"


class MiniLM:
    """Texts into unit vectors of 384 numbers. English; what follows the 256th token of a text is not read."""

    id: Final[str] = "all-MiniLM-L6-v2-int8"
    dimension: Final[int] = 384
    max_tokens: Final[int] = 256  # as the model was trained

    def __init__(self, threads: int = 2, model: Path = MODEL) -> None:
        """Load the files in the folder `model`; ArchiveDamaged names one that is missing or not ours."""
        self._tokenizer = load_tokenizer(model, self.max_tokens)
        self._session = load_session(model / "minilm.onnx", MODEL_SHA256, threads)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit rows (len(texts), 384), in the order of the texts; which texts are sent together moves none."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        encodings = self._tokenizer.encode_batch_fast(list(texts))
        for batch in batches(encodings):
            ids = padded([encodings[row].ids for row in batch])
            mask = padded([encodings[row].attention_mask for row in batch])
            vectors[batch] = self._session.run(None, {"ids": ids, "mask": mask})[0]
        return vectors
