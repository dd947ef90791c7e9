"""Slack's Web API on loopback, with Slack's limits: what Dateline does wrong fails here as it would there.

It knows workspaces by their tokens, keeps messages, streams them, and has a clock of its own that tests push on.
"""

import asyncio
import json
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.slack_blocks import texts, wrong_with, wrong_with_view

STREAM_S = 300.0
LONGEST_TEXT = 12_000
LIVE = re.compile(r"<(?:![a-z]|@[UW]|#C|!subteam)")

# Of each method what must and what may be given; anything else is a mistake.
METHODS: dict[str, tuple[set[str], set[str]]] = {
    "auth.test": (set(), set()),
    "chat.startStream": (
        {"channel", "thread_ts"},
        {"chunks", "markdown_text", "recipient_team_id", "recipient_user_id", "task_display_mode"},
    ),
    "chat.appendStream": ({"channel", "ts"}, {"chunks", "markdown_text"}),
    "chat.stopStream": ({"channel", "ts"}, {"chunks", "markdown_text", "blocks", "metadata", "session_status"}),
    "chat.postMessage": (
        {"channel"},
        {"text", "blocks", "markdown_text", "thread_ts", "unfurl_links", "unfurl_media", "metadata"},
    ),
    "chat.update": ({"channel", "ts"}, {"text", "blocks", "markdown_text", "metadata"}),
    "chat.postEphemeral": ({"channel", "user"}, {"text", "blocks", "thread_ts"}),
    "assistant.threads.setStatus": ({"channel_id", "thread_ts", "status"}, {"loading_messages"}),
    "assistant.threads.setSuggestedPrompts": ({"channel_id", "prompts"}, {"thread_ts", "title"}),
    "agents.sessions.setStatus": ({"channel_id", "status"}, {"thread_ts", "title", "initiator_user_id"}),
    "conversations.replies": ({"channel", "ts"}, {"oldest", "latest", "limit", "cursor", "inclusive"}),
    "views.open": ({"trigger_id", "view"}, set()),
    "views.publish": ({"user_id", "view"}, {"hash"}),
    "oauth.v2.access": ({"code"}, {"redirect_uri", "client_id", "client_secret"}),
    "apps.connections.open": (set(), set()),
}


@dataclass
class Team:
    """A workspace that the app is installed in."""

    id: str
    token: str
    bot_user: str


@dataclass
class Call:
    """A call that reached us; `at` is real time, `error` what it was answered with."""

    method: str
    given: dict[str, Any]
    team: str
    at: float
    error: str | None = None


@dataclass
class Message:
    """A message as people see it. `text` is its Markdown, `only` whoever alone sees it."""

    team: str
    channel: str
    ts: str
    thread: str | None
    text: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    tasks: dict[str, str] = field(default_factory=dict)
    streaming: bool = False
    started: float = 0.0
    user: str | None = None
    only: str | None = None


