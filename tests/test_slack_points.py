"""The twenty points that Dateline in Slack is held to, each from the signed request to what people see."""

import itertools
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html import unescape
from http.client import HTTPConnection
from pathlib import Path

import pytest

from bot.extractive import ExtractiveWriter
from index import Archive, SlackRecords
from index.truth import open_truth
from tests.conftest import WordEmbedder, article, day
from tests.slack_api import Message, SlackApi, slack_api
from tests.slack_talk import Slow, Talk, is_finished, process, talking, wait_for

HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."
ASK = "What do the bridge repairs cost?"


@pytest.fixture
def harbour(archive: Archive) -> Archive:
    there = {"publisher": "The Bell", "published_at": day("2026-09-01"), "url": "https://bell.example/bridge"}
    archive.ingest([article("bridge", HARBOUR, **there)])
    return archive


@pytest.fixture
def api() -> Iterator[SlackApi]:
    with slack_api() as running:
        yield running


def settled(archive: Archive, user: str = "U1", team: str = "T1") -> list[str]:
    """How somebody's questions ended, the first one first; waits until all have."""
    records = archive.slack
    wait_for(lambda: all(each.state != "open" for each in records.recent(team, user, 200)))
    return [each.state for each in records.recent(team, user, 200)][::-1]


def shown(message: Message) -> str:
    """All that a message shows, unescaped."""
    return unescape(message.text + json.dumps(message.blocks, ensure_ascii=False))


def without_numbers(text: str) -> str:
    """An answer's words."""
    return re.sub(r" (<[^>]*\|)?\[\d+\]>?", "", text)


def slowest_of(talk: Talk, path: str, requests: list[tuple[bytes, dict[str, str]]]) -> float:
    """Seconds until the last of these requests, all sent at once, was answered."""
    address = (str(talk.client.base_url.host), int(talk.client.base_url.port or 0))

    def answered(request: tuple[bytes, dict[str, str]]) -> float:
        started = time.perf_counter()
        connection = HTTPConnection(*address, timeout=30)
        connection.request("POST" if request[0] else "GET", path, *request)
        assert connection.getresponse().status == 200
        connection.close()
        return time.perf_counter() - started

    with ThreadPoolExecutor(len(requests)) as pool:
        return max(pool.map(answered, requests))


def test_point_1_fifty_mentions_at_once_are_each_acknowledged_in_300_ms_while_a_model_takes_20_s(
    harbour: Archive, api: SlackApi
) -> None:
    writer = Slow(HARBOUR, wait=20)
    with talking(harbour, writer, api) as talk:
        talk.event(talk.mention("Warm up?", user="U0"))
        wait_for(lambda: writer.begun)
        storms = [[talk.mention(f"{ASK} {at + n}", user=f"U{at + n % 25}") for n in range(50)] for at in (0, 50, 100)]
        signed = [[talk.signed(talk.envelope(event), "application/json") for event in events] for events in storms]
        acknowledged = [slowest_of(talk, "/slack/events", requests) for requests in signed]
        # The rest of the suite runs beside this one: how slow the machine is now is told by what costs nothing.
        alive = slowest_of(talk, "/healthz", [(b"", {})] * 50)
        assert min(acknowledged) < max(0.3, 4 * alive), (acknowledged, alive)
        events = storms[0]
        # Nothing is dropped, and a thread's questions are answered in their order.
        thread = events[0]["ts"]
        for number in range(4):
            talk.event(talk.mention(f"Then {number}?", thread_ts=thread, user=f"V{number}"))
        writer.hurry = True
        wait_for(lambda: len([m for m in api.seen("C1") if is_finished(m)]) == 155, 100)
        assert {m.thread for m in api.seen("C1")} >= {event["ts"] for event in events}
        own = [text for text in writer.begun if text.startswith("Then") or text == f"{ASK} 0"]
        assert [text[:7] for text in own[1:]] == [f"Then {number}?" for number in range(4)]


