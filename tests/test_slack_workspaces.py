"""Several workspaces: installed by OAuth, kept apart, their tokens sealed, forgotten when they leave; the manifest."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.answer import ProvenSentence, Question, Usage
from bot.extractive import ExtractiveWriter
from bot.settings import Settings
from bot.slack import inbox, uses_slack
from bot.slack.manifest import bot_scopes, manifest
from bot.slack.workspaces import Seal
from index import Archive, BadConfiguration, BadRequest, Evidence, Place
from tests.conftest import DATA, article
from tests.slack_api import SlackApi, slack_api
from tests.slack_talk import SECRET, Slow, Talk, is_finished, talking, wait_for

SCHEMA = DATA / "slack" / "manifest.schema.2.0.0.json"
OAUTH: dict[str, Any] = {
    "slack_client_id": "1.2",
    "slack_client_secret": "shh",
    "slack_token_keys": "0123456789abcdef0123456789abcdef",
}
HARBOUR = "The harbour bridge will close on Monday. Repairs cost 12 million crowns."


@pytest.fixture
def api() -> Iterator[SlackApi]:
    with slack_api() as running:
        running.teams.clear()
        yield running


def install(talk: Talk, team: str) -> httpx.Response:
    """Somebody installs the app in their workspace, in a browser."""
    with httpx.Client(base_url=talk.client.base_url, trust_env=False) as browser:
        page = browser.get("/slack/install")
        assert page.status_code == 302
        address = urlsplit(page.headers["location"])
        assert address.hostname == "slack.com"
        asked = parse_qs(address.query)
        assert asked["scope"][0].split(",") == bot_scopes()
        state = asked["state"][0]
        cookie = {"cookie": page.headers["set-cookie"].partition(";")[0]}
        forged = browser.get(
            "/slack/oauth_redirect", params={"code": f"code-{team}", "state": "forged"}, headers=cookie
        )
        assert forged.status_code == 400
        parameters = {"code": f"code-{team}", "state": state}
        done = browser.get("/slack/oauth_redirect", params=parameters, headers=cookie)
        again = browser.get("/slack/oauth_redirect", params=parameters, headers=cookie)
        assert again.status_code == 401  # a state is good once
        return done


def test_point_20_two_workspaces_are_installed_kept_apart_sealed_and_forgotten(archive: Archive, api: SlackApi) -> None:
    archive.ingest([article("bridge", HARBOUR)])
    writer = Slow("Repairs cost 12 million crowns.")
    with talking(archive, writer, api, **OAUTH) as talk:
        for team in ("T1", "T2"):
            assert install(talk, team).status_code == 200
        events = {team: talk.message(f"<@UBOT{team}> What do the bridge repairs cost?") for team in ("T1", "T2")}
        same = {"ts": "7.7", "client_msg_id": "m1"}  # one ts and one id: each workspace counts for itself
        for team, event in events.items():
            assert talk.event({**event, **same}, "Ev-same", team).status_code == 200
        for team in events:
            assert is_finished(talk.answer("C1", "7.7", team))
        assert {call.team for call in api.made("chat.startStream")} == {"T1", "T2"}
        assert [call.given["recipient_team_id"] for call in api.made("chat.startStream")] in (
            ["T1", "T2"],
            ["T2", "T1"],
        )
        wait_for(lambda: all(archive.slack.thread(Place(team, "C1", "7.7")) for team in events))
        threads = [archive.slack.thread(Place(team, "C1", "7.7")) for team in events]
        assert threads[0] != threads[1]  # two conversations

        # A workspace that may not stream, or calls too often, leaves the other as it is.
        api.fail("chat.startStream", "feature_not_enabled")
        talk.event(talk.message("<@UBOTT1> And when?"), team="T1")
        wait_for(lambda: len([m for m in api.seen("C1", team="T1") if is_finished(m)]) == 2)
        talk.event(talk.message("<@UBOTT2> And when?"), team="T2")
        wait_for(lambda: len([m for m in api.seen("C1", team="T2") if is_finished(m)]) == 2)
        assert [call.team for call in api.made("chat.startStream")].count("T2") == 2

        stored = (
            sqlite3.connect(archive.home / "truth.db")
            .execute("SELECT team, sealed FROM slack_installations")
            .fetchall()
        )
        assert {team for team, _ in stored} == {"T1", "T2"}
        assert not any("xoxb" in sealed for _, sealed in stored)
        assert b"xoxb-T" not in (archive.home / "truth.db").read_bytes()

        talk.event({"type": "app_uninstalled"}, team="T2")
        assert archive.slack.installation("T2") is None
        assert archive.slack.thread(Place("T2", "C1", "7.7")) is None
        assert archive.slack.recent("T2", "U1", 9) == []
        before = len(api.calls)
        assert talk.event(talk.message("<@UBOTT2> And now?"), team="T2").status_code == 200
        assert len(api.calls) == before
        talk.event({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}, team="T1")
        assert archive.slack.installation("T1") is not None
        talk.event({"type": "tokens_revoked", "tokens": {"bot": ["UBOTT1"]}}, team="T1")
        assert archive.slack.installation("T1") is None


def test_a_token_is_opened_by_every_key_and_sealed_by_the_first() -> None:
    old, new = Seal(["o" * 32]), Seal(["n" * 32, "o" * 32])
    assert new.open(old.seal("token")) == "token"
    assert old.open(new.seal("token")) is None
    assert "token" not in old.seal("token")


@pytest.mark.parametrize("minimal", [False, True])
@pytest.mark.parametrize("host", ["dateline.example.org", None])
def test_the_manifest_is_what_slack_s_schema_allows(host: str | None, minimal: bool) -> None:
    if not SCHEMA.exists():
        pytest.skip(f"Slack's published schema is not at {SCHEMA}")
    from jsonschema import Draft7Validator  # type: ignore[import-untyped]

    validator = Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))
    made = manifest(host, minimal=minimal)
    assert [error.message for error in validator.iter_errors(made)] == []
    made["features"]["agent_view"]["suggested_prompts"] *= 3
    made["settings"]["colour"] = "red"
    assert len(list(validator.iter_errors(made))) == 2  # it does look


def test_the_manifest_asks_for_what_is_used_and_names_the_host() -> None:
    made = manifest("https://dateline.example.org/")
    text = json.dumps(made)
    assert text.count("https://dateline.example.org/slack/events") == 3 and "HOST" not in text
    minimal = manifest("dateline.example.org", minimal=True)
    left_out = set(made["oauth_config"]["scopes"]["bot"]) - set(minimal["oauth_config"]["scopes"]["bot"])
    assert left_out == {"channels:history", "groups:history", "mpim:history"}
    through_sockets = manifest(None)
    assert through_sockets["settings"]["socket_mode_enabled"] and "http" not in json.dumps(through_sockets)
    with pytest.raises(BadRequest, match="is no host name"):
        manifest("dateline.example.org/path?x=1")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"slack_signing_secret": SECRET}, "either DATELINE_SLACK_BOT_TOKEN"),
        ({"slack_signing_secret": SECRET, "slack_bot_token": "x", **OAUTH}, "either DATELINE_SLACK_BOT_TOKEN"),
        ({"slack_signing_secret": SECRET, **OAUTH, "slack_client_secret": None}, "needs DATELINE_SLACK_CLIENT_SECRET"),
        ({"slack_signing_secret": SECRET, **OAUTH, "slack_token_keys": None}, "DATELINE_SLACK_TOKEN_KEYS"),
        ({"slack_signing_secret": SECRET, **OAUTH, "slack_token_keys": "short"}, "at least 32 random"),
        (OAUTH, "needs DATELINE_SLACK_SIGNING_SECRET"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(BadConfiguration, match=message):
        uses_slack(Settings(**given))


def test_a_workspace_where_it_is_not_installed_calls_nothing(archive: Archive, api: SlackApi) -> None:
    with talking(archive, ExtractiveWriter(), api, **OAUTH) as talk:
        assert talk.event(talk.message("<@UBOTT9> Who?"), team="T9").status_code == 200
        assert talk.command("Who?", team="T9").status_code == 200
    assert [call.method for call in api.calls if call.method != "response_url"] == []


class Crowd(Slow):
    """A writer that has all threads in which the archive is searched, from its second answer on until `over`."""

    def __init__(self, *says: str) -> None:
        super().__init__(*says)
        self.there, self.over = Event(), Event()

    async def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence | Usage]:
        async for written in super().write(question, evidence, weights):
            yield written
        if len(self.begun) == 2:
            waiting = [asyncio.to_thread(self.over.wait, 20) for _ in range(64)]
            self.there.set()
            await asyncio.gather(*waiting)


def test_slack_is_answered_in_time_while_searches_have_all_other_threads(archive: Archive, api: SlackApi) -> None:
    archive.ingest([article("bridge", HARBOUR)])
    writer = Crowd("Repairs cost 12 million crowns.")
    with talking(archive, writer, api, **OAUTH) as talk:
        assert install(talk, "T1").status_code == 200
        talk.event(talk.message("<@UBOTT1> What do the bridge repairs cost?"))
        answer = talk.answer()
        up, down = (answer.blocks[-1]["elements"][0][f"{kind}_button"]["value"] for kind in ("positive", "negative"))
        talk.event(talk.message("<@UBOTT1> When does the bridge close?"))
        assert writer.there.wait(10)
        try:
            talk.client.timeout = httpx.Timeout(3)  # Slack's own patience
            assert talk.event(talk.message("<@UBOTT1> Who is the mayor?")).status_code == 200
            assert talk.command("Who is the mayor?").status_code == 200
            assert talk.press(answer, "feedback", up, "U2").status_code == 200
            assert talk.press(answer, "feedback", down, "U3").status_code == 200
            _, form = wait_for(lambda: api.views)[0]
            told = {"reason": {"reason": {"selected_option": {"value": "other"}}}, "comment": {"comment": {}}}
            assert talk.submit(form, told, "U3").status_code == 200
        finally:
            writer.over.set()
    given = {(each.who, each.rating, each.reason) for each in archive.answers.ratings(up.partition(":")[0])}
    assert given == {("slack:T1:U2", "up", None), ("slack:T1:U3", "down", "other")}


def test_of_a_workspace_that_leaves_while_it_is_answered_nothing_is_kept(
    archive: Archive, api: SlackApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "TICK_S", 5)  # the answer is ready before it is seen that nobody wants it any more
    archive.ingest([article("bridge", HARBOUR)])
    writer = Slow("Repairs cost 12 million crowns.", wait=0.5)
    with talking(archive, writer, api, **OAUTH) as talk:
        assert install(talk, "T1").status_code == 200
        event = talk.message("<@UBOTT1> What do the bridge repairs cost?")
        talk.event(event)
        wait_for(lambda: writer.begun)
        assert talk.event({"type": "app_uninstalled"}).status_code == 200
    assert archive.answers.conversations("slack:T1", 9) == ()
    assert archive.slack.thread(Place("T1", "C1", event["ts"])) is None
    assert archive.slack.recent("T1", "U1", 9) == []
