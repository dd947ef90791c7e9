"""The native API: streams that are taken up again, conversations, articles, feedback, requests sent twice."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from bot.extractive import ExtractiveWriter
from bot.http.shapes import AnswerShape, ArchiveShape, WholeArticleShape
from bot.llm import LLMWriter
from index import Archive, IngestReport
from tests.conftest import article, day
from tests.interleaving import once
from tests.scripted_server import says
from tests.scripted_server import serving as model_serving
from tests.services import wait_for
from tests.serving import STREAM, Waiting, ask, events, pointer, serving

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


def test_an_answer_can_be_read_again_from_any_of_its_events(client: httpx.Client) -> None:
    first = client.post("/v1/answers", json=BRIDGE, headers=STREAM)
    answer_id = next(events(first))[2]["answer_id"]
    again = client.get(f"/v1/answers/{answer_id}/events")
    assert again.text == first.text
    seen = list(events(first))
    for number in range(len(seen) - 1):
        rest = client.get(f"/v1/answers/{answer_id}/events", headers={"Last-Event-ID": str(number)})
        assert list(events(rest)) == seen[number + 1 :]
    over = client.get(f"/v1/answers/{answer_id}/events", headers={"Last-Event-ID": str(len(seen) - 1)})
    assert over.status_code == 204


def test_a_stream_that_broke_off_is_taken_up_where_it_was_left(harbour: Archive) -> None:
    with serving(harbour, Waiting(0.5)) as client:
        with client.stream("POST", "/v1/answers", json=BRIDGE, headers=STREAM) as response:
            begun = [event for event, _ in zip(events(response), range(4), strict=False)]
        answer_id = begun[0][2]["answer_id"]
        rest = list(events(client.get(f"/v1/answers/{answer_id}/events", headers={"Last-Event-ID": str(begun[-1][0])})))
        assert [number for number, _, _ in begun + rest] == list(range(len(begun + rest)))
        text = "".join(data["delta"] for _, name, data in begun + rest if name == "sentence")
        assert rest[-1][1] == "answer.completed"
        assert rest[-1][2]["text"] == text == client.get(f"/v1/answers/{answer_id}").json()["text"]


def test_a_cancelled_answer_ends_within_a_second_with_its_writer_closed(harbour: Archive) -> None:
    writer = Waiting(30)
    with (
        serving(harbour, writer) as client,
        client.stream("POST", "/v1/answers", json=BRIDGE, headers=STREAM) as response,
    ):
        coming = events(response)
        answer_id = next(coming)[2]["answer_id"]
        for _, name, _ in coming:
            if name == "sentence":
                break
        started = time.monotonic()
        cancelled = client.post(f"/v1/answers/{answer_id}/cancel")
        assert (cancelled.status_code, cancelled.json()["was_running"]) == (202, True)
        assert list(coming)[-1][1:] == ("answer.cancelled", {"answer_id": answer_id})
        assert time.monotonic() - started < 1
        assert writer.closed.is_set()
        assert client.get(f"/v1/answers/{answer_id}").status_code == 404
        assert client.post(f"/v1/answers/{answer_id}/cancel").json()["was_running"] is False


def test_an_answer_that_is_cancelled_while_it_is_stored_is_given(harbour: Archive) -> None:
    storing, cancelled = threading.Event(), threading.Event()

    def hold() -> None:
        storing.set()
        cancelled.wait(5)

    with (
        serving(harbour, ExtractiveWriter()) as client,
        once("before", "INSERT INTO answers", hold),
        client.stream("POST", "/v1/answers", json=BRIDGE, headers=STREAM) as response,
    ):
        coming = events(response)
        path = f"/v1/answers/{next(coming)[2]['answer_id']}"
        assert storing.wait(5)
        for _ in range(2):
            client.post(f"{path}/cancel")
        cancelled.set()
        assert list(coming)[-1][1:] == ("answer.completed", client.get(path).json())


def test_a_caller_that_waits_for_a_cancelled_answer_is_told(harbour: Archive) -> None:
    with serving(harbour, Waiting(30)) as client:
        got: list[httpx.Response] = []
        headers = {"Idempotency-Key": "one"}

        def wait() -> None:
            with httpx.Client(base_url=client.base_url, trust_env=False, timeout=20) as other:
                got.append(other.post("/v1/answers", json=BRIDGE, headers=headers))

        waiting = threading.Thread(target=wait)
        with client.stream("POST", "/v1/answers", json=BRIDGE, headers={**headers, **STREAM}) as response:
            coming = events(response)
            answer_id = next(coming)[2]["answer_id"]
            waiting.start()
            running = client.desk.find(answer_id)
            while running is not None and running.readers < 2:
                time.sleep(0.01)
            client.post(f"/v1/answers/{answer_id}/cancel")
            waiting.join(10)
        assert (got[0].status_code, got[0].json()["code"]) == (409, "Cancelled")


def test_a_follow_up_belongs_to_its_conversation(client: httpx.Client) -> None:
    first = ask(client, "Who is the mayor?")
    second = ask(client, "What did she oppose?", conversation_id=first["conversation_id"])
    assert second["standalone_question"] != "What did she oppose?"
    ask(client, "What do repairs cost?")
    listed = client.get("/v1/conversations").json()["conversations"]
    assert [each["title"] for each in listed] == ["What do repairs cost?", "Who is the mayor?"]
    assert (listed[1]["conversation_id"], listed[1]["answers"]) == (first["conversation_id"], 2)
    whole = client.get(f"/v1/conversations/{first['conversation_id']}").json()
    assert whole["answers"] == [first, second]


def test_a_deleted_conversation_is_gone_with_its_answers(client: httpx.Client) -> None:
    answer = ask(client, "Who is the mayor?")
    client.post(f"/v1/answers/{answer['answer_id']}/feedback", json={"rating": "up"})
    path = f"/v1/conversations/{answer['conversation_id']}"
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == client.get(path).status_code == 404
    assert client.get(f"/v1/answers/{answer['answer_id']}").status_code == 404
    assert client.get("/v1/conversations").json() == {"conversations": []}


def test_a_deleted_conversation_does_not_come_back_with_what_was_being_written(harbour: Archive) -> None:
    writer = Waiting(0)
    with serving(harbour, writer) as client:
        conversation = ask(client, "Who is the mayor?")["conversation_id"]
        writer.wait = 0.2
        asked = {**BRIDGE, "conversation_id": conversation}
        with client.stream("POST", "/v1/answers", json=asked, headers=STREAM) as response:
            coming = events(response)
            answer_id = next(coming)[2]["answer_id"]
            assert client.delete(f"/v1/conversations/{conversation}").status_code == 204
            assert list(coming)[-1][1] == "answer.completed"
        assert client.get(f"/v1/conversations/{conversation}").status_code == 404
        assert client.get(f"/v1/answers/{answer_id}").status_code == 404


def test_conversations_are_listed_while_one_is_deleted(client: httpx.Client, harbour: Archive) -> None:
    gone = ask(client, "Who is the mayor?")["conversation_id"]
    with once("after", "GROUP BY answers.conversation_id", lambda: harbour.answers.delete_conversation(gone, None)):
        assert client.get("/v1/conversations", headers={"Connection": "close"}).status_code == 200


def test_questions_are_answered_while_many_articles_wait_to_be_stored(archive: Archive) -> None:
    going_on = threading.Event()

    def store(*_: object) -> IngestReport:
        going_on.wait(20)
        return IngestReport(new=1)

    with serving(archive, ExtractiveWriter()) as client, ThreadPoolExecutor(60) as senders:
        with patch.object(archive, "ingest", store):
            url = f"{client.base_url}/v1/articles"
            bodies = [{"title": f"Ferry {number}", "body": "The ferry sails."} for number in range(60)]
            sent = [senders.submit(httpx.post, url, json=body, timeout=30) for body in bodies]
            time.sleep(1)
            try:
                assert client.get("/readyz", timeout=3).status_code == 200
            finally:
                going_on.set()
        assert {each.result().status_code for each in sent} == {201}


def test_articles_are_added_listed_read_and_deleted(client: httpx.Client) -> None:
    ferry = {"title": "Ferry sails", "body": "The ferry to Sarn sails again.", "url": "https://bell.example/2"}
    sent = client.post("/v1/articles", json=ferry)
    assert (sent.status_code, sent.json()["outcome"]) == (201, "new")
    assert client.post("/v1/articles", json=ferry).json() == {**sent.json(), "outcome": "unchanged"}
    changed = client.post("/v1/articles", json={**ferry, "body": "The ferry to Sarn does not sail."})
    assert (changed.status_code, changed.json()["outcome"]) == (200, "updated")
    listed = client.get("/v1/articles", params={"limit": 1, "offset": 1}).json()
    assert ([each["title"] for each in listed["articles"]], listed["total"]) == (["Ferry sails"], 2)
    path = f"/v1/articles/{sent.json()['article_id']}"
    whole = client.get(path).json()
    WholeArticleShape.model_validate(whole)
    assert (whole["body"], len(whole["versions"])) == ("The ferry to Sarn does not sail.", 2)
    assert ask(client, "Does the ferry to Sarn sail?")["citations"][0]["quote"] == whole["body"]
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == client.get(path).status_code == 404


def test_an_article_without_text_is_refused_by_its_field(client: httpx.Client) -> None:
    assert pointer(client.post("/v1/articles", json={"title": "Nothing"})) == (422, "body/body")
    bad = client.post("/v1/articles", json={"title": "t", "body": "b", "url": "ftp://x"})
    assert pointer(bad) == (422, "body/url")
    assert client.get("/v1/articles").json()["total"] == 1


def test_feedback_is_kept_once_for_each_who_says_it(client: httpx.Client, harbour: Archive) -> None:
    answer = ask(client, "Who is the mayor?")
    path = f"/v1/answers/{answer['answer_id']}/feedback"
    client.post(path, json={"rating": "up"})
    client.post(path, json={"rating": "down", "reason": "Outdated."})
    (rating,) = harbour.answers.ratings(answer["answer_id"])
    assert (rating.who, rating.rating, rating.reason) == ("local", "down", "Outdated.")
    assert [json.loads(each)["answer_id"] for each in harbour.answers.disliked()] == [answer["answer_id"]]
    assert pointer(client.post(path, json={"rating": "meh"})) == (422, "body/rating")
    assert client.post("/v1/answers/ans_none/feedback", json={"rating": "up"}).status_code == 404


def test_a_question_sent_twice_under_one_key_is_answered_once(harbour: Archive) -> None:
    writer = Waiting(0.2)
    with serving(harbour, writer) as client:
        headers = {"Idempotency-Key": "k-1"}
        with client.stream("POST", "/v1/answers", json=BRIDGE, headers={**headers, **STREAM}) as response:
            streamed = events(response)
            next(streamed)
            joined = client.post("/v1/answers", json=BRIDGE, headers=headers).json()
            assert list(streamed)[-1][2] == joined
        assert client.post("/v1/answers", json=BRIDGE, headers=headers).json() == joined
        again = client.post("/v1/answers", json=BRIDGE, headers={**headers, **STREAM})
        assert list(events(again))[-1][2] == joined
        assert writer.written == 1
        other = client.post("/v1/answers", json={"question": "Who is the mayor?"}, headers=headers)
        assert (pointer(other), other.json()["code"]) == ((422, "header/idempotency-key"), "KeyReused")


def test_what_was_cancelled_under_a_key_may_be_asked_again(harbour: Archive) -> None:
    writer = Waiting(30)
    with serving(harbour, writer) as client:
        headers = {"Idempotency-Key": "k-2", **STREAM}
        with client.stream("POST", "/v1/answers", json=BRIDGE, headers=headers) as response:
            coming = events(response)
            answer_id = next(coming)[2]["answer_id"]
            client.post(f"/v1/answers/{answer_id}/cancel")
            list(coming)
        writer.wait = 0
        again = client.post("/v1/answers", json=BRIDGE, headers={"Idempotency-Key": "k-2"})
        assert again.status_code == 200
        assert again.json()["answer_id"] != answer_id


def test_retries_of_what_was_cancelled_are_answered_once(harbour: Archive) -> None:
    writer = Waiting(0.5)
    headers = {"Idempotency-Key": "k-3"}

    async def retried(url: httpx.URL) -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20, headers=headers) as caller:
            return await asyncio.gather(*(caller.post("/v1/answers", json=BRIDGE) for _ in range(8)))

    with serving(harbour, writer) as client:
        with client.stream("POST", "/v1/answers", json=BRIDGE, headers={**headers, **STREAM}) as response:
            coming = events(response)
            client.post(f"/v1/answers/{next(coming)[2]['answer_id']}/cancel")
            list(coming)
        before = writer.written
        made = asyncio.run(retried(client.base_url))
        assert writer.written - before == 1
    given = {each.json()["answer_id"] for each in made if each.status_code == 200}
    refused = {each.json()["code"] for each in made if each.status_code != 200}
    assert len(given) == 1 and refused <= {"InProgress"}


def test_what_failed_to_begin_under_a_key_may_be_asked_again(harbour: Archive) -> None:
    writer = Waiting(60)

    def fail() -> None:
        raise sqlite3.OperationalError("database is locked")

    with serving(harbour, writer) as client:
        headers = {"Idempotency-Key": "k-4"}
        with once("before", "UPDATE repeats", fail):
            failed = client.post("/v1/answers", json=BRIDGE, headers={**headers, "Connection": "close"})
        assert failed.status_code == 500
        wait_for(lambda: client.desk.running(None) == 0, patience_s=5)
        writer.wait = 0
        assert client.post("/v1/answers", json=BRIDGE, headers=headers).status_code == 200


def test_a_key_that_is_released_while_it_is_claimed_is_claimed_by_one(harbour: Archive) -> None:
    records = harbour.answers
    assert records.claim("k", None, "digest", "here") is None
    with once("before", "SELECT repeats", lambda: records.release("k", None, None)):
        assert records.claim("k", None, "digest", "here") is None
    assert records.claim("k", None, "digest", "here") is not None


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "at"),
    [
        ("POST", "/v1/answers", {"content": b"{", "headers": JSON}, 422, "body"),
        ("POST", "/v1/answers", {"content": b"", "headers": JSON}, 422, "body"),
        ("POST", "/v1/answers", {"json": {**BRIDGE, "colour": "red"}}, 422, "body/colour"),
        ("POST", "/v1/answers", {"json": {**BRIDGE, "filters": {"colour": 1}}}, 422, "body/filters/colour"),
        ("POST", "/v1/answers", {"json": {**BRIDGE, "filters": {"to": "soon"}}}, 422, "body/filters/to"),
        (
            "POST",
            "/v1/answers",
            {"json": {**BRIDGE, "filters": {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}}},
            422,
            "body/filters/from",
        ),
        ("POST", "/v1/answers", {"json": {**BRIDGE, "conversation_id": "conv_x"}}, 422, "body/conversation_id"),
        (
            "POST",
            "/v1/answers",
            {"content": b"question=x", "headers": {"Content-Type": "text/plain"}},
            415,
            "header/content-type",
        ),
        (
            "POST",
            "/v1/answers",
            {"json": BRIDGE, "headers": {"Idempotency-Key": "k" * 201}},
            422,
            "header/idempotency-key",
        ),
        ("POST", "/v1/answers", {"json": {"question": "x" * 1_000_000}}, 413, "body"),
        ("POST", "/v1/search", {"json": {**BRIDGE, "k": "many"}}, 422, "body/k"),
        ("GET", "/v1/answers/ans_x", {}, 404, "path/answer_id"),
        ("GET", "/v1/answers/ans_x/events", {"headers": {"Last-Event-ID": "7th"}}, 422, "header/last-event-id"),
        ("GET", "/v1/answers/ans_x/events", {"headers": {"Last-Event-ID": "99999"}}, 422, "header/last-event-id"),
        ("POST", "/v1/answers/ans_x/cancel", {}, 404, "path/answer_id"),
        ("POST", "/v1/answers/ans_x/feedback", {"json": {"rating": 1}}, 422, "body/rating"),
        ("GET", "/v1/conversations/conv_x", {}, 404, "path/conversation_id"),
        ("GET", "/v1/conversations", {"params": {"limit": 0}}, 422, "query/limit"),
        ("GET", "/v1/articles", {"params": {"offset": "x"}}, 422, "query/offset"),
        ("GET", "/v1/articles/none", {}, 404, "path/article_id"),
        (
            "POST",
            "/v1/articles",
            {"json": {"title": "t", "body": "b", "published_at": "soon"}},
            422,
            "body/published_at",
        ),
        ("PUT", "/v1/answers", {}, 405, ""),
        ("GET", "/v1/nothing", {}, 404, ""),
    ],
)
def test_bad_input_is_a_problem_that_points_to_its_place(
    client: httpx.Client, method: str, path: str, sent: dict[str, Any], status: int, at: str
) -> None:
    assert pointer(client.request(method, path, **sent)) == (status, at)


def test_an_event_that_was_not_sent_yet_cannot_have_been_seen(client: httpx.Client) -> None:
    answer = ask(client, "Who is the mayor?")
    early = client.get(f"/v1/answers/{answer['answer_id']}/events", headers={"Last-Event-ID": "500"})
    assert pointer(early) == (422, "header/last-event-id")


def test_cancelling_closes_the_call_to_the_model(harbour: Archive) -> None:
    with model_serving(says("The bridge will close ", 60.0)) as model:
        writer = LLMWriter(model.url, "none", "m")
        with (
            serving(harbour, writer) as client,
            client.stream("POST", "/v1/answers", json=BRIDGE, headers=STREAM) as response,
        ):
            coming = events(response)
            answer_id = next(coming)[2]["answer_id"]
            while not model.requests:
                time.sleep(0.01)
            client.post(f"/v1/answers/{answer_id}/cancel")
            assert model.requests[0].closed.wait(5)
            assert list(coming)[-1][1] == "answer.cancelled"


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl is installed")
def test_curl_is_answered_whole_and_as_a_stream(client: httpx.Client) -> None:
    curl = ["curl", "--noproxy", "*", "-sS", "--fail", f"{client.base_url}/v1/answers", "--json", json.dumps(BRIDGE)]
    answer = json.loads(subprocess.run(curl, capture_output=True, check=True, timeout=20).stdout)
    assert answer["status"] == "answered"
    streamed = [*curl, "-N", "-H", "Accept: text/event-stream"]
    done = subprocess.run(streamed, capture_output=True, check=True, text=True, timeout=20)
    assert done.stdout.rstrip().split("\n\n")[-1].startswith("event: answer.completed\ndata: {")


def test_what_is_answered_fits_the_openapi_document(client: httpx.Client) -> None:
    AnswerShape.model_validate(ask(client, "Who is the mayor?"), strict=True)
    ArchiveShape.model_validate(client.get("/v1/archive").json(), strict=True)
    paths: dict[str, Any] = client.get("/openapi.json").json()["paths"]
    assert {"/v1/answers", "/v1/answers/{answer_id}/events", "/v1/conversations", "/v1/search"} <= set(paths)
