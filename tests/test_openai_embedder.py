"""Embedding with an OpenAI-compatible server: order, batches, retries, and what a failure tells the user."""

import json
import socket
from dataclasses import replace

import numpy as np
import pytest

from index import ModelRefused, ModelUnavailable, OpenAIEmbedder
from index.openai_embedder import AT_ONCE, BATCH_CHARACTERS, BATCH_TEXTS, LONGEST_TEXT
from index.openai_errors import is_loopback, shown
from tests.scripted_server import JSON, Script, Scripted, embeds, refuses, serving

KEY = "sk-test-SECRET-0123456789"


def embedder(url: str, model: str = "scripted", dimension: int | None = None) -> OpenAIEmbedder:
    return OpenAIEmbedder(model, url, KEY, dimension)


def lengths(vectors: np.ndarray) -> list[int]:
    """The lengths of the texts, which the scripted server puts into the first two numbers."""
    return [round(float(row[0] / row[1])) for row in vectors]


def test_vectors_are_unit_float32_in_the_order_of_the_texts() -> None:
    texts = ["a" * n for n in (5, 1, 9, 3)]
    with serving(embeds(4, backwards=True)) as server:
        vectors = embedder(server.url).embed(texts)
    assert vectors.dtype == np.float32
    assert lengths(vectors) == [5, 1, 9, 3]
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert server.requests[-1].body["encoding_format"] == "float"
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"


def test_many_texts_go_in_batches_several_at_once_and_come_back_in_order() -> None:
    texts = ["a" * (1 + n % 50) for n in range(BATCH_TEXTS * 6 + 7)]
    with serving(embeds(4, wait=0.2)) as server:
        vectors = embedder(server.url).embed(texts)
    assert lengths(vectors) == [len(text) for text in texts]
    sizes = sorted(len(request.body["input"]) for request in server.requests)
    assert sizes == [1, 7, *[BATCH_TEXTS] * 6]  # one word was embedded to learn the dimension
    assert 2 <= server.most_at_once <= AT_ONCE


def test_a_batch_is_bounded_by_its_characters_too() -> None:
    with serving(embeds(4)) as server:
        embedder(server.url, dimension=4).embed(["ab " * 2000] * 100)
    assert len(server.requests) == 100 * 6000 // BATCH_CHARACTERS
    assert server.requests[0].body["dimensions"] == 4


def test_an_empty_text_is_sent_as_a_space_and_a_long_one_is_cut() -> None:
    with serving(embeds(4)) as server:
        embedder(server.url).embed(["", "word " * 20_000, "é" * 5000])
    empty, long, middle = server.requests[0].body["input"]
    assert empty == " "
    assert LONGEST_TEXT * 4 < len(long) < LONGEST_TEXT * 6
    assert middle == "é" * 5000


def test_nothing_is_embedded_without_asking() -> None:
    assert embedder("http://127.0.0.1:9/v1", "text-embedding-3-small").embed([]).shape == (0, 1536)


def test_the_id_and_the_dimension_are_known_or_learnt() -> None:
    large = embedder("http://127.0.0.1:9/v1", "text-embedding-3-large")
    assert (large.id, large.dimension) == ("text-embedding-3-large", 3072)
    short = embedder("http://127.0.0.1:9/v1", "text-embedding-3-large", 256)
    assert (short.id, short.dimension) == ("text-embedding-3-large@256", 256)
    with serving(embeds(12)) as server:
        learnt = embedder(server.url)
        assert (learnt.dimension, learnt.dimension, len(server.requests)) == (12, 12, 1)


def test_a_busy_server_is_asked_again_after_the_time_it_names() -> None:
    with serving(refuses(429, retry_after_ms="30"), refuses(500, retry_after_ms="10"), embeds(4)) as server:
        assert lengths(embedder(server.url, dimension=4).embed(["abc"])) == [3]
    assert len(server.requests) == 3


def test_a_quota_that_stays_spent_is_reported() -> None:
    reply = refuses(429, "quota", retry_after_ms="5")
    with serving(reply) as server, pytest.raises(ModelUnavailable, match="busy or your quota is spent") as error:
        embedder(server.url, dimension=4).embed(["abc"])
    assert len(server.requests) == 5
    assert not isinstance(error.value, ModelRefused)


@pytest.mark.parametrize(
    ("status", "setting"), [(401, "OPENAI_API_KEY"), (404, "DATELINE_EMBEDDING_MODEL"), (403, "OPENAI_API_KEY")]
)
def test_a_refusal_names_the_setting_and_not_the_key(status: int, setting: str) -> None:
    reply = refuses(status, f"bad key {KEY}")
    reply = replace(reply, parts=[0.1, *reply.parts])
    with serving(reply) as server, pytest.raises(ModelRefused, match=setting) as error:
        embedder(server.url, dimension=4).embed(["abc"] * BATCH_TEXTS * 20)
    assert KEY not in str(error.value)
    assert len(server.requests) <= 2 * AT_ONCE, "the first refusal ends it"


def test_a_server_that_is_down_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(ModelUnavailable, match="Is it running"):
        OpenAIEmbedder("scripted", url, KEY, 4, retries=0).embed(["abc"])


def test_a_server_that_stalls_is_left() -> None:
    with serving(embeds(4, wait=5)) as server, pytest.raises(ModelUnavailable, match="did not answer in time"):
        OpenAIEmbedder("scripted", server.url, KEY, 4, retries=0, timeout=0.3).embed(["abc"])


@pytest.mark.parametrize(
    "reply",
    [
        Scripted([b"<html>Login</html>"], kind="text/html"),
        Scripted([b'{"error": {"message": "boom"}}'], kind=JSON),
        Scripted([b"{nonsense"], kind=JSON),
        Scripted([b"\xff\xfe"], kind=JSON),
        Scripted([b'{"data": []}'], kind=JSON),
        Scripted([b'{"data": null}'], kind=JSON),
        Scripted([b'{"data": [{"index": 0}]}'], kind=JSON),
        Scripted([b'{"data": [{"index": 0, "embedding": [1, "x"]}]}'], kind=JSON),
        Scripted([b'{"data": [{"index": 0, "embedding": [1, NaN, 1, 1]}]}'], kind=JSON),
        embeds(7),
    ],
)
def test_what_is_no_embeddings_is_reported(reply: Script) -> None:
    with serving(reply) as server, pytest.raises(ModelUnavailable, match="sent"):
        embedder(server.url, dimension=4).embed(["abc"])


def test_too_few_vectors_are_reported() -> None:
    one = json.dumps({"data": [{"index": 0, "embedding": [1.0, 0, 0, 0]}]}).encode()
    with serving(Scripted([one], kind=JSON)) as server, pytest.raises(ModelUnavailable, match="not embeddings"):
        embedder(server.url, dimension=4).embed(["abc", "def"])


def test_a_proxy_of_the_environment_does_not_catch_a_server_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(embeds(4)) as server:
        assert lengths(embedder(server.url, dimension=4).embed(["abc"])) == [3]


def test_an_address_is_shown_without_its_secrets() -> None:
    assert shown("https://user:secret@models.example:8443/v1/?key=secret") == "https://models.example:8443/v1"
    assert is_loopback("http://127.0.0.1:8080/v1")
    assert is_loopback("http://localhost/v1")
    assert is_loopback("http://[::1]:80/v1")
    assert not is_loopback("https://api.openai.com/v1")
