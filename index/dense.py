"""Chroma as the derived index of passage vectors: upsert, delete, query, get, and nothing else of it.

Only ids and vectors are given to Chroma. No filter is ever pushed into it and no text is kept in it: filters cost
seconds at 100,000 vectors and documents five times the disk (measured: the storage reference).
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from index.errors import ArchiveDamaged, BadConfiguration, StorageFailed, disk_failed, is_full

COLLECTION = "passages"
BATCH = 2000  # under Chroma's own limit of 5461
EF_SEARCH = 200  # recall@10 of .976 at 100,000 vectors, 5 ms a query


class DenseIndex:
    """Passage vectors in Chroma, embedded in this process or behind a server."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    def put(self, ids: Sequence[int], vectors: np.ndarray) -> None:
        """Write vectors (n, dimension) under passage ids, replacing what is there."""
        for at in range(0, len(ids), BATCH):
            some = [str(each) for each in ids[at : at + BATCH]]
            with _chroma_errors():
                self._collection.upsert(ids=some, embeddings=vectors[at : at + BATCH])

    def drop(self, ids: Sequence[int]) -> None:
        """Delete passage ids; ids that are not there are no error."""
        for at in range(0, len(ids), BATCH):
            with _chroma_errors():
                self._collection.delete(ids=[str(each) for each in ids[at : at + BATCH]])

    def nearest(self, vectors: np.ndarray, n: int) -> list[list[tuple[int, float]]]:
        """For each vector (m, dimension), the n nearest passages or all there are as (id, cosine), best first.

        One call for all of them: what a call costs is more than what another vector adds to it.
        """
        with _chroma_errors():
            found = self._collection.query(query_embeddings=list(vectors), n_results=n, include=["distances"])
        return [
            [(int(each), 1.0 - distance) for each, distance in zip(ids, distances, strict=True)]
            for ids, distances in zip(found["ids"], found["distances"], strict=True)
        ]

    def count(self) -> int:
        """How many vectors it holds."""
        with _chroma_errors():
            return int(self._collection.count())

    def vectors(self, ids: Sequence[int]) -> dict[int, np.ndarray]:
        """The vectors held for these ids; missing ids are left out."""
        if not ids:
            return {}
        with _chroma_errors():
            found = self._collection.get(ids=[str(each) for each in ids], include=["embeddings"])
        return {int(i): np.asarray(v, dtype=np.float32) for i, v in zip(found["ids"], found["embeddings"], strict=True)}


def open_dense(place: Path | str, name: str = COLLECTION) -> DenseIndex:
    """Open, or create, the index in a folder of this process, or at a Chroma server's URL.

    Raises ArchiveDamaged when the folder's files cannot be read, BadConfiguration when the server does not answer.
    """
    import chromadb
    from chromadb.config import Settings

    quiet = Settings(anonymized_telemetry=False)
    with _chroma_errors():
        if isinstance(place, Path):
            place.mkdir(parents=True, exist_ok=True)
            client = chromadb.PersistentClient(path=str(place), settings=quiet)
        else:
            client = _connect(place, quiet)
        collection = client.get_or_create_collection(
            name,
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine", "ef_search": EF_SEARCH}},
        )
    return DenseIndex(collection)


def delete_dense(place: Path | str, name: str = COLLECTION) -> None:
    """Delete the index: it is derived, the truth can fill it again."""
    if isinstance(place, Path):
        shutil.rmtree(place, ignore_errors=True)
        return
    from chromadb.config import Settings

    client = _connect(place, Settings(anonymized_telemetry=False))
    if name in [collection.name for collection in client.list_collections()]:
        client.delete_collection(name)


def _connect(url: str, settings: Any) -> Any:
    from urllib.parse import urlsplit

    import chromadb

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadConfiguration(f"DATELINE_CHROMA_URL must be an http or https URL with a host, not {url!r}.")
    port = parts.port or (443 if parts.scheme == "https" else 8000)
    try:
        return chromadb.HttpClient(host=parts.hostname, port=port, ssl=parts.scheme == "https", settings=settings)
    except ValueError as error:
        raise BadConfiguration(
            f"No Chroma server answers at {url} (DATELINE_CHROMA_URL). Start it with `chroma run`, or unset it."
        ) from error


@contextmanager
def _chroma_errors() -> Iterator[None]:
    """Translates Chroma's errors, which differ between its embedded and its served form, at one border."""
    import httpx
    from chromadb.errors import ChromaError

    try:
        yield
    except httpx.HTTPError as error:
        raise StorageFailed(
            f"The Chroma server of DATELINE_CHROMA_URL does not answer ({error}). Nothing is lost; try again when it "
            "is back."
        ) from error
    except ChromaError as error:
        if is_full(error):
            raise disk_failed(error) from error
        raise ArchiveDamaged(
            f"The vector index cannot be used ({error}). `dateline check --repair` rebuilds it from the truth."
        ) from error