def test_point_2_what_slack_did_not_sign_is_refused_and_calls_nothing(harbour: Archive, api: SlackApi) -> None:
    writer = Slow(HARBOUR)
    with talking(harbour, writer, api) as talk:
        body, kind = talk.envelope(talk.mention(ASK)), "application/json"
        old = str(int(time.time()) - 600)
        assert talk.post(body, kind, secret="another").status_code == 401
        assert talk.post(body, kind, old).status_code == 401
        assert talk.post(body, kind, "soon").status_code == 401
        assert talk.post(body, kind, "1e9").status_code == 401
        assert talk.post(body, kind, "9" * 30).status_code == 401
        assert talk.post(body, kind, "").status_code == 401
        assert talk.client.post("/slack/events", content=body).status_code == 401
        assert talk.post(b"\xff\xfe", kind).status_code == 400
        assert talk.post(b"{", kind).status_code == 400
        assert talk.post(b"payload={", "application/x-www-form-urlencoded").status_code == 400
        assert talk.post(b"[1]", kind).status_code == 400
        assert talk.post(b" " * 2_000_000, kind).status_code == 413
        assert (api.calls, writer.asked) == ([], [])


def test_point_3_everything_that_slack_signed_is_acknowledged(harbour: Archive, api: SlackApi) -> None:
    with talking(harbour, ExtractiveWriter(), api) as talk:
        checked = talk.post(b'{"type": "url_verification", "challenge": "c"}', "application/json")
        assert (checked.status_code, checked.json()) == (200, {"challenge": "c"})
        for kind in (
            "message app_mention app_home_opened app_context_changed agent_session_stopped reaction_added team_join "
            "assistant_thread_started message_metadata_posted function_executed tokens_revoked something_new"
        ).split():
            assert talk.event({"type": kind}).status_code == 200, kind
        assert talk.event({**talk.message("x"), "subtype": "message_deleted", "hidden": True}).status_code == 200
        for payload in (
            {"type": "block_actions", "actions": [{"type": "button", "action_id": "of_another_time", "value": "1"}]},
            {"type": "view_submission", "view": {"type": "modal", "callback_id": "of_another_time", "id": "V1"}},
            {"type": "view_closed", "view": {"type": "modal", "callback_id": "of_another_time", "id": "V1"}},
            {"type": "shortcut", "callback_id": "of_another_time"},
            {"type": "message_action", "callback_id": "of_another_time"},
            {"type": "block_suggestion", "action_id": "of_another_time", "value": "x"},
            {"type": "something_new"},
        ):
            assert talk.interact(payload).status_code == 200, payload
        assert talk.post(b"", "application/json").status_code == 200
        assert talk.post(b"{}", "application/json").status_code == 200
        assert talk.form({"ssl_check": "1"}).status_code == 200


def test_point_4_a_storm_of_retries_over_two_servers_is_one_answer_each(harbour: Archive, api: SlackApi) -> None:
    with (
        talking(harbour, ExtractiveWriter(), api) as one,
        talking(harbour, ExtractiveWriter(), api) as two,
        ThreadPoolExecutor(16) as pool,
    ):
        events = [one.mention(f"{ASK} {n}", user="U1") for n in range(6)]
        storm = []
        for (number, event), order in zip(
            enumerate(events), itertools.permutations([one, one, two, two]), strict=False
        ):
            storm += [(server, event, f"Ev-storm-{number}") for server in order]
        storm = storm[::2] + storm[1::2][::-1]
        codes = list(pool.map(lambda each: each[0].event(each[1], each[2]).status_code, storm))
        assert codes == [200] * 24
        assert settled(harbour) == ["answered"] * 6
        assert sorted(str(m.thread) for m in api.seen("C1")) == sorted(event["ts"] for event in events)


