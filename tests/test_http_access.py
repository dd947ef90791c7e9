"""Who may ask: keys, scopes, owners, limits; and what surrounds every request: ids, headers, sizes, logs."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from bot.extractive import ExtractiveWriter
from bot.http.access import keyless
from bot.http.front import Front
from bot.http.metrics import Metrics
from bot.http.problems import Problem
from bot.llm import LLMWriter
from bot.settings import read_settings
from index import AnswerRecords, Archive, BadConfiguration, BadRequest, Given, open_keys
from index.truth import open_truth
from tests.conftest import article, day
from tests.interleaving import once
from tests.scripted_server import says
from tests.scripted_server import serving as model_serving
from tests.serving import STREAM, Waiting, events, pointer, serving
from tests.test_shell import as_json, dateline

HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."
BRIDGE = {"question": "What do the bridge repairs cost?"}


@pytest.fixture
def harbour(archive: Archive) -> Archive:
    archive.ingest([article("bridge", HARBOUR, publisher="The Bell", published_at=day("2026-09-01"))])
    return archive


@pytest.fixture
def client(harbour: Archive) -> Iterator[httpx.Client]:
    with serving(harbour, ExtractiveWriter()) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def minted(archive: Archive, *scopes: str) -> tuple[str, dict[str, str]]:
    """A new key's id, and the header that carries it."""
    key, token = archive.keys.create("test", scopes or ("ask", "search"))
    return key.id, bearer(token)


