"""What a suite asks and what is right: questions with gold evidence and answers, claims with a label."""

from dataclasses import dataclass, field
from typing import Any, Literal

from index import Filter


@dataclass(frozen=True, slots=True)
class Fact:
    """A gold sentence and the article it stands in."""

    text: str
    article_id: str


@dataclass(frozen=True, slots=True)
class Case:
    """One question and what is right about its answer. What a field does not say is not scored.

    `expected`: every inner tuple must have one of its strings in the answer's quotes (all of any).
    `answers`: gold short answers, any of which is right. `articles`, `facts`: gold evidence.
    `stale_articles`: must not be cited first. `forbidden`: strings that must not occur in the answer's text.
    `without`: articles taken out of the evidence before the writer sees it. `refuse`: the right answer is none.
    """

    id: str
    kind: str
    question: str
    refuse: bool = False
    history: tuple[str, ...] = ()
    filter: Filter = field(default_factory=Filter)
    expected: tuple[tuple[str, ...], ...] = ()
    answers: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    stale_articles: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence to be verified against source texts, with the human label."""

    id: str
    kind: str
    text: str
    sources: tuple[str, ...]
    supported: bool


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A passage that was retrieved: where it stands, its header line, its text and score."""

    article_id: str
    start: int
    end: int
    header: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the system did with a case.

    `answer` is the Answer of the public contract as JSON. `confidence` orders answers by how sure the writer was,
    None when it does not say. `bodies` has the stored text of every cited article, by id.
    """

    evidence: tuple[Retrieved, ...]
    answer: dict[str, Any]
    confidence: float | None
    bodies: dict[str, str]


Tier = Literal["T0", "T1", "T2"]


@dataclass(frozen=True, slots=True)
class Result:
    """One case of a run, scored. A score is None where the metric does not apply to the case.

    `details` is what the report shows of a failed case: question, answer text, quotes, evidence titles, expected.
    `unmeasured` says why the case, or a part of it, could not be measured; empty when all was.
    """

    case_id: str
    kind: str
    scores: dict[str, float | None]
    latency_ms: dict[str, float]
    usage: dict[str, float]
    details: dict[str, Any]
    unmeasured: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a run measured and with what; runs whose `suite`, `data` and `cases` differ are not compared.

    `data` and `cases` are sha256 digests of the articles and the cases; `models`, `prompts` and `settings` name what
    may differ between two runs that are compared.
    """

    suite: str
    tier: Tier
    data: str
    cases: str
    revision: str
    models: dict[str, str]
    prompts: dict[str, int]
    settings: dict[str, str]
    seed: int
    started_at: str

    def is_advisory(self, metric: str) -> bool:
        """Whether a metric of the run only advises: a judge's that is not qualified."""
        return metric.startswith("judged_") and self.settings.get("judge") != "qualified"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of a run: its value, its 95 % interval, over how many cases."""

    name: str
    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run of one suite: who it is, every case's result, the metrics."""

    identity: Identity
    results: tuple[Result, ...]
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of the gate and how it came out."""

    metric: str
    condition: Literal["floor", "ceiling", "regression"]
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """The gate's one value: it decides what is printed and the exit code.

    `code`: 0 pass, 1 regression, 2 configuration, 3 unmeasured.
    """

    code: Literal[0, 1, 2, 3]
    checks: tuple[Check, ...]
    reason: str = ""
