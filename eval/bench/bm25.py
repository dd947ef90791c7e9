"""Are the retrieval metrics right? `python -m eval.bench.bm25 --data DIR`: BM25 alone beside the published figures.

multihop_rag's articles are cut into chunks by llama-index's splitter, each with its title, source and date before it,
and ranked by BM25 (k1 1.5, b 0.75, no stop words) for every question that has facts. PUBLISHED has the same
configurations measured elsewhere on all 2,255 such questions of the benchmark; the 1,345 here are a part of them. Its
document figures come out only when ten articles are counted, not the articles of ten chunks.
"""

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from eval.case import Case, Retrieved
from eval.datasets import multihop_rag
from eval.metrics import retrieval
from index import Article, header, sentences, token_counter

K1, B = 1.5, 0.75
DEPTH = 300  # chunks ranked, so that ten different articles are among them
STOP_WORDS = frozenset(
    "a an and are as at be been but by did do does for from had has have how if in into is it its no not of on or such "
    "that the their then there these they this to was were what when where which who will with".split()
)
PUBLISHED = {
    "256/0 + metadata": (0.776, 0.912, 0.628, 0.321, 0.612, 0.870, 0.690, 0.670),
    "512/64 + metadata": (0.834, 0.951, 0.684, 0.360, 0.680, 0.868, 0.683, 0.661),
}
FIGURES = ("hits@4", "hits@10", "mrr@10", "map@10", "fact-recall@10", "doc-recall@10", "all-docs@10", "doc-map@10")


class BM25:
    """An index of texts for one ranking function; it holds a score for every word and text that has it."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(_words(text)) for text in texts]
        lengths = np.array([counted.total() for counted in counts], dtype=np.float64)
        norms = K1 * (1 - B + B * lengths / lengths.mean())
        postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for at, counted in enumerate(counts):
            for word, count in counted.items():
                postings[word].append((at, count))
        self._size = len(texts)
        self._scores: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for word, posted in postings.items():
            places, frequencies = (np.array(column) for column in zip(*posted, strict=True))
            rarity = np.log(1 + (self._size - len(posted) + 0.5) / (len(posted) + 0.5))
            self._scores[word] = places, rarity * frequencies * (K1 + 1) / (frequencies + norms[places])

    def best(self, question: str, count: int) -> list[tuple[int, float]]:
        """The texts that match best, with their scores; of equal ones the earlier first."""
        total = np.zeros(self._size)
        for word in _words(question):
            if word in self._scores:
                places, scores = self._scores[word]
                total[places] += scores
        return [(int(at), float(total[at])) for at in np.argsort(-total, kind="stable")[:count]]


def chunks(articles: Sequence[Article], size: int, overlap: int) -> list[Retrieved]:
    """The articles' chunks, each with its header, in order. Where one stands in its body is not kept.

    The sentences are Dateline's own: nltk refuses to read the ones llama-index ships where uv has hard-linked them.
    """
    from llama_index.core.node_parser import SentenceSplitter

    splitter = SentenceSplitter(
        chunk_size=size, chunk_overlap=overlap, tokenizer=token_counter(), chunking_tokenizer_fn=_sentences
    )
    return [
        Retrieved(article.id, 0, 0, header(article), text, 0.0)
        for article in articles
        for text in splitter.split_text(article.body)
    ]


def measure(cases: Sequence[Case], pieces: Sequence[Retrieved]) -> dict[str, float]:
    """The mean of each figure over the questions: chunks among the first 10, articles among the first 10 articles."""
    bm25 = BM25([f"{piece.header}\n{piece.text}" for piece in pieces])
    rows: list[tuple[float | None, ...]] = []
    for case in cases:
        found = [pieces[at] for at, _ in bm25.best(case.question, DEPTH)]
        articles = _one_each(found)
        rows.append(
            (
                retrieval.hits_at(found, case.facts, 4),
                retrieval.hits_at(found, case.facts, 10),
                retrieval.mrr_at(found, case.facts, 10),
                retrieval.map_released(found, case.facts, 10),
                retrieval.fact_recall_at(found, case.facts, 10),
                retrieval.recall_at(articles, case.articles, 10),
                retrieval.all_docs_at(articles, case.articles, 10),
                retrieval.doc_map_at(articles, case.articles, 10),
            )
        )
    return dict(
        zip(FIGURES, (round(float(each), 4) for each in np.array(rows, dtype=np.float64).mean(axis=0)), strict=True)
    )


def main() -> None:
    """Print the figures as JSON, beside the published ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    articles = multihop_rag.articles(given.data)
    cases = [case for case in multihop_rag.cases(given.data) if case.facts]
    figures: dict[str, object] = {"questions": len(cases)}
    for name, published in PUBLISHED.items():
        size, overlap = map(int, name.split(" ")[0].split("/"))
        pieces = chunks(articles, size, overlap)
        own = measure(cases, pieces)
        figures[name] = {
            "chunks": len(pieces),
            **{
                figure: {"here": own[figure], "published": there, "points": round(100 * (own[figure] - there), 1)}
                for figure, there in zip(FIGURES, published, strict=True)
            },
        }
    json.dump(figures, sys.stdout, indent=2)


def _one_each(found: Sequence[Retrieved]) -> list[Retrieved]:
    """The best chunk of each article, in order."""
    best: dict[str, Retrieved] = {}
    for piece in found:
        best.setdefault(piece.article_id, piece)
    return list(best.values())


def _sentences(text: str) -> list[str]:
    starts = [span.start for span in sentences(text)]
    return [text[a:b] for a, b in pairwise([0, *starts[1:], len(text)])]


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"\w+", text.lower()) if word not in STOP_WORDS]


if __name__ == "__main__":
    main()
