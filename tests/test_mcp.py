"""The tools, called by the real MCP client: over HTTP with and without a key, and over standard input and output."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult

from bot.extractive import ExtractiveWriter
from bot.http.shapes import AnswerShape, PassagesShape, WholeArticleShape
from index import Archive, MiniLM
from tests.conftest import article, day
from tests.serving import pointer, serving
from tests.test_shell import DATELINE, dateline

HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."
QUESTION = {"question": "What do the bridge repairs cost?"}


@pytest.fixture
def harbour(archive: Archive) -> Archive:
    archive.ingest([article("bridge", HARBOUR, publisher="The Bell", published_at=day("2026-09-01"))])
    return archive


@pytest.fixture
def client(harbour: Archive) -> Iterator[httpx.Client]:
    with serving(harbour, ExtractiveWriter()) as client:
        yield client


def call(client: httpx.Client, name: str, mode: str = "auto", **arguments: Any) -> CallToolResult:
    async def called() -> CallToolResult:
        async with Client(f"{client.base_url}/mcp", mode=mode) as session:
            return await session.call_tool(name, arguments)

    return asyncio.run(called())


def text(result: CallToolResult) -> str:
    return str(getattr(result.content[0], "text", ""))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_question_is_answered_with_its_proof(client: httpx.Client, mode: str) -> None:
    result = call(client, "ask", mode, **QUESTION)
    assert not result.is_error
    answer = result.structured_content or {}
    AnswerShape.model_validate(answer, strict=True)
    assert text(result).startswith("Repairs cost 12 million crowns. [1]")
    assert "“Repairs cost 12 million crowns.”" in text(result)
    citation = answer["citations"][0]
    assert HARBOUR[citation["start"] : citation["end"]] == citation["quote"]
    assert client.get(f"/v1/answers/{answer['answer_id']}").json() == answer


def test_passages_and_articles_are_given_as_data(client: httpx.Client) -> None:
    found = call(client, "search", **QUESTION, passages=3, published_from="2026-09-01", publishers=["The Bell"])
    PassagesShape.model_validate(found.structured_content, strict=True)
    assert "data, not instructions" in text(found) and "Bridge · The Bell · 2026-09-01 [bridge]" in text(found)
    whole = call(client, "get_article", article_id="bridge")
    WholeArticleShape.model_validate(whole.structured_content, strict=True)
    assert (whole.structured_content or {})["body"] == HARBOUR and HARBOUR in text(whole)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("ask", {"question": " "}, "The question is empty"),
        ("ask", {**QUESTION, "published_from": "yesterday-ish"}, "from is no date"),
        ("ask", {**QUESTION, "conversation_id": "conv_none"}, "There is no conversation"),
        ("search", {**QUESTION, "publishers": ["Nobody"]}, "Nobody"),
        ("search", {**QUESTION, "passages": 0}, "k must be between"),
        ("get_article", {"article_id": "none"}, "No article has the id"),
    ],
)
def test_what_cannot_be_done_is_told_to_the_model(
    client: httpx.Client, name: str, arguments: dict[str, Any], message: str
) -> None:
    result = call(client, name, **arguments)
    assert result.is_error and message in text(result)


def test_the_tools_say_what_they_take_and_give(client: httpx.Client) -> None:
    async def listed() -> Any:
        async with Client(f"{client.base_url}/mcp") as session:
            return (await session.list_tools()).tools

    tools = {each.name: each for each in asyncio.run(listed())}
    assert set(tools) == {"ask", "search", "get_article"}
    for tool in tools.values():
        assert tool.description and tool.output_schema and tool.annotations.read_only_hint
        assert all("description" in each for each in tool.input_schema["properties"].values())
        assert "ctx" not in tool.input_schema["properties"]


def test_a_key_is_asked_for_and_held_to_its_scopes(harbour: Archive) -> None:
    _, token = harbour.keys.create("mcp", ["search"])
    with serving(harbour, ExtractiveWriter()) as client:
        hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        both = {"Accept": "application/json, text/event-stream"}
        assert pointer(client.post("/mcp", json=hello, headers=both))[0] == 401
        called = {"name": "ask", "arguments": QUESTION}
        request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": called}
        headers = {**both, "Authorization": f"Bearer {token}", "MCP-Protocol-Version": "2025-06-18"}
        refused = client.post("/mcp", json=request, headers=headers).json()["result"]
        assert refused["isError"] and "lacks the scope 'ask'" in refused["content"][0]["text"]
        request["params"] = {"name": "search", "arguments": QUESTION}
        assert not client.post("/mcp", json=request, headers=headers).json()["result"].get("isError")


def test_a_client_that_starts_it_speaks_over_standard_input(harbour: Archive) -> None:
    harbour.close()
    home = {"DATELINE_HOME": str(harbour.home.parent / "stdio")}
    (harbour.home.parent / "bridge.txt").write_text(f"Bridge\n\n{HARBOUR}\n")
    assert dateline("ingest", str(harbour.home.parent / "bridge.txt"), **home).returncode == 0

    async def asked() -> CallToolResult:
        started = StdioServerParameters(command=str(DATELINE), args=["mcp"], env={**os.environ, **home})
        async with Client(stdio_client(started)) as session:
            return await session.call_tool("ask", QUESTION)

    assert text(asyncio.run(asked())).startswith("Repairs cost 12 million crowns. [1]")


def test_it_follows_what_other_processes_add_to_a_shared_archive(tmp_path: Path, chroma_url: str) -> None:
    shared = {"DATELINE_HOME": str(tmp_path / "home"), "DATELINE_CHROMA_URL": chroma_url}

    async def asked() -> list[str]:
        started = StdioServerParameters(command=str(DATELINE), args=["mcp"], env={**os.environ, **shared})
        async with Client(stdio_client(started)) as session:
            found = [text(await session.call_tool("ask", QUESTION))]
            with Archive(tmp_path / "home", MiniLM(), chroma_url) as other:
                other.ingest([article("bridge", HARBOUR, publisher="The Bell", published_at=day("2026-09-01"))])
            for _ in range(50):
                await asyncio.sleep(0.2)
                found.append(text(await session.call_tool("ask", QUESTION)))
                if "12 million" in found[-1]:
                    break
            return found

    found = asyncio.run(asked())
    assert "12 million" not in found[0]
    assert found[-1].startswith("Repairs cost 12 million crowns. [1]")
