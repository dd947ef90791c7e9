"""What has changed in an article is answered from what its new version has and the old one had not."""

import asyncio
from typing import Any

import pytest

from bot.answer import Question
from bot.changes import asks_what_changed
from bot.engine import complete
from bot.extractive import ExtractiveWriter
from bot.llm import LLMWriter
from index import Archive, Evidence
from tests.conftest import article, day
from tests.scripted_server import says, serving

OLD = "The harbour bridge will close on Monday. Repairs of the bridge cost 12 million crowns. The mayor opposed them."
NEW = "The harbour bridge will close on Monday. Repairs of the bridge cost 19 million crowns. The mayor opposed them."


@pytest.fixture
def changed(archive: Archive) -> Archive:
    for body in (OLD, NEW):
        archive.ingest([article("bridge", body, publisher="The Bell", published_at=day("2026-09-01"))])
    archive.ingest([article("other", "The bridge was built in 1950. Nobody remembers the bridge before.")])
    return archive


@pytest.mark.parametrize(
    "question",
    ["What changed in the article about the harbour bridge?", "How was the Bell's story on the bridge corrected?"],
)
def test_only_what_is_new_is_said(changed: Archive, question: str) -> None:
    given = asyncio.run(complete(Question(question), changed, ExtractiveWriter()))
    assert [each.text for each in given.sentences] == ["Repairs of the bridge cost 19 million crowns."]


def test_a_model_sees_only_what_is_new(changed: Archive) -> None:
    with serving(says("Repairs of the bridge cost 19 million crowns [1.1].")) as server:
        asked = Question("What changed in the article about the harbour bridge?")
        given = asyncio.run(complete(asked, changed, LLMWriter(server.url, "none", "m")))
    prompt = server.requests[0].body["messages"][-1]["content"]
    assert "[1.1] Repairs of the bridge cost 19 million crowns." in prompt
    assert "opposed" not in prompt
    assert given.citations[0].quote in NEW


def test_without_an_older_version_it_is_a_question_like_any_other(archive: Archive) -> None:
    archive.ingest([article("bridge", NEW, published_at=day("2026-09-01"))])
    asked = Question("What was corrected in the report that the bridge repairs cost 19 million crowns?")
    assert "19 million" in asyncio.run(complete(asked, archive, ExtractiveWriter())).text


def test_an_article_that_is_removed_while_it_is_asked_about_has_not_changed(
    changed: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = changed.search

    def removed_meanwhile(*asked: Any) -> list[Evidence]:
        try:
            return found(*asked)
        finally:
            if len(changed.articles()) == 2:
                changed.remove("bridge")

    monkeypatch.setattr(changed, "search", removed_meanwhile)
    asked = Question("What changed in the article about the harbour bridge?")
    asyncio.run(complete(asked, changed, ExtractiveWriter()))


@pytest.mark.parametrize(
    "question", ["How has the weather changed?", "Who corrected the exam?", "What does the bridge cost?"]
)
def test_what_changed_in_the_world_is_no_question_of_versions(question: str) -> None:
    assert not asks_what_changed(question)