def test_the_truth_holds_no_key_that_could_be_used(harbour: Archive) -> None:
    key, token = harbour.keys.create("reader", ["ask"])
    assert token.startswith(f"dl_{key.id}_") and len(token) > 50
    stored = (harbour.home / "truth.db").read_bytes() + (harbour.home / "truth.db-wal").read_bytes()
    assert token.encode() not in stored and token[-43:].encode() not in stored
    assert harbour.keys.find(token) is not None
    assert harbour.keys.find(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    with pytest.raises(BadRequest, match="fly is no scope"):
        harbour.keys.create("bird", ["fly"])


def test_once_a_key_was_minted_every_request_needs_one(client: httpx.Client, harbour: Archive) -> None:
    assert client.post("/v1/search", json=BRIDGE).status_code == 200
    key_id, header = minted(harbour)
    refused = client.post("/v1/search", json=BRIDGE)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer realm="dateline"')
    assert client.post("/v1/search", json=BRIDGE, headers=header).status_code == 200
    assert client.get("/healthz").status_code == 200
    harbour.keys.revoke(key_id)
    assert client.post("/v1/search", json=BRIDGE, headers=header).status_code == 401
    assert client.post("/v1/search", json=BRIDGE).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        {},
        bearer("dl_00000000_" + "x" * 43),
        bearer("dl_"),
        bearer("a b"),
        {"Authorization": "Basic dTpw"},
        {"Authorization": "Bearer"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/answers/ans_1", "/v1/articles", "/v1/conversations", "/metrics", "/mcp"])
def test_no_key_and_wrong_keys_are_401_everywhere(harbour: Archive, path: str, header: dict[str, str]) -> None:
    minted(harbour)
    with serving(harbour, ExtractiveWriter()) as client:
        response = client.get(path, headers=header)
        assert pointer(response)[0] == 401


def test_revoked_and_expired_keys_are_401(client: httpx.Client, harbour: Archive) -> None:
    minted(harbour)
    revoked, header = minted(harbour)
    harbour.keys.revoke(revoked)
    assert client.get("/v1/articles", headers=header).status_code == 401
    _, expired = harbour.keys.create("old", ["search"], datetime.now(UTC) - timedelta(seconds=1))
    assert client.get("/v1/articles", headers=bearer(expired)).status_code == 401


def test_a_key_may_do_what_its_scopes_say(client: httpx.Client, harbour: Archive) -> None:
    _, reader = minted(harbour, "search")
    _, author = minted(harbour, "write")
    assert client.get("/v1/articles/bridge", headers=reader).status_code == 200
    for refused in (
        client.post("/v1/answers", json=BRIDGE, headers=reader),
        client.delete("/v1/articles/bridge", headers=reader),
        client.post("/v1/search", json=BRIDGE, headers=author),
        client.get("/v1/conversations", headers=author),
    ):
        assert (pointer(refused)[0], refused.json()["code"]) == (403, "WrongScope")
    assert client.delete("/v1/articles/bridge", headers=author).status_code == 204


def test_what_is_anothers_is_not_there(harbour: Archive) -> None:
    _, mine = minted(harbour)
    _, other = minted(harbour)
    with (
        serving(harbour, Waiting(30)) as client,
        client.stream("POST", "/v1/answers", json=BRIDGE, headers={**mine, **STREAM}) as response,
    ):
        coming = events(response)
        running = next(coming)[2]["answer_id"]
        for path in ("cancel", "feedback"):
            body = {"rating": "up"} if path == "feedback" else None
            assert client.post(f"/v1/answers/{running}/{path}", json=body, headers=other).status_code == 404
        assert client.get(f"/v1/answers/{running}/events", headers=other).status_code == 404
        client.post(f"/v1/answers/{running}/cancel", headers=mine)
    with serving(harbour, ExtractiveWriter()) as client:
        answer = client.post("/v1/answers", json=BRIDGE, headers=mine).json()
        paths = (f"/v1/answers/{answer['answer_id']}", f"/v1/conversations/{answer['conversation_id']}")
        for path in (*paths, f"{paths[0]}/events"):
            assert client.get(path, headers=mine).status_code == 200
            assert client.get(path, headers=other).status_code == 404
        assert client.delete(paths[1], headers=other).status_code == 404
        assert client.get("/v1/conversations", headers=other).json() == {"conversations": []}
        joined = {**BRIDGE, "conversation_id": answer["conversation_id"]}
        assert pointer(client.post("/v1/answers", json=joined, headers=other)) == (422, "body/conversation_id")
        again = {**other, "Idempotency-Key": "k"}
        client.post("/v1/answers", json=BRIDGE, headers={**mine, "Idempotency-Key": "k"})
        assert client.post("/v1/answers", json={"question": "Who is the mayor?"}, headers=again).status_code == 200


def test_a_key_may_make_so_many_requests_a_minute(harbour: Archive) -> None:
    _, header = minted(harbour)
    _, other = minted(harbour)
    settings = read_settings().model_copy(update={"key_requests_per_minute": 3})
    with serving(harbour, ExtractiveWriter(), settings) as client:
        made = [client.post("/v1/search", json=BRIDGE, headers=header) for _ in range(4)]
        assert [each.status_code for each in made] == [200, 200, 200, 429]
        assert made[0].headers["ratelimit-policy"] == '"requests";q=3;w=60'
        assert made[1].headers["ratelimit"].startswith('"requests";r=1;t=')
        assert 0 < int(made[3].headers["retry-after"]) <= 60
        assert pointer(made[3])[0] == 429
        assert client.post("/v1/search", json=BRIDGE, headers=other).status_code == 200
        assert client.get("/v1/articles", headers=header).status_code == 200


def test_a_key_may_have_so_many_answers_written_at_once(harbour: Archive) -> None:
    _, header = minted(harbour)
    settings = read_settings().model_copy(update={"key_answers_at_once": 1})
    with (
        serving(harbour, Waiting(30), settings) as client,
        client.stream("POST", "/v1/answers", json=BRIDGE, headers={**header, **STREAM}) as response,
    ):
        coming = events(response)
        answer_id = next(coming)[2]["answer_id"]
        refused = client.post("/v1/answers", json=BRIDGE, headers=header)
        assert (pointer(refused)[0], refused.headers["retry-after"]) == (429, "5")
        client.post(f"/v1/answers/{answer_id}/cancel", headers=header)


def test_requests_of_a_key_at_the_same_moment_get_so_many_answers(harbour: Archive) -> None:
    _, header = minted(harbour)
    settings = read_settings().model_copy(update={"key_answers_at_once": 2, "key_requests_per_minute": 1000})

    async def statuses(url: httpx.URL) -> list[int]:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20, headers=header) as caller:
            made = await asyncio.gather(*(caller.post("/v1/answers", json=BRIDGE) for _ in range(12)))
        return sorted(each.status_code for each in made)

    with serving(harbour, Waiting(0.8), settings) as client:
        assert asyncio.run(statuses(client.base_url)) == [200] * 2 + [429] * 10


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/answers", BRIDGE), ("/v1/responses", {"model": "dateline", "input": BRIDGE["question"], "store": False})],
)
def test_a_key_may_use_so_many_tokens_a_day_whether_answers_are_stored_or_not(
    harbour: Archive, path: str, body: dict[str, Any]
) -> None:
    _, header = minted(harbour)
    _, other = minted(harbour)
    settings = read_settings().model_copy(update={"key_tokens_per_day": 100})
    writes = says("Repairs cost 12 million crowns [1.2].", usage=(90, 20))
    with model_serving(writes) as model, serving(harbour, LLMWriter(model.url, "none", "m"), settings) as client:
        assert client.post(path, json=body, headers=header).status_code == 200
        refused = client.post(path, json=body, headers=header)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "3600")
        assert client.post(path, json=body, headers=other).status_code == 200


