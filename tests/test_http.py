"""The HTTP surface, over a real server on loopback: the same answer as JSON and as a stream, and clear problems."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from bot.engine import Writer
from bot.extractive import ExtractiveWriter
from bot.http import create_app
from bot.settings import read_settings
from index import Archive, ModelUnavailable
from tests.conftest import article, day
from tests.test_engine import Scripted

HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."


def serve(archive: Archive, writer: Writer) -> Iterator[httpx.Client]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(archive, writer, read_settings()), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", trust_env=False) as client:
            yield client
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def harbour(archive: Archive) -> Archive:
    archive.ingest([article("bridge", HARBOUR, publisher="The Bell", published_at=day("2026-09-01"))])
    return archive


@pytest.fixture
def client(harbour: Archive) -> Iterator[httpx.Client]:
    yield from serve(harbour, ExtractiveWriter())


def stream(client: httpx.Client, body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    seen = []
    with client.stream("POST", "/v1/answers", json=body, headers={"Accept": "text/event-stream"}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in response.iter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                seen.append((name, json.loads(line[6:])))
    return seen


def test_a_question_is_answered_as_json(client: httpx.Client) -> None:
    answer = client.post("/v1/answers", json={"question": "What do the repairs cost?"}).json()
    assert answer["status"] == "answered"
    assert answer["writer"] == "extractive"
    for citation in answer["citations"]:
        assert HARBOUR[citation["start"] : citation["end"]] == citation["quote"]
    assert client.get(f"/v1/answers/{answer['answer_id']}").json() == answer


def test_the_stream_ends_with_the_same_answer(client: httpx.Client) -> None:
    seen = stream(client, {"question": "What do the repairs cost?"})
    names = [name for name, _ in seen]
    assert names[:3] == ["answer.created", "search.started", "search.completed"]
    assert names[-1] == "answer.completed"
    assert "".join(data["delta"] for name, data in seen if name == "sentence") == seen[-1][1]["text"]


def test_search_gives_passages(client: httpx.Client) -> None:
    found = client.post("/v1/search", json={"question": "bridge", "k": 3}).json()["passages"]
    assert [each["article_id"] for each in found] == ["bridge"]
    assert HARBOUR[found[0]["start"] : found[0]["end"]] == found[0]["text"]


def test_it_is_healthy_and_ready(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["status"] == "ready"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"question": ""}, "/question"),
        ({"question": "x" * 100_000}, "/question"),
        ({"question": "q", "k": 0}, "/k"),
        ({"question": "q", "filters": {"publisher": ["Nobody"]}}, "/filters/publisher"),
        ({"question": "q", "filters": {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}}, "/filters/from"),
        ({"question": "q", "filters": {"from": "yesterday-ish"}}, "/filters/from"),
        ({"question": "q", "colour": "red"}, "/colour"),
        ({}, "/question"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/answers", "/v1/search"])
def test_bad_input_is_a_problem_with_a_pointer(
    client: httpx.Client, path: str, body: dict[str, Any], pointer: str
) -> None:
    response = client.post(path, json=body, headers={"Accept": "text/event-stream, application/json"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"][0]["pointer"] == pointer


def test_unknown_things_are_problems_too(client: httpx.Client) -> None:
    assert client.get("/v1/answers/ans_none").json()["detail"] == "No answer has the id 'ans_none'."
    assert client.get("/nothing").headers["content-type"] == "application/problem+json"
    malformed = client.post("/v1/answers", content=b"{", headers={"content-type": "application/json"})
    assert (malformed.status_code, malformed.headers["content-type"]) == (422, "application/problem+json")


def test_odd_requests_get_honest_problems(client: httpx.Client) -> None:
    surrogate = client.post(
        "/v1/answers", content=rb'{"question": "\ud800 who"}', headers={"content-type": "application/json"}
    )
    assert (surrogate.status_code, surrogate.headers["content-type"]) == (422, "application/problem+json")
    far = {"question": "q", "filters": {"from": "9999-12-31T23:59:59-12:00"}}
    assert client.post("/v1/answers", json=far).status_code == 422
    assert client.post("/v1/answers", json={"question": "q", "a/b~c": 1}).json()["errors"][0]["pointer"] == "/a~1b~0c"
    assert client.get("/v1/search").headers["allow"] == "POST"
    plain = client.post("/v1/answers", json={"question": "bridge"}, headers={"Accept": "text/event-stream;q=0, */*"})
    assert plain.headers["content-type"] == "application/json"


def test_a_failing_model_is_a_503_or_an_error_event(harbour: Archive) -> None:
    for client in serve(harbour, Scripted(ModelUnavailable("The model's server is away."))):
        response = client.post("/v1/answers", json={"question": "bridge?"})
        assert (response.status_code, response.json()["detail"]) == (503, "The model's server is away.")
        name, data = stream(client, {"question": "bridge?"})[-1]
        assert (name, data["code"]) == ("error", "ModelUnavailable")
