"""Do articles find their story? `python -m eval.bench.stories --data DIR --home HOME`: precision and recall by hand.

The 609 articles of multihop_rag are stored with the embedded model, once; `stories.json` says by hand which of them
tell one story, and which are so near each other that either is right: pages of bargains for one day, rankings of one
week, the war of that autumn. Then they are put into stories again, in the order of their publication and in shuffled
ones, with their stored vectors. Pairs of articles within seven days count; a pair that is neither told to be a story
nor unclear is wrong.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, delete, select

from eval.datasets import multihop_rag
from index import Archive, MiniLM, back_up
from index.backup import TRUTH
from index.stories import AROUND, join
from index.tables import story_names, versions
from index.truth import open_truth

LABELS = Path(__file__).with_suffix(".json")
ORDERS = (0, 1, 2)  # seeds; 0 is the order of publication


def regrouped(truth: Engine, seed: int) -> dict[str, Any]:
    """The figures of articles that come in one order."""
    with truth.begin() as connection:
        connection.execute(delete(story_names))
        connection.execute(versions.update().values(story=None))
        ids = list(
            connection.scalars(select(versions.c.id).where(versions.c.current).order_by(versions.c.published_at))
        )
        if seed:
            random.Random(seed).shuffle(ids)
        started = time.process_time()
        for version_id in ids:
            join(connection, version_id)
        each_ms = (time.process_time() - started) * 1000 / len(ids)
        rows = connection.execute(select(versions.c.article_id, versions.c.story, versions.c.published_at)).all()
    near = {
        frozenset((one.article_id, other.article_id))
        for one, other in combinations([row for row in rows if row.published_at is not None], 2)
        if abs(one.published_at - other.published_at) <= AROUND
    }
    by_story: dict[str, list[str]] = {}
    for row in rows:
        by_story.setdefault(row.story, []).append(row.article_id)
    return {"order": seed, **_figures(by_story.values(), near), "CPU ms an article": round(each_ms, 2)}


def _figures(stories: Iterable[Sequence[str]], near: set[frozenset[str]]) -> dict[str, Any]:
    labels = json.loads(LABELS.read_text())
    right = _pairs(labels["stories"]) & near
    unclear = _pairs(labels["unclear"]) - right
    sizes = Counter(len(each) for each in stories)
    found = _pairs(stories) & near - unclear
    return {
        "pairs": len(right),
        "precision": round(len(found & right) / len(found), 3),
        "recall": round(len(found & right) / len(right), 3),
        "stories of several articles": sum(count for size, count in sizes.items() if size > 1),
        "the largest": max(sizes),
    }


def _pairs(groups: Iterable[Sequence[str]]) -> set[frozenset[str]]:
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def main() -> None:
    """Print a JSON document for each order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True, help="where the archive is kept between runs")
    given = parser.parse_args()
    with Archive(given.home, MiniLM()) as archive:
        archive.ingest(multihop_rag.articles(given.data))
    with TemporaryDirectory() as work:
        copy = Path(work) / TRUTH
        back_up(given.home, copy)
        truth = open_truth(copy)
        for seed in ORDERS:
            json.dump(regrouped(truth, seed), sys.stdout)
            sys.stdout.write("\n")
        truth.dispose()


if __name__ == "__main__":
    main()
