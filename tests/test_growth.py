"""What one more article, and one more question, cost the truth: no more when it holds eight times as much.

SQLite counts its own steps, so nothing here depends on the machine.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count, islice
from typing import Any

import pytest
from sqlalchemy import event

from eval.bench.bulk import lines
from index import Archive, Article
from index.database import sqlite_engine
from tests.conftest import article, day

FEW, MANY, MORE = 50, 400, 16
STEPS = 10  # SQLite calls back after so many
AT_MOST = 1.5  # its trees are a level deeper; each walk over all articles would make it 8


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], object]], int]]:
    """How many steps, in tens, SQLite takes during an act, in every connection of an archive opened meanwhile."""
    taken = count()

    def counting(*arguments: Any) -> Any:
        engine = sqlite_engine(*arguments)
        event.listen(engine, "connect", lambda connection, _: connection.set_progress_handler(step, STEPS))
        return engine

    def step() -> None:
        next(taken)

    def of(act: Callable[[], object]) -> int:
        before = next(taken)
        act()
        return next(taken) - before

    monkeypatch.setattr("index.truth.sqlite_engine", counting)
    yield of


def articles() -> Iterator[Article]:
    """Articles of one publisher, five minutes apart, no two alike."""
    for number, line in enumerate(lines(FEW + MANY + 3 * MORE)):
        said = line.partition('"body": "')[2]
        at = day("2026-01-01") + timedelta(minutes=5 * number)
        yield article(f"a{number}", said, url=f"https://bell.example/{number}", publisher="The Bell", published_at=at)


def test_an_article_and_a_question_cost_no_more_when_there_are_many(
    steps: Callable[[Callable[[], object]], int], tmp_path: Any, words: Any
) -> None:
    coming = articles()
    with Archive(tmp_path / "home", words) as archive:

        def ingest(number: int) -> None:
            some = list(islice(coming, number))
            assert archive.ingest(some).new == number

        def ask() -> None:
            assert archive.search("Which mayor of the harbour said so?", 10)

        ingest(FEW)
        ask()
        few = steps(lambda: ingest(MORE)), steps(ask)
        ingest(MANY)
        ask()
        many = steps(lambda: ingest(MORE)), steps(ask)
    assert few[0] > 100
    assert many[0] <= AT_MOST * few[0]
    assert many[1] <= AT_MOST * few[1]
