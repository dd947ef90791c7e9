"""Texts into unit vectors: what an embedder is, and how the passages of articles are embedded with one.

A sentence is embedded once. A passage's own vector is the mean of its sentences' vectors: measured on the
development questions it finds more than embedding the passage whole, and it costs nothing (eval/LOG.md).
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from index.articles import Embedding
from index.passages import Piece


class Embedder(Protocol):
    """Turns texts into unit vectors; `id` names the model and everything else that changes its vectors."""

    @property
    def id(self) -> str:
        """The model's name as it is recorded with the vectors."""
        ...

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (n, dimension), float32, in the order of the texts."""
        ...


def embed_pieces(embedder: Embedder, pieces: Sequence[tuple[str, Piece]]) -> list[Embedding]:
    """The vectors of (body, piece) pairs. All sentences go to the embedder in one call, which batches them."""
    texts = [body[start:end] for body, piece in pieces for start, end in piece.sentences]
    vectors = embedder.embed(texts) if texts else np.zeros((0, embedder.dimension), np.float32)
    embeddings: list[Embedding] = []
    at = 0
    for body, piece in pieces:
        own = vectors[at : at + len(piece.sentences)]
        at += len(piece.sentences)
        mean = own.mean(axis=0)
        embeddings.append(Embedding(piece.digest(body), mean / max(float(np.linalg.norm(mean)), 1e-9), own))
    return embeddings