def test_so_many_answers_are_written_at_once_for_all_together(harbour: Archive) -> None:
    settings = read_settings().model_copy(update={"answers_at_once": 1})
    with (
        serving(harbour, Waiting(30), settings) as client,
        client.stream("POST", "/v1/answers", json=BRIDGE, headers=STREAM) as response,
    ):
        coming = events(response)
        answer_id = next(coming)[2]["answer_id"]
        refused = client.post("/v1/answers", json=BRIDGE)
        assert (pointer(refused)[0], refused.headers["retry-after"]) == (503, "5")
        client.post(f"/v1/answers/{answer_id}/cancel")


def test_other_sites_cannot_ask_from_a_users_browser(client: httpx.Client) -> None:
    evil = {"Origin": "https://evil.example"}
    refused = client.post("/v1/answers", json=BRIDGE, headers=evil)
    assert (pointer(refused)[0], refused.json()["code"]) == (403, "WrongOrigin")
    assert "access-control-allow-origin" not in client.get("/v1/archive", headers=evil).headers
    rebound = client.get("/v1/archive", headers={"Host": "evil.example"})
    assert (pointer(rebound)[0], rebound.json()["code"]) == (403, "WrongHost")
    own = {"Origin": str(client.base_url).rstrip("/")}
    assert client.post("/v1/search", json=BRIDGE, headers=own).status_code == 200


