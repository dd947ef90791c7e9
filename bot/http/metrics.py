"""What a server has done, for Prometheus, and as spans for OpenTelemetry: numbers and ids, never a text."""

import time

from opentelemetry.trace import TracerProvider
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.answer import Answer
from bot.events import AnswerCancelled, AnswerCompleted, AnswerFailed, Event, SentenceProven

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The numbers of one process. `spans` is where spans go, None for nowhere."""

    def __init__(self, spans: TracerProvider | None = None) -> None:
        self._registry = registry = CollectorRegistry()
        self._tracer = spans.get_tracer("dateline") if spans is not None else None
        self._requests = Counter(
            "dateline_http_requests", "Requests, by route and status.", ["method", "route", "status"], registry=registry
        )
        self._answers = Counter("dateline_answers", "Answers, by how they ended.", ["status"], registry=registry)
        self._sentences = Counter("dateline_sentences", "Sentences given, by verdict.", ["verdict"], registry=registry)
        self._tokens = Counter("dateline_tokens", "Tokens of the model.", ["kind"], registry=registry)
        self._cost = Counter("dateline_cost_usd", "What the model cost, where its price is known.", registry=registry)
        self._running = Gauge("dateline_answers_running", "Answers being written.", registry=registry)
        self._search = _seconds("dateline_search_seconds", "From the question to its evidence.", registry)
        self._first = _seconds("dateline_first_sentence_seconds", "From the question to its first sentence.", registry)
        self._whole = _seconds("dateline_answer_seconds", "From the question to the end of its answer.", registry)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)

    def requested(self, method: str, route: str, status: int) -> None:
        """Count a request."""
        self._requests.labels(method, route, str(status)).inc()

    def began(self) -> None:
        """An answer is being written."""
        self._running.inc()

    def happened(self, event: Event) -> None:
        """Count what an answer's event tells."""
        match event:
            case SentenceProven(sentence=sentence):
                self._sentences.labels(sentence.verdict).inc()
            case AnswerCompleted(answer):
                self._ended(answer.status)
                self._completed(answer)
            case AnswerCancelled():
                self._ended("cancelled")
            case AnswerFailed():
                self._ended("failed")

    def _ended(self, status: str) -> None:
        self._running.dec()
        self._answers.labels(status).inc()

    def _completed(self, answer: Answer) -> None:
        timings, usage = answer.timings, answer.usage
        self._search.observe(timings.search / 1000)
        self._first.observe(timings.first_sentence / 1000)
        self._whole.observe(timings.total / 1000)
        self._tokens.labels("sent").inc(usage.prompt_tokens)
        self._tokens.labels("written").inc(usage.completion_tokens)
        self._cost.inc(usage.cost_usd or 0)
        if self._tracer is not None:
            now = time.time_ns()
            begun = now - int(timings.total * 1e6)
            searched = begun + int(timings.search * 1e6)
            about = {
                "dateline.answer_id": answer.id,
                "dateline.status": answer.status,
                "dateline.writer": answer.writer,
            }
            self._tracer.start_span("search", start_time=begun, attributes=about).end(searched)
            self._tracer.start_span("write", start_time=searched, attributes=about).end(now)


def _seconds(name: str, what: str, registry: CollectorRegistry) -> Histogram:
    return Histogram(name, what, buckets=SECONDS, registry=registry)
