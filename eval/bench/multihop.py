"""Ingest speed and retrieval on multihop_rag: `python -m eval.bench.multihop --data DIR --home HOME`.

Hits@k and MRR@10 are the benchmark's released definitions: a chunk hits when, white space removed, it contains any
gold fact of the question. fact-recall@10 is the share of a question's facts found, all-docs@10 the share of questions
all of whose articles are found. 500 questions are answered too, and every quote is compared with the stored text.
"""

import argparse
import asyncio
import json
import random
import re
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bot.answer import Question
from bot.engine import complete
from bot.extractive import ExtractiveWriter
from bot.parts import as_query
from eval.case import Case
from eval.datasets import multihop_rag
from index import Archive, Evidence, MiniLM, header


def ingest(archive: Archive, data: Path) -> dict[str, float]:
    """Ingest all articles twice; rates, and what the second time cost."""
    articles = multihop_rag.articles(data)
    seconds, cpu = [], []
    for _ in range(2):
        wall, process = time.perf_counter(), time.process_time()
        report = archive.ingest(articles)
        seconds.append(time.perf_counter() - wall)
        cpu.append(time.process_time() - process)
        assert report.failed == 0, report.errors
    passages = archive.holdings().passages
    return {
        "articles": len(articles),
        "passages": passages,
        "seconds": round(seconds[0], 1),
        "cpu_seconds": round(cpu[0], 1),
        "articles_per_s": round(len(articles) / seconds[0], 2),
        "passages_per_s": round(passages / seconds[0], 2),
        "again_seconds": round(seconds[1], 2),
        "again_share": round(seconds[1] / seconds[0], 4),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def score(questions: Sequence[Case], found: Sequence[Sequence[Evidence]]) -> dict[str, float]:
    """Means over the questions that have facts."""
    rows: list[tuple[float, ...]] = []
    for question, evidence in zip(questions, found, strict=True):
        facts = {_bare(fact.text) for fact in question.facts}
        chunks = [_bare(f"{header(each.article)}\n{each.passage.text}") for each in evidence[:10]]
        held = [{fact for fact in facts if fact in chunk} for chunk in chunks]
        first = next((rank for rank, facts_there in enumerate(held, 1) if facts_there), None)
        recall = len(set().union(*held)) / len(facts)
        wanted = {fact.article_id for fact in question.facts}
        all_articles = wanted <= {each.article.id for each in evidence[:10]}
        rows.append(
            (first is not None and first <= 4, first is not None, 1 / first if first else 0.0, recall, all_articles)
        )
    names = ("hits@4", "hits@10", "mrr@10", "fact-recall@10", "all-docs@10")
    return {
        name: round(sum(column) / len(rows), 4) for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }


def quotes(archive: Archive, questions: Sequence[Case]) -> dict[str, float]:
    """Answer questions and compare every quote with the stored text at its offsets."""
    checked = exact = abstained = 0
    bodies: dict[str, str] = {}
    process = time.process_time()
    for question in questions:
        answer = asyncio.run(complete(Question(question.question), archive, ExtractiveWriter()))
        abstained += answer.status == "abstained"
        for citation in answer.citations:
            name = citation.article.id
            bodies[name] = bodies.get(name) or archive.versions(name)[-1].article.body
            checked += 1
            exact += bodies[name][citation.start : citation.end] == citation.quote
    cpu = (time.process_time() - process) / len(questions)
    return {
        "questions": len(questions),
        "quotes": checked,
        "exact": exact,
        "abstained": abstained,
        "cpu_ms_per_question": round(cpu * 1000, 1),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="an empty directory, or one from an earlier run")
    given = parser.parse_args()
    with Archive(given.home, MiniLM()) as archive:
        figures: dict[str, object] = {"ingest": ingest(archive, given.data)}
        questions = [each for each in multihop_rag.cases(given.data) if each.facts]
        publishers = archive.publishers()
        process = time.process_time()
        found = [archive.search(as_query(each.question, publishers), 10) for each in questions]
        cpu = (time.process_time() - process) / len(questions)
        figures["retrieval"] = {**score(questions, found), "cpu_ms_per_query": round(cpu * 1000, 1)}
        everything = multihop_rag.cases(given.data)
        figures["answers"] = quotes(archive, random.Random(2026).sample(everything, 500))
    json.dump(figures, sys.stdout, indent=2)


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


if __name__ == "__main__":
    main()
