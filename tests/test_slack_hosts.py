"""Two servers of Slack over one truth in PostgreSQL, as two hosts have it: real processes, one of them killed."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, text

from index import Archive, Place, SlackRecords, Thread, Wish
from index.truth import open_truth
from tests.conftest import WordEmbedder, article
from tests.slack_api import SlackApi, slack_api
from tests.slack_talk import is_finished, process, wait_for

HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."
ASK = "What do the bridge repairs cost?"


@pytest.fixture
def api() -> Iterator[SlackApi]:
    with slack_api() as running:
        yield running


@pytest.fixture
def truth(database_url: str) -> Iterator[Engine]:
    engine = open_truth(database_url)
    yield engine
    engine.dispose()


def test_two_processes_answer_a_storm_of_retries_once_each_and_one_goes_on_when_the_other_is_killed(
    tmp_path: Path, api: SlackApi, chroma_url: str, database_url: str, truth: Engine
) -> None:
    records = SlackRecords(truth)
    with Archive(tmp_path / "one", WordEmbedder(), chroma_url, database_url) as archive:
        archive.ingest([article("bridge", HARBOUR)])

    def settled() -> list[str]:
        wait_for(lambda: all(each.state != "open" for each in records.recent("T1", "U1", 99)), 30)
        return [each.state for each in records.recent("T1", "U1", 99)]

    with (
        process(tmp_path / "one", api, 0.6, chroma_url, database_url) as (first, one),
        process(tmp_path / "two", api, 0.6, chroma_url, database_url) as (_, two),
        ThreadPoolExecutor(12) as pool,
    ):
        events = [one.mention(f"{ASK} {number}") for number in range(8)]
        storm = [(server, event, event["ts"]) for event in events for server in (one, one, two, two)]
        storm += [
            (server, {**event, "type": "message"}, f"{event['ts']} 2") for event in events for server in (one, two)
        ]
        random.Random(8).shuffle(storm)
        assert set(pool.map(lambda each: each[0].event(each[1], each[2]).status_code, storm)) == {200}
        assert settled() == ["answered"] * 8
        assert sorted(str(m.thread) for m in api.seen("C1")) == sorted(event["ts"] for event in events)

        # A wish to stop reaches the process that answers, wherever it was said.
        stopped = one.mention(ASK)
        one.event(stopped)
        wait_for(lambda: any(m.text for m in api.seen("C1", stopped["ts"])))
        two.event({"type": "agent_session_stopped", "channel": "C1", "thread_ts": stopped["ts"], "user": "U1"})
        assert settled()[0] == "stopped"

        # What a killed process had begun is finished by the other one, in the message that was begun.
        left = one.mention(ASK)
        one.event(left)
        wait_for(lambda: any(m.text for m in api.seen("C1", left["ts"])))
        first.kill()
        with truth.begin() as connection:  # half a minute goes by, and its lease runs out
            connection.execute(text("UPDATE slack_claims SET lease_until = created_at WHERE state = 'open'"))
        assert settled()[0] == "answered"
        (answer,) = api.seen("C1", left["ts"])
        assert is_finished(answer)


def test_postgres_keeps_claims_as_sqlite_does(truth: Engine) -> None:
    records, here = SlackRecords(truth), Place("T1", "C1", "1.1")
    wishes = [Wish((f"event:{n}", f"msg:{n // 2}"), here, "U1", "{}") for n in range(40)]
    with ThreadPoolExecutor(4) as pool:
        some = [random.Random(seed).sample(wishes, 40) for seed in range(4)]
        taken = [claim for claims in pool.map(records.claim, some, "abcd") for claim in claims if claim]
    assert len(taken) == 20
    mine = {claim.id for claim in taken}
    kept = {claim_id for owner in "abcd" for claim_id in records.keep(owner, mine)}
    assert kept == mine
    records.release("a")
    assert {claim.id for claim in records.take_over("e")} | {c.id for c in records.take_over("b")} <= mine
    assert records.stop(here) == mine
    records.settle(taken[0].id, "answered", "ans_1")
    records.forget("T1")
    assert records.recent("T1", "U1", 50) == []


def test_what_two_hosts_keep_of_one_thread_or_workspace_at_once_is_kept(truth: Engine) -> None:
    records, both = SlackRecords(truth), Barrier(2)

    def at_once(keep: Callable[[int], None], host: int) -> None:
        both.wait(10)
        keep(host)

    with ThreadPoolExecutor(2) as pool:
        for number in range(20):
            place = Place("T1", "C1", str(number))
            for keep in (
                lambda host, place=place: records.remember(place, Thread(f"conv_{host}", "1.1")),
                lambda host, place=place: records.install(f"T{place.thread}", f"sealed {host}"),
            ):
                list(pool.map(partial(at_once, keep), range(2)))
            assert records.thread(place) in (Thread("conv_0", "1.1"), Thread("conv_1", "1.1"))
            assert records.installation(f"T{number}") in ("sealed 0", "sealed 1")
