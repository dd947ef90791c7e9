"""What storing an article costs beside embedding it: `python -m eval.bench.ingest --data DIR [--articles 60]`.

Articles of multihop_rag are ingested with the embedded model, whose own CPU is taken; then each part of the rest is
done again by itself over the same articles. What is left over is SQLite, and finding copies and stories among
candidates.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from eval.datasets import multihop_rag
from index import Archive, Article, MiniLM
from index.backup import TRUTH
from index.dense import open_dense
from index.evidence import entries, live_passages, passage_vectors
from index.likeness import bands, shingles
from index.passages import split
from index.stories import names
from index.truth import open_truth
from index.words import open_words

WARM_UP = 4  # articles, for what is loaded once


class Timed:
    """The embedded model, and the CPU it took."""

    def __init__(self) -> None:
        self._model = MiniLM()
        self.id, self.dimension = self._model.id, self._model.dimension
        self.cpu_s = 0.0

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (n, 384) float32."""
        started = time.process_time()
        vectors = self._model.embed(texts)
        self.cpu_s += time.process_time() - started
        return vectors


def cpu_s(act: Callable[[], object]) -> float:
    """What an act costs this process, all its threads."""
    started = time.process_time()
    act()
    return time.process_time() - started


def costs(articles: Sequence[Article], home: Path) -> dict[str, float]:
    """CPU in milliseconds an article, by part."""
    parts = {
        "segmenting": cpu_s(lambda: [split(each.body) for each in articles]),
        "MinHash and shingles": cpu_s(lambda: [(bands(each.body), shingles(each.body)) for each in articles]),
        "names of stories": cpu_s(lambda: [names(each.title, each.body, each.publisher) for each in articles]),
    }
    embedder = Timed()
    with Archive(home / "archive", embedder) as archive:
        archive.ingest(articles[:WARM_UP])
        embedder.cpu_s = 0.0
        whole = cpu_s(lambda: archive.ingest(articles[WARM_UP:]))
    truth = open_truth(home / "archive" / TRUTH)
    with truth.connect() as connection:
        ids = live_passages(connection)
        texts = entries(connection, ids)
        put = passage_vectors(connection, ids, embedder.id)
    truth.dispose()
    parts["words, Tantivy"] = cpu_s(lambda: open_words(home / "words").apply(texts, []))
    parts["vectors, Chroma"] = cpu_s(lambda: open_dense(home / "vectors").put(*put))
    each = {name: value * 1000 / len(articles) for name, value in parts.items()}
    total, embedding = (value * 1000 / (len(articles) - WARM_UP) for value in (whole, embedder.cpu_s))
    rest = total - embedding
    left = rest - sum(each.values())
    shares = {"all but embedding": rest, "its share of the whole": 100 * rest / total}
    return {"whole": total, "embedding": embedding, **each, "SQLite and what is left": left, **shares}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--articles", type=int, default=60)
    given = parser.parse_args()
    articles = multihop_rag.articles(given.data)[: given.articles]
    split(articles[-1].body)  # loads the segmenter and the table of tokens
    bands(articles[-1].body)
    with TemporaryDirectory() as home:
        found = costs(articles, Path(home))
    json.dump({name: round(value, 1) for name, value in found.items()}, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
