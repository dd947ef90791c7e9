"""Speed and memory as an archive grows: `python -m eval.bench.size --data DIR --work DIR [--passages 1000 10000]`.

The archive is multihop_rag, repeated with every third word of a sentence swapped for another of the corpus, under
other ids and dates. Its vectors are random projections of a text's words, so that texts which share words lie close and
nothing waits for a model: what is measured is everything but the embedding. Beside it stands the plain LlamaIndex +
Chroma pipeline (SentenceSplitter 256/20, ChromaVectorStore, VectorStoreIndex) over the same articles with the same
vectors, asked the same questions in the same process, question by question. Set OPENBLAS_NUM_THREADS=1, as the commands
of Dateline do. That pipeline needs the package
llama-index-vector-stores-chroma, which nothing else does; `--without-plain` leaves it out.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from bot.parts import as_query
from eval.datasets import multihop_rag
from index import Archive, Article, Filter, Query

if TYPE_CHECKING:
    from llama_index.core.embeddings import BaseEmbedding

DIMENSION = 384  # that of the embedded model
DIRECTIONS = 16_384  # some words share one
PASSAGES_AN_ARTICLE = 5.8  # multihop_rag's, for how many articles make so many passages
QUESTIONS = 100
SWAPPED = 3  # one word in so many
FIRST_DAY, DAYS = datetime(2023, 9, 1, tzinfo=UTC), 360


class Projections:
    """An embedder without a model: the sum of a random direction for each word of a text."""

    id = "projections-384"
    dimension = DIMENSION

    def __init__(self) -> None:
        self._directions = np.random.default_rng(0).standard_normal((DIRECTIONS, DIMENSION), np.float32)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (n, 384) float32."""
        words = [["", *text.lower().split()] for text in texts]
        numbers = [crc32(word.encode()) % DIRECTIONS for each in words for word in each]
        starts = np.cumsum([0, *(len(each) for each in words)])[:-1]
        vectors = np.add.reduceat(self._directions[numbers], starts, axis=0)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def replicas(articles: Sequence[Article]) -> Iterator[Article]:
    """The articles again and again without end, each time with other words, ids, addresses and dates."""
    vocabulary = sorted({word for article in articles for word in article.body.split() if word.isalpha()})
    for round_number in count():
        for number, article in enumerate(articles):
            chance = random.Random(f"{round_number}-{number}")
            swapped = [
                chance.choice(vocabulary) if word.isalpha() and chance.randrange(SWAPPED) == 0 else word
                for word in article.body.split(" ")
            ]
            yield replace(
                article,
                id=f"{article.id}-{round_number}",
                url=f"https://replica.example/{round_number}/{number}",
                published_at=FIRST_DAY + timedelta(days=chance.randrange(DAYS), seconds=chance.randrange(86_400)),
                body=" ".join(swapped),
            )


def cpu_ms(act: Callable[[], object]) -> float:
    """What an act costs this process, in milliseconds of CPU."""
    started = time.process_time()
    act()
    return (time.process_time() - started) * 1000


def filters(articles: Sequence[Article]) -> dict[str, Filter]:
    """No filter, dates that let a half, a tenth and a hundredth of the articles pass, and the largest publisher."""
    publishers = [article.publisher for article in articles if article.publisher]
    largest = max(sorted(set(publishers)), key=publishers.count)
    until = [FIRST_DAY + timedelta(days=DAYS * share) for share in (0.5, 0.1, 0.01)]
    names = ("dates 50 %", "dates 10 %", "dates 1 %")
    return {
        "no filter": Filter(),
        **{name: Filter(since=FIRST_DAY, until=end) for name, end in zip(names, until, strict=True)},
        "publisher": Filter(publishers=(largest,)),
    }


def ask(archive: Archive, queries: Sequence[Query], plain: "Plain | None") -> dict[str, Any]:
    """Percentiles of the CPU of a query with every filter.

    Of the question with its parts, as it is asked (some three of them), of the same text as one part, and, without a
    filter and with dates, of the plain pipeline.
    """
    found: dict[str, Any] = {}
    for name, chosen in filters(archive_articles(archive)).items():
        with_plain = plain is not None and name in ("no filter", "dates 10 %")
        archive.search(queries[0], 10, chosen)  # the first one reads what stays in memory
        took: dict[str, list[float]] = {"with parts": [], "one part": [], "plain": []}
        for query in queries:
            took["with parts"].append(cpu_ms(partial(archive.search, query, 10, chosen)))
            took["one part"].append(cpu_ms(partial(archive.search, replace(query, parts=()), 10, chosen)))
            if plain is not None and with_plain:
                took["plain"].append(cpu_ms(partial(plain.search, query.text, chosen)))
        found[name] = {kind: _percentiles(times) for kind, times in took.items() if times}
    return found


def archive_articles(archive: Archive) -> list[Article]:
    """The current articles, without bodies."""
    return [version.article for version in archive.articles()]


