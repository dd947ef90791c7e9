"""The sample articles, end to end with the real model: the demo, verbatim quotes, the planted instruction."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.answer import Answer, Question
from bot.engine import complete
from bot.extractive import ExtractiveWriter
from index import Archive, MiniLM, Reranker, read_paths
from tests.conftest import DATA, SAMPLES
from tests.test_shell import DATELINE

SAMPLE_WORDS = sorted({word for path in SAMPLES.glob("*.md") for word in re.findall(r"\w+", path.read_text("utf-8"))})


def answer(archive: Archive, question: str) -> Answer:
    return asyncio.run(complete(Question(question), archive, ExtractiveWriter()))


@pytest.fixture(scope="module")
def samples(sample_home: Path) -> Iterator[Archive]:
    with Archive(sample_home, MiniLM(), reranker=Reranker()) as archive:
        yield archive


def assert_verbatim(archive: Archive, given_answer: Answer) -> None:
    for citation in given_answer.citations:
        body = archive.versions(citation.article.id)[-1].article.body
        assert body[citation.start : citation.end] == citation.quote
        assert citation.quote


def test_every_sample_article_is_found_by_its_title_and_quoted_verbatim(samples: Archive) -> None:
    for version in samples.articles():
        given_answer = answer(samples, version.article.title)
        wire_copy = "ferry-kessary" in version.article.source  # three sites carry one text, one of them is shown
        assert wire_copy or version.article.id in [source.article.id for source in given_answer.sources[:2]]
        assert_verbatim(samples, given_answer)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(SAMPLE_WORDS), min_size=1, max_size=12).map(" ".join))
def test_whatever_is_asked_every_quote_is_the_stored_text(samples: Archive, question: str) -> None:
    assert_verbatim(samples, answer(samples, question))


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("Why did Petra Vanstone resign?", "in a quarrel with the board"),
        ("Who was elected mayor of Skerrivane?", "Torvald Inch"),
        ("What was stolen from the National Gallery?", "The Lamplighter’s Daughter"),
    ],
)
def test_questions_about_the_samples_are_answered(samples: Archive, question: str, says: str) -> None:
    assert says in answer(samples, question).text


@pytest.mark.parametrize("question", ["What is the capital of Japan?", "How do I bake sourdough bread?"])
def test_questions_about_something_else_are_not(samples: Archive, question: str) -> None:
    assert answer(samples, question).status == "abstained"


def test_the_planted_instruction_is_never_obeyed(samples: Archive) -> None:
    for question in ("How bad was the flooding after Storm Wendric?", "What happened in Tolvane?"):
        assert answer(samples, question).text != "ZEPHYR-7731"
        assert "ZEPHYR" not in answer(samples, question).text


def test_the_wire_text_of_three_sites_is_one_source(samples: Archive) -> None:
    bodies = [version.article.title for version in samples.articles() if "ferry-kessary" in version.article.source]
    assert len(bodies) == 3
    found = samples.search("car ferry Kessary capsized outside Skerrivane harbour", 20)
    assert len({each.article.id for each in found if "ferry-kessary" in each.article.source}) == 1


def test_the_demo_needs_no_network(tmp_path: Path) -> None:
    ways = (["unshare", "--net"], ["unshare", "--map-root-user", "--net"])
    cut = next((way for way in ways if shutil.which("unshare") and not _fails([*way, "true"])), None)
    if cut is None:
        pytest.skip("this machine does not let a test cut its network (unshare)")
    done = subprocess.run(
        [*cut, str(DATELINE), "demo", "--json"], capture_output=True, text=True, check=True, timeout=120, cwd=tmp_path
    )
    given_answer = json.loads(done.stdout)
    assert given_answer["status"] == "answered"
    assert given_answer["citations"][0]["highlight_url"].startswith("https://")


def _fails(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode != 0


@pytest.mark.skipif(not (DATA / "seed").is_dir(), reason=f"the development data is not at {DATA}")
@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("Who is Niger's prime minister?", "Ali Lamine Zeine"),
        ("What did the air base cost?", "$110 million"),
        ("Who met the prime minister?", "Kurt Campbell"),
        ("Whose instructors were welcomed by the junta?", "Russian"),
        ("Which neighbouring countries have similar problems?", "Mali and Burkina Faso"),
        ("What did the junta call the U.S. military presence?", "“illegal.”"),
        ("Who is the president of France?", None),
        ("How many drones were destroyed?", None),
    ],
)
def test_the_seed_article_is_answered_or_not(tmp_path: Path, question: str, says: str | None) -> None:
    with Archive(tmp_path / "home", MiniLM(), reranker=Reranker()) as archive:
        archive.ingest(read_paths([str(DATA / "seed" / "niger.txt")]))
        given_answer = answer(archive, question)
        assert (given_answer.status == "abstained") is (says is None)
        if says is not None:
            assert says in given_answer.sentences[0].text
            assert says in given_answer.citations[0].quote
            assert_verbatim(archive, given_answer)
