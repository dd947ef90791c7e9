"""Fits and tries the probability that an answer is there: `python -m eval.bench.calibrate --data DIR --work DIR`.

The archives in `work` are those of `dateline eval run`, which must have been run on every set below. A logistic
regression with a little ridge, fitted by Newton's method on one half of multihop_rag, squad2, mtrag and news, halved by
article; each kind of question weighs the same, and as much is answerable as not. Scored on the other half, and on
realtimeqa, which it has not seen. What the reranker was trained on is left out: of multihop_rag and squad2 half.
`--write` puts the coefficients into bot/confidence.json.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bot.answer import Question
from bot.confidence import COEFFICIENTS, Signals, confidence, signals
from bot.followup import standalone
from bot.ranking import rank
from bot.understanding import search, understand
from eval.case import Case
from eval.datasets import news
from eval.metrics import refusal
from eval.run import filled_archive
from eval.suite import read_dataset, read_suite
from eval.training import candidates
from index import Archive, MiniLM, Reranker

FITTED = ("multihop_rag", "squad2", "mtrag", "news")
TRAINED_ON = ("multihop_rag", "squad2")  # half of them
UNSEEN = ("realtimeqa",)
RIDGE = 1.0
STEPS = 30


class Row(NamedTuple):
    """One question: where it is from, whether it has an answer, how far it is above the bar, and its signals."""

    suite: str
    kind: str
    half: int
    answerable: bool
    above: float
    signals: tuple[float, ...]


def rows(suite_name: str, data: Path, work: Path) -> Iterator[Row]:
    """The rows of a suite's cases that are plainly answerable or not."""
    suite = read_suite(suite_name)
    dataset = read_dataset(suite, data, None)
    home = filled_archive(work, suite, dataset)
    pages = candidates.pages_of(suite_name, dataset.articles)
    with Archive(home, MiniLM(), reranker=Reranker(threads=1)) as archive, ThreadPoolExecutor(2) as pool:
        publishers, now = archive.publishers(), datetime.now(UTC)

        def row(case: Case) -> Row | None:
            chosen = replace(case.filter, without=case.without)
            question = Question(case.question, chosen, 10, earlier=case.history)
            text = standalone(question.text, question.earlier, publishers)
            found = search(understand(question, text, archive, publishers, now), archive)
            ranked = rank(found.question.text, found.evidence, found.weights, found.question.recency)
            if not ranked:
                return None  # nothing to be unsure about
            seen = signals(found.question.text, ranked, found.weights)
            above = confidence(ranked, found.weights)
            return Row(suite_name, case.kind, _half(case), not case.refuse, above, tuple(seen))

        plain = [case for case in dataset.cases if case.kind not in ("partial", "underspecified")]
        unseen = [case for case in plain if suite_name not in TRAINED_ON or not candidates.half(case, pages)]
        yield from filter(None, pool.map(row, unseen))


def _half(case: Case) -> int:
    """A question and its twin are of one half, and so are questions of one article."""
    name = next(iter(case.articles or case.without), case.id)
    if case.id.startswith("news-"):
        name = news.article_of(case)  # near-topic ones are about an article, too
    return hashlib.sha256(name.encode()).digest()[1] % 2


def fit(some: Sequence[Row]) -> np.ndarray:
    """Intercept and coefficients (1 + signals,) by iteratively reweighted least squares."""
    x = np.array([(1.0, *row.signals) for row in some])
    y = np.array([row.answerable for row in some], float)
    weight = _weights(some)
    scale = np.append(1.0, x[:, 1:].std(axis=0) + 1e-9)
    x = x / scale
    beta = np.zeros(x.shape[1])
    ridge = RIDGE * np.diag([0.0, *[1.0] * (x.shape[1] - 1)])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-x @ beta))
        slope = x.T @ (weight * (y - p)) - ridge @ beta
        beta += np.linalg.solve((x * (weight * p * (1 - p) + 1e-9)[:, None]).T @ x + ridge, slope)
    return np.asarray(beta / scale)


