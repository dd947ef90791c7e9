"""Are wire copies found? `python -m eval.bench.copies --data DIR`: precision and recall on planted copies.

Every article of multihop_rag is stored, and for every share of edited words one copy of it by another outlet, with
another headline: half of the copies are edited word by word, half in runs of 6 to 18 words, as a desk rewrites a
sentence; a third keeps only its first 50 to 90 %, a third has a credit before and a paragraph of another article after
it. For a sixth of the articles a copy gives another figure in otherwise equal text: such a copy must stay apart. Words
that are replaced or put in come from the whole collection and are no numbers. All of it goes through the real store, in
an order that the seed shuffles; then each pair of articles in one report is right when both are of one original.
"""

import argparse
import json
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select

from index import Article
from index.articles import store
from index.likeness import NUMBER_WORDS
from index.reading.records import read_file
from index.tables import versions
from index.truth import open_truth

SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3)
OTHER_FIGURE = "other figure"


def planted(originals: Sequence[Article], seed: int) -> list[tuple[Article, str, str]]:
    """Originals and copies, shuffled: the article, the id of its original, and how it was made."""
    rng = random.Random(seed)
    vocabulary = [word for each in originals for word in re.findall(r"[^\W\d_]+", each.body)]
    vocabulary = [word for word in vocabulary if word.lower() not in NUMBER_WORDS]
    made = [(each, each.id, "original") for each in originals]
    for number, original in enumerate(originals):
        for share in SHARES:
            body = _edited(original.body, share, vocabulary, rng, in_runs=number % 2 == 1)
            body = _framed(body, rng.choice(originals).body, rng, number % 3)
            made.append(
                (_copy(original, f"{share:.2f}", body, rng.choice(originals).title), original.id, f"{share:.2f}")
            )
        changed = _other_figure(original.body, rng) if number % 6 == 0 else None
        if changed is not None:
            made.append((_copy(original, OTHER_FIGURE, changed, original.title), original.id, OTHER_FIGURE))
    rng.shuffle(made)
    return made


def figures(made: Sequence[tuple[Article, str, str]], reports: dict[str, str]) -> dict[str, object]:
    """Precision over all pairs of one report, and recall by how the copy was made."""
    origin = {article.id: original for article, original, _ in made}
    apart = {article.id for article, _, how in made if how == OTHER_FIGURE}
    found = defaultdict(list)
    for article_id, report in reports.items():
        found[report].append(article_id)
    pairs = [pair for members in found.values() for pair in combinations(members, 2)]
    right = sum(origin[one] == origin[other] and not {one, other} & apart for one, other in pairs)
    wrong = Counter(f"{origin[a]} + {origin[b]}" for a, b in pairs if origin[a] != origin[b])
    joined: dict[str, list[bool]] = defaultdict(list)
    for article, original, how in made:
        if how != "original":
            joined[how].append(reports[article.id] == reports[original])
    hidden = joined.pop(OTHER_FIGURE)
    within = [each for share, results in joined.items() if float(share) <= 0.2 for each in results]
    return {
        "articles": len(made),
        "pairs": len(pairs),
        "precision": round(right / len(pairs), 4),
        "originals taken for one report": dict(wrong.most_common(5)),
        "recall by share of edited words": {share: round(sum(r) / len(r), 3) for share, r in sorted(joined.items())},
        "recall up to 0.20": round(sum(within) / len(within), 4),
        "copies with another figure": len(hidden),
        "of them hidden": sum(hidden),
    }


def stored(made: Sequence[tuple[Article, str, str]], home: Path) -> tuple[dict[str, str], float]:
    """The report of each article after all were stored, and the CPU milliseconds that storing one took."""
    truth = open_truth(home / "truth.db")
    began = time.process_time()
    for article, _, _ in made:
        with truth.begin() as connection:
            store(connection, article, (), datetime.now(UTC))
    each_ms = (time.process_time() - began) / len(made) * 1000
    with truth.connect() as connection:
        reports = {row.article_id: row.report for row in connection.execute(select(versions))}
    truth.dispose()
    return reports, each_ms


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--articles", type=int, default=609)
    given = parser.parse_args()
    read = [each for each in read_file(given.data / "multihop_rag" / "articles.jsonl") if isinstance(each, Article)]
    made = planted(read[: given.articles], given.seed)
    with TemporaryDirectory() as home:
        reports, each_ms = stored(made, Path(home))
    json.dump({**figures(made, reports), "CPU ms an article": round(each_ms, 1)}, sys.stdout, indent=2)


def _edited(body: str, share: float, vocabulary: Sequence[str], rng: random.Random, *, in_runs: bool) -> str:
    words, out, at = body.split(" "), [], 0
    while at < len(words):
        length = rng.randint(6, 18) if in_runs else 1
        if rng.random() >= (share / (12 * (1 - share)) if in_runs else share):
            out.append(words[at])
            at += 1
            continue
        how = rng.choice(("replace", "replace", "delete", "insert"))
        out += [rng.choice(vocabulary) for _ in range(length)] if how != "delete" else []
        at += length if how != "insert" else 0
        if how == "insert" and not in_runs:
            out.append(words[at])
            at += 1
    return " ".join(out)


def _framed(body: str, other: str, rng: random.Random, kind: int) -> str:
    if kind == 1:
        return body[: int(len(body) * rng.uniform(0.5, 0.9))]
    if kind == 2:
        return f"This report is by our partner agency.\n\n{body}\n\n{other[:600]}"
    return body


def _other_figure(body: str, rng: random.Random) -> str | None:
    """The body with one of its numbers of two and more digits changed everywhere."""
    numbers = re.findall(r"(?<![\d.,:])[1-9]\d{1,2}(?![\d.,:]\d|\d)", body)
    if not numbers:
        return None
    old = rng.choice(numbers)
    return re.sub(rf"(?<![\d.,:]){old}(?![\d.,:]\d|\d)", str(int(old) + rng.randint(1, 9)), body)


def _copy(original: Article, how: str, body: str, title: str) -> Article:
    name = f"{original.id}-{how.replace(' ', '-')}"
    return replace(original, id=name, source=name, url=None, title=title, body=body, publisher=f"Outlet {how}")


if __name__ == "__main__":
    main()