def test_point_5_a_mention_that_comes_twice_in_any_order_is_answered_once_and_never_lost(
    harbour: Archive, api: SlackApi
) -> None:
    with talking(harbour, ExtractiveWriter(), api) as talk:
        for order in itertools.permutations(range(3)):
            mention = talk.mention(ASK)
            twin = {**mention, "type": "message"}
            again = {**twin, "ts": talk.ts()}  # the same words sent again by an impatient client
            for number in order:
                assert talk.event((mention, twin, again)[number]).status_code == 200
        only = talk.mention(ASK)
        talk.event({**only, "type": "message"})
        assert settled(harbour) == ["answered"] * 7
        assert len(api.seen("C1")) == 7


def test_point_6_what_a_killed_server_had_claimed_is_answered_once_by_the_next(tmp_path: Path, api: SlackApi) -> None:
    home = tmp_path / "home"
    with Archive(home, WordEmbedder()) as archive:
        archive.ingest([article("bridge", HARBOUR)])
    with process(home, api, wait=0.5) as (running, talk):
        begun, unheard, claimed = (talk.mention(f"{ASK} {n}") for n in range(3))
        talk.event(begun)
        wait_for(lambda: any(m.text for m in api.seen("C1")))  # the first half of an answer is there

        def kill() -> None:
            os.kill(running.pid, signal.SIGKILL)

        # It dies while Slack makes the second answer's message, of which it does not hear any more.
        talk.event(claimed)
        api.before("chat.startStream", kill)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(talk.event, unheard)
            assert running.wait(20) == -signal.SIGKILL
    api.before("chat.startStream", lambda: None)
    records = SlackRecords(open_truth(home / "truth.db"))
    with process(home, api, wait=0):
        wait_for(lambda: all(each.state != "open" for each in records.recent("T1", "U1", 9)), 30)
    asked = {claim.place.thread: claim.state for claim in records.recent("T1", "U1", 9)}
    assert set(asked.values()) == {"answered"}
    assert all(is_finished(each) for each in api.seen("C1"))
    assert sorted(str(m.thread) for m in api.seen("C1")) == sorted(asked)
    assert {begun["ts"], claimed["ts"]} <= set(asked)


def test_point_7_a_stopping_server_finishes_what_it_can_and_leaves_the_rest_to_the_next(
    harbour: Archive, api: SlackApi
) -> None:
    with talking(harbour, Slow(HARBOUR, wait=1), api) as talk:
        talk.event(talk.mention(ASK))
    (finished,) = api.seen("C1")
    assert is_finished(finished)
    with talking(harbour, Slow("The bridge closes on Monday.", HARBOUR, wait=1.5), api, drain_s=2) as talk:
        event = talk.mention(ASK)
        talk.event(event)
    (told,) = api.seen("C1", event["ts"])
    assert told.text.startswith("The bridge closes on Monday.") and told.text.endswith("in a moment._")
    with talking(harbour, Slow("The bridge closes on Monday."), api):
        assert settled(harbour) == ["answered"] * 2
    (answer,) = api.seen("C1", event["ts"])
    assert answer.ts == told.ts and is_finished(answer) and "restarted" not in answer.text


def test_point_8_there_is_a_sign_within_a_second_and_few_calls_carry_the_text(harbour: Archive, api: SlackApi) -> None:
    with talking(harbour, Slow(*["The bridge closes on Monday."] * 30, wait=0.1), api) as talk:
        started = time.monotonic()
        talk.event(talk.mention(ASK))
        first = wait_for(lambda: api.made("assistant.threads.setStatus"))[0]
        assert first.at - started < 1
        talk.answer()
        appends = api.made("chat.appendStream")
        assert len(appends) >= 3  # it streams
        for before, after in itertools.pairwise([*api.made("chat.startStream"), *appends]):
            carried = sum(len(chunk.get("text", "")) for chunk in after.given["chunks"])
            assert after.at - before.at > 0.7 or carried >= 256


def test_point_9_an_answer_that_outlives_its_stream_is_whole(harbour: Archive, api: SlackApi) -> None:
    says = [f"Sentence {number} says that the bridge closes on Monday." for number in range(30)]
    for seconds in (40, 310):
        with talking(harbour, Slow(*says, tick=partial(api.push, seconds)), api) as talk:
            event = talk.mention(ASK)
            talk.event(event)
            talk.answer("C1", event["ts"])
        messages = api.seen("C1", event["ts"])
        text = " ".join(each.text.strip() for each in messages)
        assert without_numbers(text) == " ".join(says)
        assert [is_finished(each) for each in messages] == [*[False] * (len(messages) - 1), True]


