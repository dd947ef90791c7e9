"""What is no message: the slash command, the shortcut on a message, the Home tab, suggested prompts, Socket Mode."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.extractive import ExtractiveWriter
from index import Archive
from tests.conftest import ROOT, article, day
from tests.slack_api import Message, SlackApi, slack_api
from tests.slack_talk import Slow, Talk, is_finished, talking, wait_for

HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns. The mayor, Ana Sol, opposed them."
ASK = "What do the bridge repairs cost?"
ANSWER = "Repairs cost 12 million crowns."


@pytest.fixture
def harbour(archive: Archive) -> Archive:
    there = {"publisher": "The Bell", "published_at": day("2026-09-01"), "url": "https://bell.example/bridge"}
    archive.ingest([article("bridge", HARBOUR, **there)])
    return archive


@pytest.fixture
def api() -> Iterator[SlackApi]:
    with slack_api() as running:
        yield running


@pytest.fixture
def talk(harbour: Archive, api: SlackApi) -> Iterator[Talk]:
    with talking(harbour, ExtractiveWriter(), api) as running:
        yield running


def whispered(api: SlackApi, name: str) -> Message:
    """The private answer at a response address."""
    return wait_for(lambda: next((m for m in api.seen("C1") if m.only == name and m.blocks), None))


def test_a_command_is_answered_to_its_asker_alone_who_may_share_it(talk: Talk, api: SlackApi) -> None:
    at_once = talk.command(ASK, "r1")
    assert at_once.json() == {"text": "Searching the archive…", "response_type": "ephemeral"}
    private = whispered(api, "r1")
    assert private.text.startswith(ANSWER)
    assert [each["type"] for each in private.blocks] == ["container", "context", "actions", "context_actions"]
    assert api.seen("C1", "x") == [] and [m.only for m in api.seen("C1")] == ["r1"]
    (button,) = private.blocks[2]["elements"]
    assert talk.press(private, "share", button["value"]).status_code == 200
    shared = wait_for(lambda: next((m for m in api.seen("C1") if m.only is None), None))
    assert shared.text.startswith(f"<@U1> asked: {ASK}\n\n{ANSWER}")
    assert is_finished(shared)
    wait_for(lambda: not [m for m in api.seen("C1") if m.only])


def test_a_command_without_a_question_says_how_it_is_used(talk: Talk, api: SlackApi) -> None:
    for text in ("", "help"):
        assert "`/dateline Who is the mayor?`" in talk.command(text).json()["text"]
    assert api.messages == []


def test_a_private_answer_survives_blocks_that_are_refused(talk: Talk, api: SlackApi) -> None:
    api.fail("response_url", "invalid_blocks")
    talk.command(ASK, "r2")
    assert [each["type"] for each in whispered(api, "r2").blocks][-1] == "actions"


def shortcut(talk: Talk, text: str, **message: Any) -> None:
    payload = {
        "type": "message_action",
        "callback_id": "ask_about_message",
        "trigger_id": "t1",
        "channel": {"id": "C1"},
        "message": {"ts": "5.5", "user": "U2", "text": text, **message},
        "response_url": talk.respond_at("r3"),
    }
    assert talk.interact(payload).status_code == 200


@pytest.mark.parametrize("where", ["thread", "me"])
def test_a_message_s_shortcut_asks_about_it_in_its_thread_or_in_private(talk: Talk, api: SlackApi, where: str) -> None:
    shortcut(talk, "The bridge repairs &lt;cost&gt; <https://a.example|too much>", thread_ts="4.4")
    _, view = wait_for(lambda: api.views)[0]
    asked, choice = view["blocks"]
    assert asked["element"]["initial_value"] == "The bridge repairs <cost> too much"
    assert [each["value"] for each in choice["element"]["options"]] == ["thread", "me"]
    chosen = {"where": {"where": {"selected_option": {"value": where}}}}
    empty = talk.submit(view, {"question": {"question": {"value": " "}}, **chosen})
    assert empty.json()["response_action"] == "errors"
    assert talk.submit(view, {"question": {"question": {"value": ASK}}, **chosen}).content == b""
    answer = talk.answer("C1", "4.4") if where == "thread" else whispered(api, "r3")
    assert answer.text.startswith(ANSWER)


def test_a_channel_that_it_cannot_write_in_is_said_to_the_asker(talk: Talk, api: SlackApi) -> None:
    shortcut(talk, ASK)
    _, view = wait_for(lambda: api.views)[0]
    for method in ("chat.startStream", "chat.postMessage"):
        api.fail(method, "not_in_channel", 3)
    chosen = {"where": {"where": {"selected_option": {"value": "thread"}}}}
    talk.submit(view, {"question": {"question": {"value": ASK}}, **chosen})
    told = wait_for(lambda: next((m for m in api.seen("C1") if m.only == "r3"), None))
    assert "I cannot write in that channel" in told.text


def test_the_home_tab_shows_the_archive_and_one_s_own_questions(talk: Talk, api: SlackApi, harbour: Archive) -> None:
    talk.event(talk.direct(ASK))
    talk.event(talk.direct("Who won the chess <final>?".replace("<", "&lt;").replace(">", "&gt;")))
    talk.event(talk.direct("Whose is this?", user="U2"))
    wait_for(lambda: all(c.state != "open" for u in ("U1", "U2") for c in harbour.slack.recent("T1", u, 9)))
    talk.event({"type": "app_home_opened", "tab": "home", "user": "U1", "channel": "D1"})
    user, view = wait_for(lambda: api.views)[0]
    shown = [block["text"]["text"] for block in view["blocks"]]
    assert (user, view["type"]) == ("U1", "home")
    assert shown[1].startswith("*1 articles* by 1 publisher, 1 September 2026 to 1 September 2026.")
    assert shown[3].startswith("Who won the chess &lt;final&gt;?\n_no answer in the archive, <!date^")
    assert shown[4].startswith(f"{ASK}\n_answered, <!date^")
    assert len(shown) == 5


def test_the_messages_tab_offers_questions_of_the_archive(harbour: Archive, api: SlackApi) -> None:
    harbour.ingest([article(f"a{n}", f"Story {n}.", title=f"Title {n} {'x' * 70}") for n in range(6)])
    with talking(harbour, ExtractiveWriter(), api) as talk:
        talk.event({"type": "app_home_opened", "tab": "messages", "user": "U1", "channel": "D1"})
        (call,) = wait_for(lambda: api.made("assistant.threads.setSuggestedPrompts"))
    prompts = call.given["prompts"]
    assert len(prompts) == 4
    assert all(each["message"].startswith("What is the story behind “") for each in prompts)


def test_a_failing_model_is_said_without_its_innards(harbour: Archive, api: SlackApi) -> None:
    class Failing(Slow):
        async def _pause(self) -> None:
            raise RuntimeError("https://model.internal:8000 says no")

    with talking(harbour, Failing("The bridge closes."), api) as talk:
        event = talk.mention(ASK)
        talk.event(event)
        told = wait_for(lambda: next((m for m in api.seen("C1") if not m.streaming and m.text), None))
    assert told.text.startswith("I could not answer that. (ref ans_")
    assert "internal" not in json.dumps(api.calls[-1].given)


def test_a_question_that_cannot_be_asked_is_told_why(talk: Talk, api: SlackApi) -> None:
    talk.event(talk.direct(""))
    told = wait_for(lambda: next((m for m in api.seen("D1") if not m.streaming and m.text), None))
    assert told.text.startswith("The question is empty.")


def test_in_socket_mode_it_answers_and_is_acknowledged_through_one_connection(tmp_path: Path, api: SlackApi) -> None:
    """The command `dateline slack` itself, over an archive that is empty."""
    own = {
        "DATELINE_HOME": str(tmp_path / "home"),
        "DATELINE_SLACK_APP_TOKEN": "xapp-1",
        "DATELINE_SLACK_BOT_TOKEN": "xoxb-1",
        "DATELINE_SLACK_API_URL": api.url,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", "from bot.shell import main; main()", "slack"]
    with subprocess.Popen(command, env={**os.environ, **own}, cwd=tmp_path) as running:
        try:
            socket = wait_for(lambda: api.sockets, 60)[0]
            talk = Talk("http://unused.example", api)
            event = talk.mention(ASK)
            for number in (1, 2):
                payload = json.loads(talk.envelope(event, "Ev-socket"))
                sent = {"type": "events_api", "envelope_id": f"e{number}", "payload": payload}
                asyncio.run_coroutine_threadsafe(socket.send_json(sent), api.loop).result(5)
            assert talk.answer("C1", event["ts"]).text.startswith("I can't answer this: the archive has no articles")
            wait_for(lambda: [each["envelope_id"] for each in api.acks] == ["e1", "e2"])
            running.send_signal(signal.SIGTERM)
            assert running.wait(20) == 0
        finally:
            running.kill()
    assert len(api.seen("C1")) == 1


def test_a_server_without_slack_does_not_load_slack_s_libraries() -> None:
    code = """
import sys
from bot.http import create_app
from bot.settings import Settings
from bot.slack import uses_slack
import bot.shell
assert not uses_slack(Settings())
print(sorted(name for name in sys.modules if name.split(".")[0] in {"slack_bolt", "slack_sdk", "aiohttp"}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
