"""What a server tells those who run it: metrics, log lines, traces."""

import json
import logging
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from prometheus_client.parser import text_string_to_metric_families

from bot.answer import Usage
from bot.extractive import ExtractiveWriter
from bot.settings import read_settings
from bot.shell.start import JsonLines
from index import Archive, ModelUnavailable
from tests.conftest import article, day
from tests.serving import STREAM, Waiting, ask, events, serving
from tests.test_engine import Scripted

HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."
QUESTION = "What do the bridge repairs cost?"


@pytest.fixture
def harbour(archive: Archive) -> Archive:
    archive.ingest([article("bridge", HARBOUR, publisher="The Bell", published_at=day("2026-09-01"))])
    return archive


def samples(client: httpx.Client, **headers: str) -> dict[tuple[str, ...], float]:
    text = client.get("/metrics", headers=headers).text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_answers_are_counted_with_their_verdicts_times_and_costs(harbour: Archive) -> None:
    with serving(harbour, Waiting(0, Usage(90, 20, 0.25))) as client:
        answer = ask(client, QUESTION)
        seen = samples(client)
        assert seen["dateline_answers_total", "answered"] == 1
        assert seen["dateline_sentences_total", "verbatim"] == len(answer["sentences"])
        assert (seen["dateline_tokens_total", "sent"], seen["dateline_tokens_total", "written"]) == (90, 20)
        assert seen["dateline_cost_usd_total",] == 0.25
        for timed in ("search", "first_sentence", "answer"):
            assert seen[f"dateline_{timed}_seconds_count",] == 1
        assert seen["dateline_answers_running",] == 0
        assert seen["dateline_http_requests_total", "POST", "/v1/answers", "200"] == 1


def test_abstentions_failures_and_what_was_broken_off_are_told_apart(harbour: Archive) -> None:
    with serving(harbour, ExtractiveWriter()) as client:
        ask(client, "Who won the chess final?")
        assert samples(client)["dateline_answers_total", "abstained"] == 1
    with serving(harbour, Scripted(ModelUnavailable("away"))) as client:
        client.post("/v1/answers", json={"question": QUESTION})
        assert samples(client)["dateline_answers_total", "failed"] == 1
    with (
        serving(harbour, Waiting(60)) as client,
        client.stream("POST", "/v1/answers", json={"question": QUESTION}, headers=STREAM) as response,
    ):
        coming = events(response)
        answer_id = next(coming)[2]["answer_id"]
        assert samples(client)["dateline_answers_running",] == 1
        client.post(f"/v1/answers/{answer_id}/cancel")
        list(coming)
        seen = samples(client)
        assert (seen["dateline_answers_total", "cancelled"], seen["dateline_answers_running",]) == (1, 0)


def test_addresses_that_lead_nowhere_do_not_make_metrics(harbour: Archive) -> None:
    with serving(harbour, ExtractiveWriter()) as client:
        for name in ("a", "b"):
            client.get(f"/{name}")
            client.get(f"/v1/answers/{name}")
        seen = samples(client)
        assert seen["dateline_http_requests_total", "GET", "none", "404"] == 2
        assert seen["dateline_http_requests_total", "GET", "/v1/answers/{answer_id}", "404"] == 2


def test_metrics_are_for_keys_with_that_scope(harbour: Archive) -> None:
    _, asker = harbour.keys.create("asker", ["ask"])
    _, observer = harbour.keys.create("prometheus", ["metrics"])
    with serving(harbour, ExtractiveWriter()) as client:
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": f"Bearer {asker}"}).status_code == 403
        assert client.get("/metrics", headers={"Authorization": f"Bearer {observer}"}).status_code == 200


def test_a_log_line_is_a_json_object_that_names_its_request(harbour: Archive, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "dateline.http")
    with serving(harbour, ExtractiveWriter()) as client:
        given = client.get("/v1/archive", headers={"X-Request-ID": "mine-7"}).headers["x-request-id"]
    line = json.loads(JsonLines().format(caplog.records[-1]))
    assert (line["level"], line["logger"], line["message"]) == ("info", "dateline.http", "GET /v1/archive 200")
    assert (line["request_id"], line["key"], given) == ("mine-7", None, "mine-7")
    assert line["ms"] > 0 and line["time"].endswith("+00:00")


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """A real OTLP collector on loopback, and the spans it was sent."""
    spans: list[Any] = []

    class Collector(trace_service_pb2_grpc.TraceServiceServicer):  # type: ignore[misc]
        def Export(self, request: Any, context: Any) -> Any:
            spans.extend(
                s for resource in request.resource_spans for scope in resource.scope_spans for s in scope.spans
            )
            return trace_service_pb2.ExportTraceServiceResponse()

    server = grpc.server(futures.ThreadPoolExecutor(1))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(Collector(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    yield spans
    server.stop(0)


def test_traces_are_sent_on_request_without_what_was_asked(harbour: Archive, collector: list[Any]) -> None:
    settings = read_settings().model_copy(update={"traces": True})
    with serving(harbour, ExtractiveWriter(), settings) as client:
        answer = ask(client, QUESTION)
    spans = {each.name: each for each in collector}
    assert {"POST /v1/answers", "search", "write"} <= set(spans)
    assert spans["search"].trace_id == spans["POST /v1/answers"].trace_id == spans["write"].trace_id
    assert spans["search"].end_time_unix_nano == spans["write"].start_time_unix_nano
    told = "\n".join(str(each) for each in collector)
    assert answer["answer_id"] in told
    assert QUESTION not in told and "12 million" not in told
