"""What the reranker is worth: `python -m eval.bench.reranking --data DIR --work DIR`.

Questions of realtimeqa and of news, and 500 of squad2's, none of which the reranker was trained on, are answered with
it and without: the share that has the answer in the first one, two, three quotes, how many quotes there are, and by how
much the first quote is right more often, with its 95 % interval (10,000 resamplings of the questions); also what it
costs. The archives in `work` are those of `dateline eval run`, which must have been run on the three.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bot.answer import ProvenSentence, Question
from bot.extractive import ExtractiveWriter
from bot.understanding import search, understand
from eval.case import Case
from eval.datasets import squad2
from eval.metrics.answers import gold_in_quotes, gold_words_in_quotes
from eval.run import filled_archive
from eval.suite import read_dataset, read_suite
from eval.training.candidates import half, pages_of
from index import Archive, MiniLM, Reranker

RESAMPLED = 10_000
OF_SQUAD2 = 500


async def quoted(archive: Archive, case: Case) -> tuple[list[str], float]:
    """The quotes of the answer, in order, and the seconds of CPU that search and writing took."""
    began = time.process_time()
    question = Question(case.question, case.filter, 10)
    found = search(understand(question, case.question, archive, archive.publishers(), datetime.now(UTC)), archive)
    async with aclosing(ExtractiveWriter().write(found.question, found.evidence, found.weights)) as written:
        quotes = [quote.text async for each in written if isinstance(each, ProvenSentence) for quote in each.quotes]
    return quotes, time.process_time() - began


def cases(name: str, data: Path) -> list[Case]:
    """The questions with an answer; of squad2 some of the half that was not trained on."""
    if name != "squad2":
        dataset = read_dataset(read_suite(name), data, None)
        return [case for case in dataset.cases if case.kind in ("fresh", "answerable")]
    pages = pages_of(name, squad2.articles(data))
    unseen = [case for case in squad2.cases(data) if case.kind == "answerable" and not half(case, pages)]
    return random.Random(7).sample(unseen, OF_SQUAD2)


def measure(name: str, data: Path, work: Path) -> dict[str, object]:
    """The figures of one suite."""
    suite = read_suite(name)
    home = filled_archive(work, suite, read_dataset(suite, data, None))
    right_in = gold_words_in_quotes if name == "realtimeqa" else gold_in_quotes
    asked = cases(name, data)
    rows: dict[str, np.ndarray] = {}
    for way, reranker in (("without", None), ("with", Reranker())):
        with Archive(home, MiniLM(), reranker=reranker) as archive:
            asyncio.run(quoted(archive, asked[0]))  # the first question loads the model
            found = [(case, *asyncio.run(quoted(archive, case))) for case in asked]
        rows[way] = np.array(
            [
                [*(right_in(quotes, case.answers, n) or 0 for n in (1, 2, 3)), len(quotes), 1000 * seconds]
                for case, quotes, seconds in found
            ]
        )
    gained = rows["with"][:, 0] - rows["without"][:, 0]
    chance = np.random.default_rng(1)
    means = [gained[chance.integers(0, len(gained), len(gained))].mean() for _ in range(RESAMPLED)]
    columns = ("in_first", "in_two", "in_three", "quotes")
    return {
        "questions": len(asked),
        **{way: dict(zip(columns, each[:, :4].mean(0).round(3).tolist(), strict=True)) for way, each in rows.items()},
        "gained_in_first": [round(float(each), 3) for each in (gained.mean(), *np.quantile(means, (0.025, 0.975)))],
        "better_worse": [int((gained > 0).sum()), int((gained < 0).sum())],
        "cpu_ms_p50": {way: round(float(np.median(each[:, 4])), 1) for way, each in rows.items()},
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    given = parser.parse_args()
    for name in ("realtimeqa", "news", "squad2"):
        json.dump({name: measure(name, given.data, given.work)}, sys.stdout)
        print(flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
