"""Claims on questions from Slack: one answer each, in every order, from several processes, and after a crash."""

import itertools
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index import Archive, Claim, Place, SlackRecords, Thread, Wish
from index.truth import open_truth
from tests.conftest import ROOT

HERE = Place("T1", "C1", "1.1")


@pytest.fixture
def records(tmp_path: Path) -> SlackRecords:
    return SlackRecords(open_truth(tmp_path / "truth.db"))


def claimed(records: SlackRecords, *keys: str, place: Place = HERE, owner: str = "a") -> Claim | None:
    (claim,) = records.claim([Wish(keys, place, "U1", '{"text": "Who?"}')], owner)
    return claim


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_gesture_is_claimed_once_by_whichever_of_its_names_comes_first(
    records: SlackRecords, order: tuple[int, ...]
) -> None:
    events = [("event:Ev1", "msg:m1", "ts:1.1"), ("event:Ev2", "msg:m1", "ts:1.1"), ("event:Ev3", "msg:m1", "ts:1.2")]
    taken = [claimed(records, *events[number]) for number in order]
    assert taken[0] is not None
    assert taken[1:] == [None, None]
    # A later repeat is known by a name that only a refused event had told.
    assert claimed(records, "ts:1.2") is None
    assert claimed(records, "event:Ev3") is None
    assert claimed(records, "ts:1.3") is not None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12))
def test_no_two_claims_share_a_name(records: SlackRecords, pairs: list[tuple[int, int]]) -> None:
    example = uuid.uuid4().hex  # the database outlives the example
    won = [keys for pair in pairs if claimed(records, *(keys := {f"{example}:{name}" for name in pair}))]
    assert won
    assert all(not one & other for one, other in itertools.combinations(won, 2))


def test_two_processes_that_take_the_same_questions_on_answer_each_once(tmp_path: Path) -> None:
    open_truth(tmp_path / "truth.db").dispose()
    code = """
import sys
from pathlib import Path
from index import Place, SlackRecords, Wish
from index.truth import open_truth
records = SlackRecords(open_truth(Path(sys.argv[1])))
sys.stdin.readline()
place = Place("T1", "C1", "1.1")
for first in range(0, 60, 4):
    some = range(first, first + 4)
    wishes = [Wish((f"event:{n}:{sys.argv[2]}", f"msg:{n}"), place, "U1", "{}") for n in some]
    for number, claim in zip(some, records.claim(wishes, sys.argv[2])):
        if claim:
            print(number)
"""
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "truth.db"), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for name in "ab"
    ]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda each: each.communicate("go\n", timeout=60)[0].split(), both)
    assert [each.returncode for each in both] == [0, 0]
    assert sorted(map(int, first + second)) == list(range(60))


def test_what_a_dead_process_left_open_is_taken_over_once(records: SlackRecords) -> None:
    left = claimed(records, "ts:1.1", owner="dead")
    assert left is not None
    records.begun(left.id, "9.9")
    assert records.take_over("b") == []  # its lease still runs
    (taken,) = records.take_over("b", alone=True)
    assert (taken.id, taken.attempts, taken.reply_ts, taken.asked) == (left.id, 2, "9.9", left.asked)
    assert records.take_over("b", alone=True) == []
    records.settle(taken.id, "answered", "ans_1")
    assert records.take_over("c", alone=True) == []


def test_a_lease_that_is_let_go_or_lost_is_told_to_its_owner(records: SlackRecords) -> None:
    mine = claimed(records, "ts:1.1", owner="a")
    assert mine is not None
    assert records.keep("a", [mine.id]) == {mine.id: False}
    records.stop(HERE)
    assert records.keep("a", [mine.id, 99]) == {mine.id: True}
    records.release("a")
    assert [each.id for each in records.take_over("b")] == [mine.id]
    assert records.keep("a", [mine.id]) == {}


def test_questions_of_a_thread_are_answered_in_order(records: SlackRecords) -> None:
    first, second = claimed(records, "1"), claimed(records, "2")
    other = claimed(records, "3", place=Place("T1", "C1", "2.2"))
    assert first and second and other
    assert [records.is_next(each) for each in (first, second, other)] == [True, False, True]
    records.settle(first.id, "failed")
    assert records.is_next(second)


def test_all_questions_of_a_workspace_are_stopped_whoever_answers_them(records: SlackRecords) -> None:
    ours, over = claimed(records, "1", owner="a"), claimed(records, "2", owner="a")
    also_ours = claimed(records, "3", place=Place("T1", "C2", "2.2"), owner="b")
    theirs = claimed(records, "4", place=Place("T2", "C1", "1.1"), owner="b")
    assert ours and over and also_ours and theirs
    records.settle(over.id, "answered")
    assert records.stop_all("T1") == {ours.id, also_ours.id}
    assert records.keep("a", [ours.id, over.id]) == {ours.id: True}
    assert records.keep("b", [also_ours.id, theirs.id]) == {also_ours.id: True, theirs.id: False}


def test_workspaces_are_kept_apart_and_forgotten_whole(records: SlackRecords) -> None:
    theirs = Place("T2", "C1", "1.1")
    for place in (HERE, theirs):
        claimed(records, f"{place.team}:1.1", place=place)
        records.remember(place, Thread(f"conv_{place.team}", "1.1"))
        records.install(place.team, f"sealed {place.team}")
    records.remember(HERE, Thread("conv_T1", "1.2"))
    records.forget("T2")
    assert (records.thread(theirs), records.installation("T2"), records.recent("T2", "U1", 5)) == (None, None, [])
    assert records.thread(HERE) == Thread("conv_T1", "1.2")
    assert records.installation("T1") == "sealed T1"
    assert [each.place for each in records.recent("T1", "U1", 5)] == [HERE]
    assert claimed(records, "T2:1.1", place=theirs) is not None


def test_the_archive_has_the_records(archive: Archive) -> None:
    first, again, other = archive.slack.claim([Wish((key,), HERE, "U1", "{}") for key in "kkm"], "a")
    assert first and other and again is None
    archive.slack.forget_old()
    assert claimed(archive.slack, "k") is None
