"""Does the extractive writer quote the answer? `python -m eval.bench.extracts --data DIR --home HOME [--seed N]`.

squad2's paragraphs are the archive. Of 500 seeded answerable questions: the share whose gold answer lies in the first
one, two, three quoted sentences (an abstention has none); of 250 unanswerable ones, and of the answerable ones with
their paragraph taken out of the evidence: the share refused.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path

from bot.answer import ProvenSentence, Question
from bot.extractive import ExtractiveWriter
from eval.case import Case
from eval.datasets import squad2
from index import Archive, MiniLM


def sample(data: Path, kind: str, count: int, seed: int) -> list[Case]:
    """A seeded sample of squad2's questions of one kind."""
    return random.Random(seed).sample([case for case in squad2.cases(data) if case.kind == kind], count)


async def quoted(archive: Archive, question: Case, without: Iterable[str] = ()) -> list[str]:
    """The quotes of the answer, in order; articles named in `without` are taken out of the evidence."""
    evidence = [each for each in archive.search(question.question, 10) if each.article.id not in without]
    writing = ExtractiveWriter().write(Question(question.question), evidence, archive.word_weights(question.question))
    async with aclosing(writing) as written:
        return [quote.text async for each in written if isinstance(each, ProvenSentence) for quote in each.quotes]


async def measure(archive: Archive, data: Path, seed: int) -> dict[str, float]:
    """All the shares."""
    answerable = sample(data, "answerable", 500, seed)
    unanswerable = sample(data, "near_topic", 250, seed)
    given = [await quoted(archive, each) for each in answerable]
    shares = {
        f"gold in first {count}": sum(
            any(gold in quote for quote in quotes[:count] for gold in question.answers)
            for question, quotes in zip(answerable, given, strict=True)
        )
        / len(answerable)
        for count in (1, 2, 3)
    }
    return {
        **shares,
        "quotes per answer": sum(map(len, given)) / len(given),
        "wrongly refused": sum(not quotes for quotes in given) / len(given),
        "refused, paragraph gone": sum([not await quoted(archive, each, each.articles) for each in answerable])
        / len(answerable),
        "refused, near-topic": sum([not await quoted(archive, each) for each in unanswerable]) / len(unanswerable),
    }


def main() -> None:
    """Print the shares as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="an empty directory, or one from an earlier run")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with Archive(given.home, MiniLM()) as archive:
        archive.ingest(squad2.articles(given.data))
        json.dump(asyncio.run(measure(archive, given.data, given.seed)), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