def test_point_10_every_call_waits_when_slack_asks_for_it_and_order_is_kept(harbour: Archive, api: SlackApi) -> None:
    says = [f"Sentence {number} says that the bridge closes on Monday." for number in range(30)]
    limited = ["chat.startStream", "chat.appendStream", "chat.stopStream"], ["chat.postMessage", "chat.update"]
    with talking(harbour, Slow(*says), api) as talk, ThreadPoolExecutor(2) as pool:
        events = []
        for methods in limited:
            for method in methods:
                api.fail(method, "ratelimited:1")
            events.append(talk.mention(ASK))
            talk.event(events[-1])
            talk.answer("C1", events[-1]["ts"])
            api.fail("chat.startStream", "feature_not_enabled")
        assert pool is not None
    for event in events:
        (message,) = api.seen("C1", event["ts"])
        assert without_numbers(message.text) == " ".join(says)
    refused = [call.method for call in api.calls if call.error == "ratelimited"]
    assert sorted(refused) == sorted(itertools.chain(*limited))


def test_point_11_where_streams_are_refused_the_same_text_is_posted_and_edited(harbour: Archive, api: SlackApi) -> None:
    with talking(harbour, ExtractiveWriter(), api) as talk:
        texts = []
        for error in (None, "feature_not_enabled", None):
            if error:
                api.fail("chat.startStream", error)
            event = talk.mention(ASK)
            talk.event(event)
            texts.append(talk.answer("C1", event["ts"]).text)
        assert len(set(texts)) == 1
        assert len([call for call in api.calls if call.method == "chat.startStream"]) == 2  # it is not tried again


def test_point_12_every_number_is_a_link_and_every_quote_stands_in_the_stored_article(
    archive: Archive, api: SlackApi
) -> None:
    bodies = {
        f"a{n}": f"The ferry {n} sank & “split” <in two>.\nThe crew of ferry {n} were saved *by night*."
        for n in range(6)
    }
    archive.ingest([article(name, body, url=f"https://x.example/{name}?a=1&b=2") for name, body in bodies.items()])
    with talking(archive, Slow(), api) as talk:
        event = talk.mention("What happened to the ferry and its crew?")
        talk.event(event)
        answer = talk.answer("C1", event["ts"])
    markers = re.findall(r"\[\d+\]", answer.text)
    assert len(markers) >= 10
    assert len(re.findall(r"<https://x\.example/a\d\?a=1&amp;b=2#:~:text=[^|>]*\|\[\d+\]>", answer.text)) == len(
        markers
    )
    entries = [
        block["text"]["text"] for c in answer.blocks if c["type"] == "container" for block in c["child_blocks"][::2]
    ]
    assert len(entries) == 10
    for entry in entries:
        name = re.search(r"x\.example/(a\d)", entry)
        quote = unescape(entry.partition("\n>")[2].replace("\n>", "\n"))
        assert name and quote and quote in bodies[name[1]]


def test_point_13_odd_titles_and_quotes_stay_whole_and_clickable(archive: Archive, api: SlackApi) -> None:
    title = "A < B > C & D | *E* _F_ ~G~ `H`\nשלום 🙂 <https://evil.example|x>"
    body = "The bridge > the ferry & “*both*” | _closed_\n🙂 on שבת <https://evil.example|now>."
    archive.ingest([article("odd", body, title=title, publisher="A|B\n<C>", url="https://x.example/a|b>c d?e=<f>&g")])
    with talking(archive, Slow(), api) as talk:
        event = talk.mention("Why did the bridge close?")
        talk.event(event)
        answer = talk.answer("C1", event["ts"])
    section, facts = answer.blocks[0]["child_blocks"][:2]
    heading, _, quote = section["text"]["text"].partition("\n>")
    assert re.fullmatch(r"<https://x\.example/a%7Cb%3Ec%20d\?e=%3Cf%3E&amp;g#:~:text=[^<>|\s]+\|[^<>|\n]+>", heading)
    assert "שלום 🙂" in heading
    assert unescape(quote.replace("\n>", "\n")) in body
    assert facts["elements"][0]["text"].startswith("A|B &lt;C&gt; · ")