def _weights(some: Sequence[Row]) -> np.ndarray:
    """Each (suite, kind) of one answer weighs the same, and both answers do."""
    groups: dict[tuple[bool, str], dict[str, int]] = {}
    for row in some:
        kinds = groups.setdefault((row.answerable, row.suite), {})
        kinds[row.kind] = kinds.get(row.kind, 0) + 1
    sides = {side: sum(side == each for each, _ in groups) for side in (True, False)}
    total = len(some) / 2
    return np.array(
        [
            total
            / sides[row.answerable]
            / len(groups[row.answerable, row.suite])
            / groups[row.answerable, row.suite][row.kind]
            for row in some
        ]
    )


def judged(some: Sequence[Row], beta: np.ndarray) -> np.ndarray:
    """The probabilities (n,) of some rows."""
    x = np.array([(1.0, *row.signals) for row in some])
    return np.asarray(1 / (1 + np.exp(-x @ beta)))


def report(all_rows: Sequence[Row], beta: np.ndarray) -> dict[str, object]:
    """How the writer's bar does on each suite and kind, on the half it was set on and the other; the reliability."""
    found: dict[str, object] = {}
    for suite in (*FITTED, *UNSEEN):
        for half in (0, 1):
            own = [row for row in all_rows if row.suite == suite and row.half == half]
            sure = [row.above for row in own if row.answerable]
            for kind in sorted({row.kind for row in own if not row.answerable}):
                unsure = [row.above for row in own if row.kind == kind]
                found[f"{suite} {kind}, half {'AB'[half]}"] = {
                    "auc": _round(refusal.auc(sure, unsure)),
                    "refused@10%": _round(refusal.recall_at_false_refusal(sure, unsure, 0.10)),
                    "refused": _round(sum(each < 0 for each in unsure) / len(unsure)),
                    "wrongly_refused": _round(sum(each < 0 for each in sure) / len(sure)),
                    "cases": (len(sure), len(unsure)),
                }
    for name, some in (
        ("fitted sets, half B", [row for row in all_rows if row.suite in FITTED and row.half == 1]),
        ("realtimeqa", [row for row in all_rows if row.suite in UNSEEN]),
    ):
        table = refusal.reliability(judged(some, beta).tolist(), [row.answerable for row in some])
        found[f"reliability, {name}"] = [
            {"from": each.low, "predicted": _round(each.predicted), "observed": _round(each.observed), "n": each.count}
            for each in table
        ]
    return found


def _kept(suite: str, given: argparse.Namespace) -> list[Row]:
    """A suite's rows, from the folder where they were kept, or now and kept there."""
    kept: Path = given.rows / f"{suite}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(list(rows(suite, given.data, given.work))))
    rows_kept = json.loads(kept.read_text())
    return [Row(name, kind, half, right, above, tuple(seen)) for name, kind, half, right, above, seen in rows_kept]


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def main() -> None:
    """Print the figures as JSON; with --write, keep the coefficients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rows", type=Path, required=True, help="the folder where the signals are kept between runs")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    all_rows = [row for suite in (*FITTED, *UNSEEN) for row in _kept(suite, given)]
    beta = fit([row for row in all_rows if row.suite in FITTED and row.half == 0])
    names = ("intercept", *Signals._fields)
    coefficients = {name: round(float(value), 4) for name, value in zip(names, beta, strict=True)}
    json.dump({"coefficients": coefficients, **report(all_rows, beta)}, sys.stdout, indent=1)
    if given.write:
        fitted_on = "questions of multihop_rag (ODC-BY), squad2 (CC BY-SA 4.0), mtrag (Apache-2.0) and Dateline's own"
        COEFFICIENTS.write_text(json.dumps({"fitted_on": fitted_on, "coefficients": coefficients}, indent=2) + "\n")


if __name__ == "__main__":
    main()