def test_sites_that_are_named_may_ask(harbour: Archive) -> None:
    settings = read_settings().model_copy(update={"cors_origins": ("https://news.example",)})
    with serving(harbour, ExtractiveWriter(), settings) as client:
        site = {"Origin": "https://news.example"}
        asked = {**site, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        assert client.options("/v1/answers", headers=asked).status_code == 200
        answered = client.post("/v1/answers", json=BRIDGE, headers=site)
        assert answered.headers["access-control-allow-origin"] == "https://news.example"
        assert client.post("/v1/answers", json=BRIDGE, headers={"Origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize("sized", [True, False])
def test_too_large_is_a_problem_too(client: httpx.Client, sized: bool) -> None:
    body = b'{"question": "' + b"x" * 1_000_000 + b'"}'
    content: Any = body if sized else iter([body])
    response = client.post("/v1/answers", content=content, headers={"Content-Type": "application/json"})
    assert pointer(response)[0] == 413
    assert response.headers["x-content-type-options"] == "nosniff"


def test_every_response_has_an_id_and_security_headers(client: httpx.Client) -> None:
    for path in ("/healthz", "/v1/archive", "/v1/answers/none", "/nowhere"):
        headers = client.get(path).headers
        assert headers["x-request-id"].startswith("req_")
        assert headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" in headers
    assert client.get("/v1/archive").headers["cache-control"] == "no-store"
    assert client.get("/healthz", headers={"X-Request-ID": "mine.1"}).headers["x-request-id"] == "mine.1"
    assert client.get("/healthz", headers={"X-Request-ID": "a b"}).headers["x-request-id"] != "a b"


def test_nothing_of_keys_questions_or_articles_is_logged(
    client: httpx.Client, harbour: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    _, header = minted(harbour)
    answer = client.post("/v1/answers", json={"question": "What of the zebrafinch repairs?"}, headers=header).json()
    client.post("/v1/answers", json={"question": "zebrafinch", "k": 0}, headers=header)
    client.post("/v1/answers", content=b'{"question": "zebrafinch', headers=header)
    client.get(f"/v1/answers/{answer['answer_id']}", headers=bearer("dl_zebrafinch_secret"))
    told = "\n".join(f"{each.name} {each.getMessage()} {each.__dict__}" for each in caplog.records)
    assert "/v1/answers 200" in told
    for secret in ("zebrafinch", header["Authorization"][7:], "12 million"):
        assert secret not in told.replace("dl_zebrafinch", "dl_")


def test_a_server_that_ends_says_so_and_finishes_what_it_began(harbour: Archive) -> None:
    with (
        serving(harbour, Waiting(1.0), delay=2) as client,
        client.stream("POST", "/v1/answers", json=BRIDGE, headers=STREAM) as response,
    ):
        coming = events(response)
        next(coming)
        assert client.get("/readyz").status_code == 200
        client.end_server()
        time.sleep(0.3)
        unready = client.get("/readyz")
        assert (unready.status_code, unready.json()["status"]) == (503, "draining")
        assert client.post("/v1/search", json=BRIDGE).status_code == 200
        assert list(coming)[-1][1] == "answer.completed"
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{client.base_url}/healthz", trust_env=False)


def test_a_half_sent_request_does_not_delay_the_end(harbour: Archive) -> None:
    with serving(harbour, ExtractiveWriter()) as client:
        address = (client.base_url.host, client.base_url.port or 0)
        sending = socket.create_connection(address)
        sending.sendall(
            b"POST /v1/answers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b'Content-Length: 100\r\n\r\n{"question"'
        )
        time.sleep(0.3)
        started = time.monotonic()
    assert time.monotonic() - started < 3
    sending.close()


def test_the_end_may_come_in_the_moment_in_which_a_bodys_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.http.front.BODY_S", 0.1)
    front, drained = Front(Metrics()), threading.Event()
    scope: Scope = {"type": "http", "method": "POST", "path": "/", "raw_path": b"/", "headers": [], "route": None}

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {}

    async def send(_message: Message) -> None:
        """Nobody reads."""

    def drain() -> None:
        front.drain()
        drained.set()

    async def end() -> None:
        loop = asyncio.get_running_loop()
        serving = asyncio.create_task(front.serve(app, scope, receive, send))
        await asyncio.sleep(0.05)
        loop.call_soon(time.sleep, 0.1)  # then both are due in one turn of the loop
        loop.call_later(0.06, drain)
        with pytest.raises(Problem, match="did not arrive in time"):
            await serving

    asyncio.run(end())
    assert drained.is_set()


def test_keys_are_minted_listed_and_revoked_beside_a_running_server(harbour: Archive) -> None:
    home = {"DATELINE_HOME": str(harbour.home)}
    with serving(harbour, ExtractiveWriter()) as client:
        key = as_json(dateline("keys", "create", "reader", "--scope", "search", "--json", **home))
        assert client.get("/v1/articles").status_code == 401
        assert client.get("/v1/articles", headers=bearer(key["token"])).status_code == 200
        (listed,) = as_json(dateline("keys", "list", "--json", **home))["keys"]
        assert (listed["id"], listed["name"], listed["scopes"]) == (key["id"], "reader", ["search"])
        assert listed["used_at"] is not None and "token" not in listed
        assert dateline("keys", "revoke", key["id"], **home).returncode == 0
        assert client.get("/v1/articles", headers=bearer(key["token"])).status_code == 401
        assert client.get("/v1/articles").status_code == 401
    assert dateline("keys", "revoke", "nothing", **home).returncode == 2


def test_another_address_than_loopback_is_refused_without_a_key(harbour: Archive) -> None:
    with pytest.raises(BadConfiguration, match="dateline keys create"):
        keyless("0.0.0.0", harbour.keys)
    assert all(keyless(host, harbour.keys) for host in ("127.0.0.1", "localhost", "::1"))
    minted(harbour)
    assert keyless("0.0.0.0", harbour.keys) is False


def test_one_may_rate_twice_at_the_same_moment_in_postgresql(database_url: str) -> None:
    answers = AnswerRecords(open_truth(database_url))
    other = threading.Thread(target=answers.rate, args=("ans_1", "me", "up", None))

    def rate() -> None:
        other.start()
        other.join(0.3)

    with once("before", "INSERT INTO feedback", rate):
        answers.rate("ans_1", "me", "down", "Outdated.")
    other.join()
    (rating,) = answers.ratings("ans_1")
    assert rating.rating == "down"


@pytest.mark.parametrize("moment", ["INSERT INTO answers", "FOR UPDATE"])
def test_a_conversation_is_deleted_in_postgresql_while_a_follow_up_is_stored(database_url: str, moment: str) -> None:
    answers = AnswerRecords(open_truth(database_url))
    answers.save(Given("ans_0", "conv_1", "Who?", "{}"))
    deleting = threading.Thread(target=answers.delete_conversation, args=("conv_1", None))

    def delete() -> None:
        deleting.start()
        deleting.join(0.3)

    with once("after", moment, delete):
        answers.save(Given("ans_1", "conv_1", "And when?", "{}", follows=True))
    deleting.join()
    assert answers.conversation("conv_1", None) == ()


def test_keys_and_answers_are_kept_in_postgresql_alike(database_url: str, tmp_path: Path) -> None:
    keys, answers = open_keys(tmp_path, database_url), AnswerRecords(open_truth(database_url))
    key, token = keys.create("reader", ["ask"])
    assert keys.any_minted() and keys.find(token) is not None
    keys.revoke(key.id)
    assert keys.find(token) is None
    for number in range(2):
        answers.save(Given(f"ans_{number}", "conv_1", f"Question {number}?", "{}", key.id))
    (conversation,) = answers.conversations(key.id, 10)
    assert (conversation.title, conversation.answers) == ("Question 0?", 2)
    assert answers.conversation("conv_1", None) == ()
    for rating in ("up", "down"):
        answers.rate("ans_1", "me", rating, None)
    assert [each.rating for each in answers.ratings("ans_1")] == ["down"]
    assert answers.disliked() == ("{}",)
    assert answers.claim("k", key.id, "d", "here") is None
    answers.begin("k", key.id, "ans_1")
    known = answers.claim("k", key.id, "d", "there")
    assert known is not None and (known.answer_id, known.digest) == ("ans_1", "d")
    assert answers.delete_conversation("conv_1", key.id)
    assert answers.claim("k", key.id, "d", "there") is None