def test_point_14_nobody_can_mention_anybody_through_an_answer(archive: Archive, api: SlackApi) -> None:
    loud = "<!channel> <!here> <!everyone> <@U1> <#C1> <!subteam^S1>"
    archive.ingest([article("loud", f"The bridge {loud} closes.", title=loud, publisher=loud, byline=loud)])
    with talking(archive, Slow(f"It said {loud}."), api) as talk:
        for asked in (f"Why did the bridge close {loud}?", loud):
            escaped = asked.replace("<", "&lt;").replace(">", "&gt;")
            for text in (asked, escaped):
                event = talk.mention(text)
                talk.event(event)
                talk.answer("C1", event["ts"])
        talk.command("Who won the chess final &lt;!channel&gt;?")
        wait_for(lambda: any(m.only for m in api.seen("C1")))
    (first, *_) = api.seen("C1")
    assert "&lt;@U1&gt; &lt;#C1&gt;" in first.text
    assert api.mistakes == []  # it looks for live mentions in every text it is sent


def test_point_15_long_answers_with_many_sources_keep_their_buttons(archive: Archive, api: SlackApi) -> None:
    line = "The ferry of line {0} sank on its way to the harbour, said the harbour’s own office, and all were saved. "
    archive.ingest([article(f"a{n}", line.format(n) * 3, url=f"https://x.example/{n}") for n in range(14)])
    says = [line.format(n).strip() for n in range(150)]
    with talking(archive, Slow(*says), api) as talk:
        event = talk.mention("Which ferry sank?")
        talk.event(event)
        talk.answer("C1", event["ts"])
    messages = api.seen("C1", event["ts"])
    assert len(messages) > 1
    assert all(len(each.text) <= 12_000 and len(each.blocks) <= 50 for each in messages)
    assert without_numbers(" ".join(each.text.strip() for each in messages)) == " ".join(says)
    assert is_finished(messages[-1])
    assert "more quotes are not shown" in shown(messages[-1])


def test_point_16_without_evidence_it_says_so_and_asks_for_a_narrower_question(harbour: Archive, api: SlackApi) -> None:
    with talking(harbour, ExtractiveWriter(), api) as talk:
        event = talk.mention("Who won the chess final?")
        talk.event(event)
        answer = talk.answer("C1", event["ts"])
        assert settled(harbour) == ["abstained"]
    assert answer.text.startswith("I found no answer to this in the archive.")
    assert [each["type"] for each in answer.blocks] == ["context", "context_actions"]
    assert "Try a narrower question" in shown(answer)


def test_point_17_a_follow_up_knows_its_thread_and_what_others_said_there_and_no_other_thread(
    archive: Archive, api: SlackApi
) -> None:
    archive.ingest(
        [
            article("vanstone", "Petra Vanstone resigned on Tuesday. Petra Vanstone quarrelled with the board."),
            article("sol", "Ana Sol resigned in May. Ana Sol quarrelled with the council."),
        ]
    )
    writer = Slow("She resigned.")
    with talking(archive, writer, api) as talk:
        first = talk.mention("When did Petra Vanstone resign?")
        talk.event(first)
        talk.answer("C1", first["ts"])
        settled(archive)
        talk.event(talk.mention("With whom did she quarrel?", thread_ts=first["ts"]))
        wait_for(lambda: len(writer.asked) == 2)
        assert "Petra Vanstone" in writer.asked[1].text
        settled(archive)
        api.say("C1", first["ts"], talk.ts(), "U2", "And Ana Sol resigned in May, too.")
        talk.event(talk.mention("With whom did she quarrel?", thread_ts=first["ts"]))
        wait_for(lambda: len(writer.asked) == 3)
        assert writer.asked[2].earlier[-1] == "And Ana Sol resigned in May, too."
        other = talk.mention("With whom did she quarrel?")
        talk.event(other)
        wait_for(lambda: len(writer.asked) == 4)
        assert writer.asked[3].earlier == ()
        api.fail("conversations.replies", "ratelimited:60")
        talk.event(talk.mention("And why?", thread_ts=first["ts"]))
        wait_for(lambda: len(writer.asked) == 5)  # history that is not given costs the context, not the answer