class SlackApi:
    """The workspaces, their messages, and every call that was made."""

    def __init__(self, *teams: Team) -> None:
        self.teams = {team.token: team for team in teams}
        self.calls: list[Call] = []
        self.messages: list[Message] = []
        self.views: list[tuple[str, dict[str, Any]]] = []
        self.mistakes: list[str] = []
        self.url = ""
        self.loop = asyncio.new_event_loop()
        self.sockets: list[web.WebSocketResponse] = []
        self.acks: list[dict[str, Any]] = []
        self._pushed = 0.0
        self._numbers = iter(range(1, 1_000_000))
        self._scripted: dict[str, list[tuple[str, float]]] = defaultdict(list)
        self._not_before: dict[tuple[str, str], float] = {}
        self._used: dict[str, int] = defaultdict(int)
        self._before: dict[str, Callable[[], None]] = {}

    # What tests ask of it.

    def clock(self) -> float:
        """Seconds; tests push it on."""
        return time.monotonic() + self._pushed

    def push(self, seconds: float) -> None:
        """Let time pass."""
        self._pushed += seconds

    def fail(self, method: str, error: str, times: int = 1) -> None:
        """The next calls of a method fail; `ratelimited:2` asks to wait for two seconds, `drop` breaks off."""
        name, _, wait = error.partition(":")
        self._scripted[method] += [(name, float(wait or 0))] * times

    def before(self, method: str, do: Callable[[], None]) -> None:
        """Do something whenever a method is called, before it answers."""
        self._before[method] = do

    def made(self, method: str) -> list[Call]:
        """The calls of a method that went well."""
        return [call for call in self.calls if call.method == method and call.error is None]

    def seen(self, channel: str, thread: str | None = None, team: str = "T1") -> list[Message]:
        """The bot's messages in a channel, or in one of its threads."""
        found = [each for each in self.messages if (each.channel, each.team) == (channel, team) and each.user is None]
        return [each for each in found if thread in {None, each.thread}]

    def say(self, channel: str, thread: str, ts: str, user: str, text: str, team: str = "T1") -> None:
        """A person says something in a thread."""
        self.messages.append(Message(team, channel, ts, thread, text, user=user))

    # What Slack does.

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        given = await _arguments(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or given.pop("token", "")
        given.pop("token", None)
        team = self.teams.get(token)
        call = Call(method, given, team.id if team else "", time.monotonic())
        self.calls.append(call)
        if method in self._before:
            self._before[method]()
        if self._scripted[method]:
            return self._fail(call, request)
        if time.monotonic() < self._not_before.get((method, call.team), 0.0):
            self._mistake(call, "called again before Retry-After was over")
        if team is None and method not in {"oauth.v2.access", "apps.connections.open"}:
            result: dict[str, Any] | str = "invalid_auth"
        elif wrong := _wrong_arguments(method, given):
            result = wrong
        else:
            self._look_for_mentions(call.method, given)
            result = getattr(self, "_" + method.replace(".", "_"))(team, given)
        if isinstance(result, dict):
            return web.json_response({"ok": True, **result})
        call.error = result
        if result not in EXPECTED:
            self.mistakes.append(f"{method}: {result}")
        return web.json_response({"ok": False, "error": result.partition(":")[0]})

    def _fail(self, call: Call, request: web.Request) -> web.Response:
        """Fail as a test has asked for."""
        call.error, wait = self._scripted[call.method].pop(0)
        if call.error == "drop":
            assert request.transport is not None
            request.transport.close()
        if call.error != "ratelimited":
            return web.json_response({"ok": False, "error": call.error})
        self._not_before[(call.method, call.team)] = time.monotonic() + wait
        headers = {"Retry-After": str(int(wait))}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)

    async def respond(self, request: web.Request) -> web.Response:
        """A response address: five messages, then none."""
        team, channel, name = (request.match_info[part] for part in ("team", "channel", "name"))
        given = await request.json()
        self._used[name] += 1
        call = Call("response_url", given, team, time.monotonic())
        self.calls.append(call)
        if self._scripted["response_url"]:
            call.error, _ = self._scripted["response_url"].pop(0)
            return web.Response(text=call.error, status=400)
        if self._used[name] > 5:
            call.error = "used_url"
            return web.Response(text="used_url", status=404)
        may = {"text", "blocks", "response_type", "replace_original", "delete_original", "thread_ts"}
        if set(given) - may:
            self._mistake(call, f"unknown {set(given) - may}")
        self._look_for_mentions("response_url", given)
        if "blocks" in given and (wrong := wrong_with(given["blocks"])):
            self._mistake(call, wrong)
            return web.Response(text=wrong.partition(":")[0], status=400)
        private = given.get("response_type", "ephemeral") == "ephemeral"
        if given.get("delete_original"):
            self.messages = [each for each in self.messages if each.only != name]
        elif "text" in given or "blocks" in given:
            if given.get("replace_original"):
                self.messages = [each for each in self.messages if each.only != name]
            shown = Message(team, channel, self._ts(), None, *_content(given))
            shown.only = name if private else None
            self.messages.append(shown)
        return web.Response(text="ok")

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Socket Mode's connection."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}})
        self.sockets.append(socket)
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                self.acks.append(json.loads(message.data))
        return socket

    def _auth_test(self, team: Team, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "team_id": team.id,
            "user_id": team.bot_user,
            "bot_id": f"B{team.id}",
            "url": "u",
            "team": "t",
            "user": "d",
        }

    def _chat_startStream(self, team: Team, given: dict[str, Any]) -> dict[str, Any] | str:
        if not given["channel"].startswith("D"):
            for name in ("recipient_team_id", "recipient_user_id"):
                if not given.get(name):
                    return f"missing_{name}"
        message = Message(team.id, given["channel"], self._ts(), given["thread_ts"], streaming=True)
        message.started = self.clock()
        self.messages.append(message)
        return self._stream(message, given)

    def _chat_appendStream(self, team: Team, given: dict[str, Any]) -> dict[str, Any] | str:
        message = self._streaming(team, given)
        if message is None:
            return "message_not_in_streaming_state"
        if not given.get("chunks") and not given.get("markdown_text"):
            return "no_text"
        return self._stream(message, given)

    def _chat_stopStream(self, team: Team, given: dict[str, Any]) -> dict[str, Any] | str:
        message = self._streaming(team, given)
        if message is None:
            return "message_not_in_streaming_state"
        if "blocks" in given:
            if wrong := wrong_with(given["blocks"]):
                return wrong
            if wrong := wrong_with([*_as_blocks(message.text), *given["blocks"]], most=51):
                return wrong
        streamed = self._stream(message, given)
        if isinstance(streamed, dict):
            message.streaming = False
            message.blocks = given.get("blocks", [])
        return streamed

    def _stream(self, message: Message, given: dict[str, Any]) -> dict[str, Any] | str:
        text, tasks = given.get("markdown_text") or "", dict(message.tasks)
        for chunk in given.get("chunks") or []:
            match chunk:
                case {"type": "markdown_text", "text": str(piece), **rest} if not rest and piece:
                    text += piece
                case {"type": "task_update", "id": name, "title": title, "status": status, **rest} if not rest:
                    if status not in {"pending", "in_progress", "complete", "error"}:
                        return f"invalid_chunks: {status}"
                    tasks[name] = f"{title}: {status}"
                case _:
                    return f"invalid_chunks: {chunk}"
        if len(message.text) + len(text) > LONGEST_TEXT:
            return "msg_too_long"
        message.text, message.tasks = message.text + text, tasks
        return {"ts": message.ts, "channel": message.channel}

    def _streaming(self, team: Team, given: dict[str, Any]) -> Message | None:
        message = self._find(team, given)
        if message is None or not message.streaming:
            return None
        if self.clock() - message.started > STREAM_S:
            message.streaming = False
            return None
        return message

    def _chat_postMessage(self, team: Team, given: dict[str, Any]) -> dict[str, Any] | str:
        if wrong := _wrong_content(given):
            return wrong
        message = Message(team.id, given["channel"], self._ts(), given.get("thread_ts"))
        message.text, message.blocks = _content(given)
        self.messages.append(message)
        return {"ts": message.ts, "channel": message.channel}

    def _chat_update(self, team: Team, given: dict[str, Any]) -> dict[str, Any] | str:
        message = self._find(team, given)
        if message is None:
            return "message_not_found"
        if self._streaming(team, given) is not None:
            return "streaming_state_conflict"
        if wrong := _wrong_content(given):
            return wrong
        message.text, message.blocks = _content(given)
        return {"ts": message.ts, "channel": message.channel}

    def _chat_postEphemeral(self, team: Team, given: dict[str, Any]) -> dict[str, Any] | str:
        if wrong := _wrong_content(given):
            return wrong
        message = Message(team.id, given["channel"], self._ts(), given.get("thread_ts"), only=given["user"])
        message.text, message.blocks = _content(given)
        self.messages.append(message)
        return {"message_ts": message.ts}

    def _assistant_threads_setStatus(self, _team: Team, _given: dict[str, Any]) -> dict[str, Any]:
        return {}

    def _assistant_threads_setSuggestedPrompts(self, _team: Team, given: dict[str, Any]) -> dict[str, Any] | str:
        prompts = given["prompts"]
        if not 1 <= len(prompts) <= 4 or any(set(each) != {"title", "message"} for each in prompts):
            return f"invalid_arguments: prompts {prompts}"
        return {}

    def _agents_sessions_setStatus(self, _team: Team, given: dict[str, Any]) -> dict[str, Any] | str:
        known = {"processing", "active", "suspended", "closed"}
        return {} if given["status"] in known else f"invalid_arguments: {given['status']}"

    def _conversations_replies(self, team: Team, given: dict[str, Any]) -> dict[str, Any]:
        oldest, latest = float(given.get("oldest") or 0), float(given.get("latest") or 1e12)
        own = [each for each in self.messages if (each.team, each.channel) == (team.id, given["channel"])]
        found = [
            {"user": each.user or team.bot_user, "ts": each.ts, "text": each.text, "thread_ts": each.thread}
            | ({} if each.user else {"bot_id": f"B{team.id}"})
            for each in own
            if each.thread == given["ts"] and oldest < float(each.ts) < latest
        ]
        return {"messages": found[: int(given.get("limit") or 100)], "has_more": False}

    def _views_open(self, _team: Team, given: dict[str, Any]) -> dict[str, Any] | str:
        if wrong := wrong_with_view(given["view"]):
            return wrong
        self.views.append(("", given["view"]))
        return {"view": {"id": f"V{len(self.views)}"}}

    def _views_publish(self, _team: Team, given: dict[str, Any]) -> dict[str, Any] | str:
        if wrong := wrong_with_view(given["view"]):
            return wrong
        self.views.append((given["user_id"], given["view"]))
        return {"view": {"id": f"V{len(self.views)}"}}

    def _oauth_v2_access(self, _team: None, given: dict[str, Any]) -> dict[str, Any]:
        name = given["code"].removeprefix("code-")
        self.teams[f"xoxb-{name}"] = Team(name, f"xoxb-{name}", f"UBOT{name}")
        return {
            "app_id": "A1",
            "access_token": f"xoxb-{name}",
            "token_type": "bot",
            "scope": "chat:write",
            "bot_user_id": f"UBOT{name}",
            "team": {"id": name, "name": name},
            "enterprise": None,
            "authed_user": {"id": "UINSTALLER"},
            "is_enterprise_install": False,
        }

    def _apps_connections_open(self, _team: None, _given: dict[str, Any]) -> dict[str, Any]:
        return {"url": self.url.replace("http", "ws").replace("/api/", "/socket")}

    def _find(self, team: Team, given: dict[str, Any]) -> Message | None:
        named = (team.id, given["channel"], given["ts"])
        return next((each for each in self.messages if (each.team, each.channel, each.ts) == named), None)

    def _ts(self) -> str:
        return f"{1_900_000_000 + next(self._numbers)}.000100"

    def _look_for_mentions(self, method: str, given: dict[str, Any]) -> None:
        """Nobody is mentioned by what we send but whoever shares an answer; dates are written Slack's way."""
        for _, text in texts(given):
            shown = re.sub(r"<!date\^\d+\^[^<>|]*\|[^<>]*>|^<@U\w+> asked:", "", text)
            if LIVE.search(shown):
                self.mistakes.append(f"{method} mentions: {text}")

    def _mistake(self, call: Call, what: str) -> None:
        call.error = what
        self.mistakes.append(f"{call.method}: {what}")


