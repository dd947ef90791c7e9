"""Somebody talks to Dateline in Slack: signed requests, as Slack sends them, to a real server on loopback."""

import asyncio
import hmac
import itertools
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
import uvicorn
from fastapi import FastAPI

from bot.answer import ProvenSentence, Question, Quote, Usage
from bot.engine import Writer
from bot.http import create_app
from bot.settings import Settings
from bot.slack import slack_router
from index import Archive, Evidence
from tests.conftest import ROOT
from tests.slack_api import Message, SlackApi

T = TypeVar("T")
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOT = "UBOT1"


class Talk:
    """What people and Slack send to the server at `url`."""

    _numbers = itertools.count(1)  # of messages and events, in all workspaces

    def __init__(self, url: str, api: SlackApi) -> None:
        self.api = api
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=30)

    def post(self, body: bytes, kind: str, timestamp: str | None = None, secret: str = SECRET) -> httpx.Response:
        body, headers = self.signed(body, kind, timestamp, secret)
        return self.client.post("/slack/events", content=body, headers=headers)

    def signed(
        self, body: bytes, kind: str, timestamp: str | None = None, secret: str = SECRET
    ) -> tuple[bytes, dict[str, str]]:
        """A body with the headers that Slack sends along."""
        timestamp = timestamp if timestamp is not None else str(int(time.time()))
        base = f"v0:{timestamp}:".encode() + body
        signature = f"v0={hmac.new(secret.encode(), base, 'sha256').hexdigest()}"
        return body, {"content-type": kind, "x-slack-request-timestamp": timestamp, "x-slack-signature": signature}

    def event(self, event: dict[str, Any], event_id: str | None = None, team: str = "T1") -> httpx.Response:
        return self.post(self.envelope(event, event_id, team), "application/json")

    def envelope(self, event: dict[str, Any], event_id: str | None = None, team: str = "T1") -> bytes:
        name = event_id or f"Ev{next(self._numbers)}"
        body = {"type": "event_callback", "team_id": team, "event_id": name, "event": event}
        return json.dumps(body).encode()

    def ts(self) -> str:
        return f"{1_800_000_000 + next(self._numbers)}.000100"

    def direct(self, text: str, **more: Any) -> dict[str, Any]:
        """A direct message's event."""
        return self.message(text, channel="D1", channel_type="im", **more)

    def message(self, text: str, **more: Any) -> dict[str, Any]:
        ts = self.ts()
        given = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "text": text, "ts": ts}
        return {**given, "client_msg_id": f"m-{ts}", **more}

    def mention(self, text: str, **more: Any) -> dict[str, Any]:
        """A mention's event; its twin, the message, has the type `message`."""
        return self.message(f"<@{BOT}> {text}", type="app_mention", **more)

    def interact(self, payload: dict[str, Any], team: str = "T1") -> httpx.Response:
        payload = {"team": {"id": team}, "user": {"id": "U1"}, **payload}
        return self.form({"payload": json.dumps(payload)})

    def command(self, text: str, name: str = "r1", team: str = "T1") -> httpx.Response:
        return self.form(
            {
                "command": "/dateline",
                "text": text,
                "team_id": team,
                "channel_id": "C1",
                "user_id": "U1",
                "trigger_id": f"trigger-{next(self._numbers)}",
                "response_url": self.respond_at(name),
            }
        )

    def form(self, fields: Mapping[str, str]) -> httpx.Response:
        return self.post(urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def respond_at(self, name: str, channel: str = "C1", team: str = "T1") -> str:
        return self.api.url.replace("/api/", f"/respond/{team}/{channel}/{name}")

    def press(self, message: Message, action_id: str, value: str, user: str = "U1") -> httpx.Response:
        """A button of a message is pressed."""
        kind = "feedback_buttons" if action_id == "feedback" else "button"
        shown: dict[str, Any] = {"ts": message.ts, "thread_ts": message.thread}
        return self.interact(
            {
                "type": "block_actions",
                "user": {"id": user},
                "channel": {"id": message.channel},
                "message": shown | ({"is_ephemeral": True} if message.only else {}),
                "trigger_id": f"trigger-{next(self._numbers)}",
                "response_url": self.respond_at(message.only or "pressed"),
                "actions": [{"type": kind, "action_id": action_id, "block_id": "b", "value": value}],
            }
        )

    def submit(self, view: dict[str, Any], values: dict[str, Any], user: str = "U1") -> httpx.Response:
        """A form is sent."""
        name = f"V{next(self._numbers)}"
        sent = {**view, "id": name, "state": {"values": values}}
        return self.interact({"type": "view_submission", "view": sent, "user": {"id": user}, "trigger_id": "t"})

    def answer(self, channel: str = "C1", thread: str | None = None, team: str = "T1") -> Message:
        """The first finished answer of the bot there; waits for it."""
        return wait_for(lambda: next((m for m in self.api.seen(channel, thread, team) if is_finished(m)), None))


class Slow:
    """A writer that says sentences, each after a while, with quotes of the evidence; it notes when it was asked."""

    name = "slow"
    model: str | None = "slow-1"

    def __init__(self, *says: str, wait: float = 0.0, tick: Callable[[], None] = lambda: None) -> None:
        self.says = says
        self.wait = wait
        self.hurry = False
        self.tick = tick
        self.asked: list[Question] = []
        self.begun: list[str] = []
        self.closed: list[float] = []

    async def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence | Usage]:
        self.asked.append(question)
        self.begun.append(question.text)
        passages = [Quote(each, span) for each in evidence for span in each.passage.sentences]
        try:
            for number, text in enumerate(self.says or (quote.text for quote in passages)):
                await self._pause()
                self.tick()
                yield ProvenSentence(text, (passages[number % len(passages)],), "supported")
        except (asyncio.CancelledError, GeneratorExit):
            self.closed.append(time.monotonic())
            raise

    async def _pause(self) -> None:
        until = time.monotonic() + self.wait
        while time.monotonic() < until and not self.hurry:
            await asyncio.sleep(0.05)