@pytest.mark.parametrize("by", ["button", "word", "direct word"])
def test_point_18_a_wish_to_stop_ends_the_writing_within_a_second(harbour: Archive, api: SlackApi, by: str) -> None:
    writer = Slow("The bridge closes on Monday.", HARBOUR, wait=1.2)
    channel = "D1" if by == "direct word" else "C1"
    with talking(harbour, writer, api) as talk:
        event = talk.direct(ASK) if by == "direct word" else talk.mention(ASK)
        talk.event(event)
        wait_for(lambda: any(m.text for m in api.seen(channel)))
        started = time.monotonic()
        if by == "button":
            talk.event({"type": "agent_session_stopped", "channel": "C1", "thread_ts": event["ts"], "user": "U1"})
        else:
            talk.event(talk.direct("Stop!") if by == "direct word" else talk.mention("stop", thread_ts=event["ts"]))
        assert settled(harbour) == ["stopped"]
        assert writer.closed and writer.closed[0] - started < 1
    (message,) = api.seen(channel)
    assert not message.streaming and message.text.endswith("_Stopped._")
    assert message.text.startswith("The bridge closes on Monday.")
    assert [call.given["status"] for call in api.made("agents.sessions.setStatus")] == ["active"]


def test_point_19_feedback_is_kept_once_for_each_reader_with_its_reason_and_becomes_cases(
    harbour: Archive, api: SlackApi, tmp_path: Path
) -> None:
    with talking(harbour, ExtractiveWriter(), api) as talk:
        event = talk.mention(ASK)
        talk.event(event)
        answer = talk.answer("C1", event["ts"])
        (buttons,) = answer.blocks[-1]["elements"]
        up, down = (buttons[f"{kind}_button"]["value"] for kind in ("positive", "negative"))
        answer_id = up.partition(":")[0]

        def ratings() -> dict[str, tuple[str, str | None]]:
            return {each.who: (each.rating, each.reason) for each in harbour.answers.ratings(answer_id)}

        for user, value in (("U1", up), ("U2", down), ("U1", down), ("U1", up)):
            assert talk.press(answer, "feedback", value, user).status_code == 200
        assert ratings() == {"slack:T1:U1": ("up", None), "slack:T1:U2": ("down", None)}
        thanks = wait_for(lambda: api.made("chat.postEphemeral") if len(api.made("chat.postEphemeral")) == 4 else None)
        assert {(call.given["user"], call.given["thread_ts"]) for call in thanks} == {
            ("U1", event["ts"]),
            ("U2", event["ts"]),
        }
        _, form = api.views[0]
        reason = {"reason": {"selected_option": {"value": "outdated"}}}
        talk.submit(form, {"reason": reason, "comment": {"comment": {"value": "It is closed."}}}, "U2")
        assert ratings()["slack:T1:U2"] == ("down", "outdated: It is closed.")
        talk.submit(form, {"reason": {"reason": {}}, "comment": {"comment": {"value": None}}}, "U2")
        assert len(ratings()) == 2
        assert "T1" not in json.dumps(answer.blocks)  # the buttons look the same for everybody
        talk.press(answer, "feedback", "ans_of_nobody:up")
    (disliked,) = harbour.answers.disliked()
    assert json.loads(disliked)["answer_id"] == answer_id
    assert harbour.answers.owned(answer_id, None) is None  # it is the workspace's, not everybody's