# What Slack answers when nobody did anything wrong.
EXPECTED = {"message_not_in_streaming_state", "message_not_found", "invalid_auth"}


def _wrong_arguments(method: str, given: dict[str, Any]) -> str | None:
    if method not in METHODS:
        return "unknown_method"
    must, may = METHODS[method]
    wrong = (must - set(given)) | (set(given) - must - may - {"team_id"})  # Bolt's own clients say the team every time
    return f"invalid_arguments: {wrong}" if wrong else None


def _content(given: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """The Markdown and the blocks that people see."""
    blocks = given.get("blocks") or []
    markdown = [each["text"] for each in blocks if each["type"] == "markdown"]
    rest = [each for each in blocks if each["type"] != "markdown"]
    return given.get("markdown_text") or "".join(markdown) or ("" if blocks else given.get("text") or ""), rest


def _wrong_content(given: dict[str, Any]) -> str | None:
    if "markdown_text" in given and ("text" in given or "blocks" in given):
        return "markdown_text_conflict"
    if not (given.get("text") or given.get("blocks") or given.get("markdown_text")):
        return "no_text"
    if len(given.get("markdown_text") or "") > LONGEST_TEXT or len(given.get("text") or "") > 4000:
        return "msg_too_long"
    return wrong_with(given["blocks"]) if "blocks" in given else None


def _as_blocks(text: str) -> list[dict[str, Any]]:
    return [{"type": "markdown", "text": text}] if text else []


async def _arguments(request: web.Request) -> dict[str, Any]:
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        given.update(await request.json())
        return given
    for name, value in (await request.post()).items():
        text = str(value)
        given[name] = json.loads(text) if text[:1] in {"[", "{"} else text
    return given


@contextmanager
def slack_api(*teams: Team) -> Iterator[SlackApi]:
    """The API on a free port until the block ends; then it must have seen no mistake."""
    api = SlackApi(*(teams or (Team("T1", "xoxb-1", "UBOT1"),)))
    app = web.Application()
    app.router.add_route("*", "/api/{method}", api.answer)
    app.router.add_post("/respond/{team}/{channel}/{name}", api.respond)
    app.router.add_get("/socket", api.connect)
    loop = api.loop
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        api.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"

    asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield api
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
    assert api.mistakes == []
