"""Runs a suite: asks its cases through the engine, or verifies its claims, scores them and sums up."""

import asyncio
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.answer import Question
from bot.confidence import confidence, probability
from bot.encoding import answer_json
from bot.engine import AnswerFailure, Writer, ask
from bot.events import AnswerCompleted, AnswerFailed, SearchCompleted
from bot.ranking import rank
from eval.case import Case, Identity, Metric, Outcome, Result, Retrieved
from eval.claims import verify_claim
from eval.datasets import Dataset, digest
from eval.judge import Judge, judge_answer
from eval.metrics import refusal, statistics, verification
from eval.recording import Unrecorded
from eval.scoring import score
from eval.suite import Suite
from index import Archive, Evidence, header
from prompts import versions

PASSAGES = 10
BY_KIND = ("correct", "strict_accuracy")
NOT_AVERAGED = {"confidence", "probability", "support"}
AT_ONCE = 2  # questions answered side by side: one a core


def identity(
    suite: Suite,
    dataset: Dataset,
    archive: Archive,
    writer: Writer,
    judge: Judge | None = None,
    *,
    replays: bool = False,
) -> Identity:
    """What a run measures and with what. With an LLM it is of tier T1 where its replies are replayed, else T2."""
    articles, cases = digest(dataset)
    models = {"embedding": archive.embedder.id, "llm": writer.model or ""}
    settings = {"writer": writer.name, "k": str(PASSAGES)}
    if judge is not None:
        models["judge"] = judge.model
        settings["judge"] = "qualified" if judge.qualified else "advisory"
    return Identity(
        suite=suite.name,
        tier="T1" if replays else "T2" if writer.model or judge else suite.tier,
        data=articles,
        cases=cases,
        revision=_revision(),
        models=models,
        prompts=versions(),
        settings=settings,
        seed=suite.seed,
        started_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def results(
    dataset: Dataset, archive: Archive, writer: Writer, done: Mapping[str, Result], judge: Judge | None = None
) -> Iterator[Result]:
    """Each case's and claim's result, in order; what is in `done` is not run again. Raises AnswerFailure."""

    def result(case: Case) -> Result:
        return done.get(case.id) or asyncio.run(_ask(case, archive, writer, judge))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(result, dataset.cases)
    for claim in dataset.claims:
        yield done.get(claim.id) or verify_claim(claim)


def summarise(found: Sequence[Result], seed: int) -> tuple[Metric, ...]:
    """The metrics of a run, by name: the mean of every score that applies with its 95 % interval, and the areas.

    The interval is Wilson's for scores of 0 and 1 and a seeded bootstrap for others; an area's is its own value twice.
    """
    names = sorted({name for each in found for name in each.scores} - NOT_AVERAGED)
    metrics = [_mean(name, _values(found, name), seed) for name in names if _values(found, name)]
    kinds = [metric for name in BY_KIND for metric in _by_kind(found, name, seed)]
    more = [*_macro(kinds), *_refusals(found), *_areas(found), *_verification(found, seed)]
    return tuple(sorted([*metrics, *kinds, *more], key=lambda metric: metric.name))


async def _ask(case: Case, archive: Archive, writer: Writer, judge: Judge | None) -> Result:
    chosen = replace(case.filter, without=case.without) if case.without else case.filter
    started = time.perf_counter()
    async for event in ask(Question(case.question, chosen, PASSAGES, earlier=case.history), archive, writer):
        if isinstance(event, SearchCompleted):
            found = event.found
        elif isinstance(event, AnswerFailed):
            if event.code != Unrecorded.__name__:
                raise AnswerFailure(event)
            asked = {"question": case.question, "failed": []}
            return Result(case.id, case.kind, {}, {}, {}, asked, unmeasured=event.message)
        elif isinstance(event, AnswerCompleted):
            answer = event.answer
    total = (time.perf_counter() - started) * 1000
    searched, recency = found.question.text, found.question.recency
    ranked = rank(searched, found.evidence, found.weights, recency)
    sure = confidence(ranked, found.weights)
    bodies = {
        each.article.id: archive.quoted_body(each.article.id, each.quote, each.start) for each in answer.citations
    }
    outcome = Outcome(tuple(map(_retrieved, found.evidence)), answer_json(answer), sure, bodies)
    scores, details = score(case, outcome)
    scores["probability"] = probability(searched, ranked, found.weights)
    why_not = ""
    if judge is not None:
        judgement = await judge_answer(judge, outcome.answer)
        scores["judged_supported"] = judgement.supported
        details["votes"] = [{"sentence": sentence, **asdict(vote)} for sentence, vote in judgement.votes]
        details["not_judged"] = judgement.failure
        # A judge that only advises blocks nothing, not even by failing.
        why_not = judgement.failure if judge.qualified else ""
    latency = {"search": answer.timings.search, "first_sentence": answer.timings.first_sentence, "total": total}
    usage = {
        "prompt_tokens": float(answer.usage.prompt_tokens),
        "completion_tokens": float(answer.usage.completion_tokens),
    }
    if answer.usage.cost_usd is not None:  # else the model's price is not known
        usage["cost_usd"] = answer.usage.cost_usd
    return Result(case.id, case.kind, scores, latency, usage, details, why_not)


def _retrieved(found: Evidence) -> Retrieved:
    passage = found.passage
    return Retrieved(found.article.id, passage.start, passage.end, header(found.article), passage.text, found.score)


def _values(found: Sequence[Result], name: str) -> list[float]:
    return [value for each in found if (value := each.scores.get(name)) is not None]


def _mean(name: str, values: Sequence[float], seed: int) -> Metric:
    count = len(values)
    if set(values) <= {0.0, 1.0}:
        hits = int(sum(values))
        low, high = statistics.wilson_lower(hits, count), statistics.wilson_upper(hits, count)
    else:
        low, high = statistics.bootstrap_interval(values, seed)
    return Metric(name, sum(values) / count, low, high, count)


def _by_kind(found: Sequence[Result], name: str, seed: int) -> list[Metric]:
    """A score's mean over the cases of each kind."""
    values = {
        kind: _values([each for each in found if each.kind == kind], name) for kind in sorted({r.kind for r in found})
    }
    return [_mean(f"{name}.{kind}", own, seed) for kind, own in values.items() if own]


def _macro(kinds: Sequence[Metric]) -> list[Metric]:
    """Strict accuracy with every kind counting alike, so that no constant answer gains by a frequent kind."""
    own = [metric for metric in kinds if metric.name.startswith("strict_accuracy.")]
    if len(own) < 2:
        return []
    mean = sum(metric.value for metric in own) / len(own)
    return [Metric("strict_accuracy_macro", mean, mean, mean, sum(metric.count for metric in own))]


def _refusals(found: Sequence[Result]) -> list[Metric]:
    """How many refusals were right, and how much of what should be refused was, each with Wilson's interval."""
    wanted, unwanted = _values(found, "rightly_refused"), _values(found, "wrongly_refused")
    should = [True] * len(wanted) + [False] * len(unwanted)
    counts = refusal.refusal_counts([each == 1 for each in (*wanted, *unwanted)], should)
    metrics = []
    for name, value, of in (
        ("refusal_precision", refusal.refusal_precision(counts), counts.rightly_refused + counts.wrongly_refused),
        ("refusal_recall", refusal.refusal_recall(counts), counts.rightly_refused + counts.wrongly_answered),
    ):
        if value is not None:
            hits = counts.rightly_refused
            low, high = statistics.wilson_lower(hits, of), statistics.wilson_upper(hits, of)
            metrics.append(Metric(name, value, low, high, of))
    return metrics


def _areas(found: Sequence[Result]) -> list[Metric]:
    """How well confidence tells apart what is to be refused, and what is right."""
    wanted = [each for each in found if each.scores.get("wrongly_refused") is not None]
    unwanted = [each for each in found if each.scores.get("rightly_refused") is not None]
    metrics = []
    sure, unsure = _values(wanted, "confidence"), _values(unwanted, "confidence")
    for name, value in (
        ("refusal_auc", refusal.auc(sure, unsure)),
        ("refused_at_5%_false", refusal.recall_at_false_refusal(sure, unsure, 0.05)),
        ("refused_at_10%_false", refusal.recall_at_false_refusal(sure, unsure, 0.10)),
    ):
        if value is not None:
            metrics.append(Metric(name, value, value, value, len(sure) + len(unsure)))
    return metrics


def _verification(found: Sequence[Result], seed: int) -> list[Metric]:
    """How well the claims' labels are told, by kind and over all, where a kind has claims of both labels.

    `balanced_accuracy` is the prover's. `tuned_balanced_accuracy` is that of a threshold for support, chosen on one
    half of the sources and measured on the other, the mean of many halvings with the middle 90 % of them.
    """
    metrics = []
    claims = [each for each in found if each.scores.get("supported") is not None]
    for kind in (*sorted({each.kind for each in claims}), ""):
        some = [each for each in claims if each.kind == kind or not kind]
        gold = [each.scores["supported"] == 1 for each in some]
        if len(set(gold)) < 2:
            continue
        end, count = f".{kind}" if kind else "", len(some)
        strict = verification.balanced_accuracy([each.scores["verified"] == 1 for each in some], gold) or 0.0
        support = [each.scores["support"] or 0.0 for each in some]
        area = refusal.auc(*([v for v, of in zip(support, gold, strict=True) if of is side] for side in (True, False)))
        tuned = sorted(verification.tuned_on_halves(support, gold, [each.details["group"] for each in some], seed))
        metrics.append(Metric(f"balanced_accuracy{end}", strict, strict, strict, count))
        metrics.append(Metric(f"support_auc{end}", area or 0.0, area or 0.0, area or 0.0, count))
        if tuned:
            low, high = tuned[len(tuned) // 20], tuned[-1 - len(tuned) // 20]
            metrics.append(Metric(f"tuned_balanced_accuracy{end}", sum(tuned) / len(tuned), low, high, count))
    return metrics


def _revision() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return done.stdout.strip() or "unknown"