class Known:
    """An embedder that has seen the questions: what is left of a query is everything but the embedding."""

    id = Projections.id
    dimension = DIMENSION

    def __init__(self) -> None:
        self._embedder = Projections()
        self._seen: dict[str, np.ndarray] = {}

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (n, 384) float32; those of short texts are kept."""
        if len(texts) > 10:
            return self._embedder.embed(texts)
        for text in texts:
            if text not in self._seen:
                self._seen[text] = self._embedder.embed([text])[0]
        return np.stack([self._seen[text] for text in texts])


class Plain:
    """The plain pipeline of LlamaIndex and Chroma, filled with the same articles."""

    def __init__(self, home: Path, embedder: Known) -> None:
        import chromadb
        from llama_index.core import StorageContext, VectorStoreIndex
        from llama_index.vector_stores.chroma import ChromaVectorStore

        self._collection = chromadb.PersistentClient(str(home)).get_or_create_collection(
            "plain", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        store = ChromaVectorStore(chroma_collection=self._collection)
        context = StorageContext.from_defaults(vector_store=store)
        self._embedding = _llama_embedding(embedder)
        self._index = VectorStoreIndex([], storage_context=context, embed_model=self._embedding)

    def ingest(self, articles: Sequence[Article]) -> None:
        """Split, embed and store."""
        from llama_index.core import Document
        from llama_index.core.ingestion import IngestionPipeline
        from llama_index.core.node_parser import SentenceSplitter

        documents = [
            Document(
                text=article.body,
                doc_id=article.id,
                metadata={
                    "title": article.title,
                    "source": article.publisher or "",
                    "day": int(article.published_at.timestamp()) if article.published_at else 0,
                },
            )
            for article in articles
        ]
        splitter = SentenceSplitter(chunk_size=256, chunk_overlap=20)
        nodes = IngestionPipeline(transformations=[splitter, self._embedding]).run(documents=documents)
        for at in range(0, len(nodes), 5000):  # ChromaVectorStore sends more at once than Chroma takes
            self._index.insert_nodes(nodes[at : at + 5000])

    def count(self) -> int:
        """How many chunks it holds."""
        return int(self._collection.count())

    def search(self, question: str, chosen: Filter) -> object:
        """The ten nearest chunks, with the filter's dates as Chroma's `where`."""
        from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters

        dates = [
            MetadataFilter(key="day", operator=operator, value=int(moment.timestamp()))
            for operator, moment in ((FilterOperator.GTE, chosen.since), (FilterOperator.LT, chosen.until))
            if moment is not None
        ]
        given: Any = {"filters": MetadataFilters(filters=[*dates])} if dates else {}
        return self._index.as_retriever(similarity_top_k=10, **given).retrieve(question)


def _llama_embedding(embedder: Known) -> "BaseEmbedding":
    from llama_index.core.embeddings import BaseEmbedding

    class Embedding(BaseEmbedding):  # type: ignore[misc]
        def _get_text_embedding(self, text: str) -> list[float]:
            return list(map(float, embedder.embed([text])[0]))

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return [list(map(float, vector)) for vector in embedder.embed(texts)]

        def _get_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

    return Embedding(embed_batch_size=64)


def resident_mb() -> int:
    """Resident memory of this process."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) // 1024


def measure(data: Path, work: Path, passages: int, *, plain: bool) -> dict[str, Any]:
    """Fill an archive of about so many passages, or open the one kept in `work`, and ask it."""
    embedder, articles = Known(), multihop_rag.articles(data)
    wanted = max(1, round(passages / PASSAGES_AN_ARTICLE))
    publishers = sorted({article.publisher for article in articles if article.publisher})
    questions = [case.question for case in multihop_rag.cases(data) if case.facts]
    queries = [as_query(each, publishers) for each in random.Random(2026).sample(questions, QUESTIONS)]
    with Archive(work / f"dateline-{passages}", embedder) as archive:
        ingest: dict[str, float] = {}
        if archive.holdings().articles < wanted:
            ingest["cpu_s"] = round(cpu_ms(lambda: archive.ingest(islice(replicas(articles), wanted))) / 1000, 1)
            ingest["articles_per_cpu_s"] = round(wanted / ingest["cpu_s"], 1)
        opened = resident_mb()
        archive.search(queries[0], 10, Filter(since=FIRST_DAY))
        figures: dict[str, Any] = {
            "passages": archive.holdings().passages,
            "ingest": ingest,
            "resident_mb": {"opened": opened, "with the flat index": resident_mb()},
        }
        other = _filled_plain(work / f"plain-{passages}", embedder, articles, wanted, figures) if plain else None
        figures["query_cpu_ms"] = ask(archive, queries, other)
        figures["resident_mb"]["after the queries"] = resident_mb()
    return figures


def _filled_plain(
    home: Path, embedder: Known, articles: Sequence[Article], wanted: int, figures: dict[str, Any]
) -> Plain:
    plain = Plain(home, embedder)
    if not plain.count():
        some = list(islice(replicas(articles), wanted))
        took = cpu_ms(lambda: plain.ingest(some)) / 1000
        figures["plain_ingest"] = {"cpu_s": round(took, 1), "articles_per_cpu_s": round(wanted / took, 1)}
    figures["plain_chunks"] = plain.count()
    return plain


def _percentiles(took: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(took, n=20)
    return {"p50": round(statistics.median(took), 2), "p95": round(cuts[18], 2)}


def main() -> None:
    """Print a JSON document for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="where the archives are kept between runs")
    parser.add_argument("--passages", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--without-plain", action="store_true", help="leave LlamaIndex + Chroma out")
    given = parser.parse_args()
    for passages in given.passages:
        figures = measure(given.data, given.work, passages, plain=not given.without_plain)
        json.dump(figures, sys.stdout, indent=2)
        sys.stdout.write("\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
