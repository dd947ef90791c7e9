"""Texts embedded by OpenAI or a compatible server: in batches, several at once, retried in one layer."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from index.errors import ModelUnavailable
from index.openai_errors import is_loopback, model_error, shown
from index.passages import token_counter

if TYPE_CHECKING:
    import openai

DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
BATCH_TEXTS = 256
BATCH_CHARACTERS = 300_000  # about 100,000 tokens; OpenAI takes 300,000 in a request
AT_ONCE = 4
LONGEST_TEXT = 8191  # tokens
RETRIES = 4
TIMEOUT, CONNECT_TIMEOUT = 60.0, 5.0


class OpenAIEmbedder:
    """An `Embedder` behind an OpenAI-compatible server."""

    def __init__(
        self,
        model: str,
        base_url: str,
        api_key: str,
        dimension: int | None = None,
        *,
        retries: int = RETRIES,
        timeout: float = TIMEOUT,
    ) -> None:
        self._model = model
        self._base_url = base_url
        self._api_key = api_key
        self._asked_dimension = dimension
        self._retries = retries
        self._timeout = timeout

    @property
    def id(self) -> str:
        """The model's name, with the dimension when another than the model's own was asked for."""
        return self._model if self._asked_dimension is None else f"{self._model}@{self._asked_dimension}"

    @cached_property
    def dimension(self) -> int:
        """The length of a vector; for a model that is not known, one word is embedded to learn it."""
        known = self._asked_dimension or DIMENSIONS.get(self._model)
        return known or len(self._embed_batch(["word"])[0])

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (n, dimension), float32, in the order of the texts. Raises ModelUnavailable."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        batches = list(_batches([_fitting(text) for text in texts]))
        if len(batches) == 1:
            rows = [self._embed_batch(batches[0])]
        else:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                running = [pool.submit(self._embed_batch, batch) for batch in batches]
                try:
                    rows = [future.result() for future in running]
                finally:  # the first failure ends it: what has not begun is not sent
                    pool.shutdown(wait=True, cancel_futures=True)
        vectors = np.concatenate(rows)
        if vectors.shape[1] != self.dimension:
            raise ModelUnavailable(
                f"The server at {shown(self._base_url)} sent vectors of {vectors.shape[1]} numbers for {self.id}, "
                f"which has {self.dimension}. Check DATELINE_EMBEDDING_MODEL."
            )
        unit: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return unit

    def _embed_batch(self, batch: list[str]) -> np.ndarray:
        import openai

        size = openai.omit if self._asked_dimension is None else self._asked_dimension
        try:
            reply = self._client.embeddings.create(
                model=self._model, input=batch, encoding_format="float", dimensions=size
            )
            ordered = sorted(reply.data, key=lambda each: each.index)
            vectors = np.asarray([each.embedding for each in ordered], dtype=np.float32)
        except openai.OpenAIError as error:
            raise model_error(error, self._base_url, self._model) from error
        except (ValueError, AttributeError, TypeError) as error:  # the reply has another shape than it should
            raise self._nonsense() from error
        if vectors.ndim != 2 or len(vectors) != len(batch) or not np.isfinite(vectors).all():
            raise self._nonsense()
        return vectors

    def _nonsense(self) -> ModelUnavailable:
        return ModelUnavailable(f"The server at {shown(self._base_url)} sent something that is not embeddings.")

    @cached_property
    def _client(self) -> "openai.OpenAI":
        import openai

        return openai.OpenAI(
            base_url=self._base_url,
            api_key=self._api_key,
            max_retries=self._retries,  # the one layer that retries; it honours Retry-After
            timeout=openai.Timeout(self._timeout, connect=CONNECT_TIMEOUT),
            http_client=openai.DefaultHttpxClient(trust_env=not is_loopback(self._base_url)),
        )


def _fitting(text: str) -> str:
    """The text as the server takes it: not empty, at most LONGEST_TEXT tokens."""
    if not text:
        return " "  # an empty text is an error to OpenAI
    if len(text.encode()) <= LONGEST_TEXT:  # a token has at least one byte
        return text
    tokens = token_counter("cl100k_base")
    while (count := len(tokens(text))) > LONGEST_TEXT:
        text = text[: len(text) * LONGEST_TEXT // count - 1]
    return text


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == BATCH_TEXTS or size + len(text) > BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    yield batch