@contextmanager
def talking(archive: Archive, writer: Writer, api: SlackApi, *, drain_s: float = 20, **settings: Any) -> Iterator[Talk]:
    """A server with Slack, until the block ends; it then ends as on SIGTERM."""
    app = slack_app(archive, writer, api.url, api.clock, drain_s, **settings)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            wait_for(lambda: server.started)
            yield Talk(f"http://127.0.0.1:{listening.getsockname()[1]}", api)
        finally:
            server.should_exit = True
            thread.join(40)


@contextmanager
def process(home: Path, api: SlackApi, wait: float, *shared: str) -> Iterator[tuple[subprocess.Popen[str], Talk]]:
    """A server in a process of its own; `shared` are the addresses of a Chroma server and of a database."""
    command = [sys.executable, "-m", "tests.slack_process", str(home), api.url, str(wait), *shared]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        try:
            assert running.stdout is not None
            yield running, Talk(f"http://127.0.0.1:{running.stdout.readline().strip()}", api)
        finally:
            running.kill()


def slack_app(
    archive: Archive, writer: Writer, api_url: str, clock: Callable[[], float], drain_s: float, **settings: Any
) -> FastAPI:
    """The application with Slack in it."""
    chosen = {"slack_signing_secret": SECRET, "slack_api_url": api_url} | settings
    if "slack_client_id" not in chosen:
        chosen["slack_bot_token"] = "xoxb-1"
    own = Settings(**chosen)
    router = slack_router(archive, writer, own, clock=clock, drain_s=drain_s)
    return create_app(archive, writer, own, [router])


def is_finished(message: Message) -> bool:
    """Whether an answer has its buttons, or says why it ends without."""
    return not message.streaming and any("feedback" in json.dumps(each) for each in message.blocks)


def wait_for(look: Callable[[], T | None], seconds: float = 15) -> T:
    """What `look` gives once it gives something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come")
