"""What should a vector stand for? `python -m eval.bench.units --data DIR --multihop HOME --squad HOME`.

Over the archives that eval.bench.multihop and eval.bench.extracts made, ranks passages by the cosine of: the passage
embedded whole; the mean of its sentences' vectors; its best window of three sentences; its best sentence. Then the same
four as candidates beside BM25 in the fused score that retrieval uses.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from eval.bench.extracts import sample as squad_sample
from eval.bench.multihop import score as multihop_score
from eval.case import Case
from eval.datasets import multihop_rag
from index import Archive, Evidence, MiniLM
from index.evidence import Candidate, live_passages, load
from index.retrieval import CANDIDATES

UNITS = ("passage", "mean", "window", "sentence")


def unit_scores(candidates: Sequence[Candidate], whole: np.ndarray, vectors: np.ndarray) -> dict[str, np.ndarray]:
    """Cosines (questions, passages) for each unit."""
    scores = {name: np.zeros((len(vectors), len(candidates)), np.float32) for name in UNITS}
    scores["passage"] = vectors @ whole.T
    scores["mean"] = vectors @ np.stack([_mean(each.sentence_vectors) for each in candidates]).T
    for at, candidate in enumerate(candidates):
        own = candidate.sentence_vectors
        scores["sentence"][:, at] = (own @ vectors.T).max(axis=0)
        sums = np.cumsum(np.vstack([np.zeros_like(own[:1]), own]), axis=0)
        size = min(3, len(own))
        windows = sums[size:] - sums[:-size]
        windows /= np.linalg.norm(windows, axis=1, keepdims=True)
        scores["window"][:, at] = (windows @ vectors.T).max(axis=0)
    return scores


def compare(
    archive: Archive, texts: Sequence[str], score: Callable[[list[list[Evidence]]], dict[str, float]]
) -> object:
    """For each unit, the figures of its own ranking and of the fused one."""
    truth, derived = archive._truth, archive._derived
    with truth.connect() as connection:
        candidates = list(load(connection, live_passages(connection), archive.embedder.id).values())
    place = {each.passage.id: at for at, each in enumerate(candidates)}
    whole = archive.embedder.embed([each.passage.text for each in candidates])
    scores = unit_scores(candidates, whole, archive.embedder.embed(texts))
    figures: dict[str, object] = {}
    for unit in UNITS:
        alone, fused = [], []
        for row, text in enumerate(texts):
            nearest = np.argsort(-scores[unit][row])[:CANDIDATES]
            alone.append([_evidence(candidates[at], 0.0) for at in nearest[:10]])
            words = {place[passage_id]: bm25 for passage_id, bm25 in derived.words.search(text, CANDIDATES)}
            top = max(words.values(), default=1.0)
            pool = {int(at) for at in nearest} | set(words)
            total = {at: words.get(at, 0.0) / top + float(scores["sentence"][row, at]) for at in pool}
            best = sorted(pool, key=lambda at: -total[at])[:10]
            fused.append([_evidence(candidates[at], total[at]) for at in best])
        figures[unit] = {"alone": score(alone), "beside BM25": score(fused)}
    return figures


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--multihop", type=Path, required=True)
    parser.add_argument("--squad", type=Path, required=True)
    given = parser.parse_args()
    figures = {}
    with Archive(given.multihop, MiniLM()) as archive:
        facts = [each for each in multihop_rag.cases(given.data) if each.facts]
        sample: list[Case] = random.Random(1).sample(facts, 600)
        figures["multihop_rag"] = compare(
            archive, [q.question for q in sample], lambda found: multihop_score(sample, found)
        )
    with Archive(given.squad, MiniLM()) as archive:
        reading = squad_sample(given.data, "answerable", 1000, 1)

        def hits(found: list[list[Evidence]]) -> dict[str, float]:
            ranks = [
                next((rank for rank, each in enumerate(row, 1) if each.article.id in question.articles), 99)
                for question, row in zip(reading, found, strict=True)
            ]
            return {f"hit@{k}": sum(rank <= k for rank in ranks) / len(ranks) for k in (1, 4, 10)}

        figures["squad2"] = compare(archive, [q.question for q in reading], hits)
    json.dump(figures, sys.stdout, indent=2)


def _mean(rows: np.ndarray) -> np.ndarray:
    mean = rows.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def _evidence(candidate: Candidate, score: float) -> Evidence:
    return Evidence(candidate.passage, candidate.article, score, (), ())


if __name__ == "__main__":
    main()
