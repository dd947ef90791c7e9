"""The embedded reranker: a small cross-encoder that reads a question and a quote together.

The model file comes from index/model/build.py, its weights from eval/training; index/model/RERANKER.md says what it
was trained on and what it is worth.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from index.models import MODEL, batches, load_session, load_tokenizer, padded

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

RERANKER_SHA256: Final = "8d11bd0a2f8482fc4664c2b6133d5b8c2ba4102b1978d895075f95370b8cebc0"


class Reranker:
    """How likely it is that a text answers a question. English."""

    max_tokens: Final[int] = 104  # of question and text together, as in the training; the longer one is cut

    def __init__(self, threads: int = 2, model: Path = MODEL) -> None:
        """A reranker whose files, in the folder `model`, are loaded when it is first asked: who ingests needs none."""
        self._threads = threads
        self._folder = model
        self._loading = Lock()

    def relevance(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """The probability (len(texts),) of each text; which texts are sent together moves none.

        Raises ArchiveDamaged, which names a file of the model that is missing or not ours.
        """
        with self._loading:
            tokenizer, session = self._loaded
        numbers = np.zeros(len(texts), np.float32)
        encodings = tokenizer.encode_batch_fast([(question, text) for text in texts])
        for batch in batches(encodings):
            inputs = {
                "ids": padded([encodings[row].ids for row in batch]),
                "types": padded([encodings[row].type_ids for row in batch]),
                "mask": padded([encodings[row].attention_mask for row in batch]),
            }
            numbers[batch] = session.run(None, inputs)[0]
        return np.asarray(1 / (1 + np.exp(-numbers)), np.float32)

    @cached_property
    def _loaded(self) -> tuple["Tokenizer", "InferenceSession"]:
        return (
            load_tokenizer(self._folder, self.max_tokens),
            load_session(self._folder / "reranker.onnx", RERANKER_SHA256, self._threads),
        )
