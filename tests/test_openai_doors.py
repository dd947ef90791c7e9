"""The doors for OpenAI clients: the real client of both major versions, the bytes of a stream, errors on the way."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from bot.extractive import ExtractiveWriter
from bot.settings import read_settings
from index import Archive, ModelUnavailable
from tests.conftest import ROOT, article, day
from tests.interleaving import once
from tests.openai_trial import CHECKS
from tests.serving import Waiting, serving
from tests.test_engine import Scripted

HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."
QUESTION = "What do the bridge repairs cost?"
ASKED = {"model": "dateline", "messages": [{"role": "user", "content": QUESTION}]}
OTHER_VERSION = Path(os.environ.get("OPENAI2_PYTHON", ROOT / ".venv-openai2" / "bin" / "python"))


@pytest.fixture
def harbour(archive: Archive) -> Archive:
    archive.ingest(
        [
            article(
                "bridge", HARBOUR, publisher="The Bell", published_at=day("2026-09-01"), url="https://bell.example/1"
            ),
            article("ferry", "The ferry to Sarn was delayed by fog.", publisher="The Bell"),
        ]
    )
    return archive


@pytest.fixture
def client(harbour: Archive) -> Iterator[httpx.Client]:
    with serving(harbour, ExtractiveWriter()) as client:
        yield client


def openai_client(client: httpx.Client, key: str = "none") -> Any:
    own = openai.DefaultHttpxClient(trust_env=False)
    return openai.OpenAI(base_url=f"{client.base_url}/v1", api_key=key, max_retries=0, http_client=own)


@pytest.mark.parametrize(
    "python",
    [
        pytest.param(Path(sys.executable), id="3.x"),
        pytest.param(
            OTHER_VERSION,
            id="2.x",
            marks=pytest.mark.skipif(
                not OTHER_VERSION.exists(), reason="no openai 2.x: `make .venv-openai2` installs it beside ours"
            ),
        ),
    ],
)
def test_the_real_client_gets_what_it_expects(harbour: Archive, python: Path, request: pytest.FixtureRequest) -> None:
    _, token = harbour.keys.create("openai", ["ask", "search"])
    with serving(harbour, ExtractiveWriter()) as client:
        command = [str(python), str(ROOT / "tests" / "openai_trial.py"), f"{client.base_url}/v1", token]
        clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=clean)
    assert done.returncode == 0, done.stderr
    version, *passed = done.stdout.splitlines()
    assert version.startswith(f"openai {request.node.callspec.id[0]}.")
    assert passed == [check.__name__ for check in CHECKS]


def test_a_stream_is_these_bytes(client: httpx.Client) -> None:
    usage = {"stream": True, "stream_options": {"include_usage": True}}
    text = client.post("/v1/chat/completions", json={**ASKED, **usage}).text
    *data, done = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert done == "[DONE]"
    chunks = [json.loads(each) for each in data]
    assert [list(each["choices"][0]["delta"]) if each["choices"] else "usage" for each in chunks] == [
        ["role", "content"],
        *[["content"]] * (len(chunks) - 4),
        ["annotations"],
        [],
        "usage",
    ]
    (link,) = chunks[-3]["choices"][0]["delta"]["annotations"]
    assert link["type"] == "url_citation"
    assert link["url_citation"]["url"].startswith("https://bell.example/1#:~:text=")
    assert {"title", "start_index", "end_index", "quote", "publisher", "published_at"} < set(link["url_citation"])


def test_an_article_is_cited_once_and_without_an_address_by_ours(client: httpx.Client) -> None:
    asked = {"model": "dateline", "messages": [{"role": "user", "content": "Why was the ferry to Sarn delayed?"}]}
    message = client.post("/v1/chat/completions", json=asked).json()["choices"][0]["message"]
    urls = [each["url_citation"]["url"] for each in message["annotations"]]
    assert len(urls) == len(set(urls))
    assert urls[0] == f"{client.base_url}/v1/articles/ferry"
    assert client.get(urls[0]).json()["body"] == "The ferry to Sarn was delayed by fog."


def test_a_failure_keeps_its_status_before_the_text_and_is_told_within_it(harbour: Archive) -> None:
    away = ModelUnavailable("The model's server is away.")
    with serving(harbour, Scripted(away)) as client:
        for stream in (False, True):
            with pytest.raises(openai.InternalServerError, match="is away") as failed:
                openai_client(client).chat.completions.create(**ASKED, stream=stream)
            assert failed.value.status_code == 503
        failed_response = client.post("/v1/responses", json={"model": "dateline", "input": QUESTION})
        assert failed_response.json()["error"]["type"] == "server_error"
    with serving(harbour, Scripted("Repairs cost 12 million crowns.", away)) as client:
        chunks = openai_client(client).chat.completions.create(**ASKED, stream=True)
        with pytest.raises(openai.APIError, match="is away"):
            list(chunks)
        got = [
            event.type
            for event in openai_client(client).responses.create(model="dateline", input=QUESTION, stream=True)
        ]
        assert got[-1] == "response.failed"


def test_whoever_closes_a_stream_stops_the_writing(harbour: Archive) -> None:
    for path, asked in (("chat/completions", ASKED), ("responses", {"model": "dateline", "input": QUESTION})):
        writer = Waiting(60)
        with serving(harbour, writer) as client:
            with client.stream("POST", f"/v1/{path}", json={**asked, "stream": True}) as response:
                next(line for line in response.iter_lines() if "content" in line)
            started = time.monotonic()
            assert writer.closed.wait(5)
            assert time.monotonic() - started < 5


def test_whoever_hangs_up_on_a_whole_answer_stops_the_writing(harbour: Archive) -> None:
    writer = Waiting(60)
    with serving(harbour, writer) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/chat/completions", json=ASKED, timeout=1.5)
        assert writer.closed.wait(3)


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_not_to_be_stored_is_not_stored_for_a_moment_either(client: httpx.Client, stream: bool) -> None:
    stored: list[bool] = []
    asked = {"model": "dateline", "input": QUESTION, "store": False, "stream": stream}
    with once("after", "INSERT INTO answers", lambda: stored.append(True)):
        response = client.post("/v1/responses", json=asked)
    assert "12 million" in response.text
    assert not stored
    assert client.get("/v1/conversations").json() == {"conversations": []}


def test_the_client_waits_as_it_is_told_when_there_were_too_many(harbour: Archive) -> None:
    _, token = harbour.keys.create("openai", ["ask"])
    settings = read_settings().model_copy(update={"key_requests_per_minute": 1})
    with serving(harbour, ExtractiveWriter(), settings) as client:
        ours = openai_client(client, token)
        ours.chat.completions.create(**ASKED)
        with pytest.raises(openai.RateLimitError) as refused:
            ours.chat.completions.create(**ASKED)
        assert 0 < int(refused.value.response.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/models/nothing", None, 404),
        ("DELETE", "/v1/models", None, 405),
        ("POST", "/v1/chat/completions", b"{", 400),
        ("POST", "/v1/chat/completions", b"{}", 400),
        ("POST", "/v1/responses", b'{"model": "dateline"}', 400),
        ("POST", "/v1/responses", b'{"model": "dateline", "input": "q", "previous_response_id": "resp_x"}', 400),
        ("POST", "/v1/chat/completions", b" " * 3_000_000, 413),
        ("POST", "/v1/responses/x/nowhere", b"{}", 404),
    ],
)
def test_errors_are_in_their_clients_shape(
    client: httpx.Client, method: str, path: str, body: bytes | None, status: int
) -> None:
    response = client.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"] and response.headers["x-request-id"]
