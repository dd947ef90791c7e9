"""The judge: strict JSON or nothing, never its own answers, and no say in the gate before it has qualified."""

import asyncio
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat import Chat, Timeouts
from bot.extractive import ExtractiveWriter
from bot.settings import Settings
from eval.case import Claim, Run
from eval.gate import judge as gate
from eval.judge import (
    FLOORS,
    Judge,
    NoVerdict,
    Qualification,
    draw,
    judge,
    qualify,
    write_qualification,
)
from eval.report.html import render_html
from eval.report.markdown import render_markdown
from eval.run import run_suite
from eval.suite import Demand, read_suite
from index import Archive, BadConfiguration, MiniLM, Reranker
from prompts import load
from tests.conftest import DATA
from tests.scripted_server import Request, Script, Scripted, refuses, says, serving
from tests.test_shell import dateline

YES, NO = '{"supported": true, "reason": "it says so"}', '{"supported": false, "reason": "it does not"}'
DEMANDED = replace(read_suite("smoke"), demands=(Demand("judged_supported", floor=0.5),))


def by_label(request: Request) -> Scripted:
    """A judge that is always right: the label stands in the claims made here."""
    return says(YES if "(true)" in asked_claim(request) else NO)


def asked_claim(request: Request) -> str:
    found = re.search(r"<claim>\n(.*)\n</claim>", request.body["messages"][-1]["content"])
    assert found is not None
    return found[1]


def claims(count: int, name: str) -> list[Claim]:
    return [
        Claim(f"{name}-{at}", name, f"Claim {at} ({'true' if at % 3 else 'false'})", ("A source.",), bool(at % 3))
        for at in range(count)
    ]


def sets(count: int) -> dict[str, list[Claim]]:
    return {name: claims(count, name) for name in FLOORS}


def asking(url: str, *, qualified: bool = False) -> Judge:
    return Judge(Chat(url, "none", "the-judge", 300, Timeouts(5, 10, 10)), qualified=qualified)


def trial(*script: Script, count: int = 6) -> Qualification:
    with serving(*script) as server:
        return qualify(asking(server.url), sets(count), 2026)


@pytest.fixture(scope="module")
def passed() -> Qualification:
    return trial(by_label, count=100)


def test_a_judge_that_knows_qualifies(passed: Qualification) -> None:
    assert passed.failings() == ()
    assert (passed.items, passed.overall, passed.agreement) == ({"attributionbench": 100, "qags": 100}, 1.0, 1.0)


def test_every_claim_is_put_twice_with_its_evidence_and_at_temperature_0() -> None:
    with serving(by_label) as server:
        qualify(asking(server.url), sets(2), 2026)
    assert sorted(map(asked_claim, server.requests)) == sorted(2 * ["Claim 0 (false)", "Claim 1 (true)"] * 2)
    assert all(each.body["temperature"] == 0 for each in server.requests)
    assert all("<evidence>\nA source.\n</evidence>" in each.body["messages"][0]["content"] for each in server.requests)


def test_a_judge_that_always_says_yes_does_not_qualify() -> None:
    given = trial(says(YES))
    assert (given.overall, given.agreement) == (0.5, 1.0)
    assert "balanced accuracy 0.500, below 0.80" in given.failings()


def test_a_judge_that_contradicts_itself_does_not_qualify() -> None:
    said: dict[str, int] = {}

    def fickle(request: Request) -> Scripted:
        claim = asked_claim(request) + request.path
        said[claim] = said.get(claim, 0) + 1
        return says(YES if said[claim] % 2 else NO)

    with serving(fickle) as server:
        given = qualify(asking(server.url), {"attributionbench": claims(6, "a")}, 2026)
    assert given.agreement == 0
    assert "agreement with itself 0.000, below 0.95" in given.failings()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"items": {"attributionbench": 100, "qags": 99}}, "199 items, fewer than 200"),
        ({"overall": 0.799}, "balanced accuracy 0.799, below 0.80"),
        ({"agreement": 0.949}, "agreement with itself 0.949, below 0.95"),
        ({"balanced_accuracy": {"attributionbench": 0.797, "qags": 0.9}}, "on attributionbench 0.797, no better than"),
        ({"balanced_accuracy": {"attributionbench": 0.9, "qags": 0.787}}, "on qags 0.787, no better than the lexical"),
        ({"balanced_accuracy": {"attributionbench": 0.9}}, "on qags 0.000"),
    ],
)
def test_each_condition_is_needed(passed: Qualification, change: dict[str, object], why: str) -> None:
    (failing,) = replace(passed, **change).failings()  # type: ignore[arg-type]
    assert why in failing


@pytest.mark.parametrize(
    "reply",
    [
        "The evidence clearly supports the claim.",
        f"```json\n{YES}\n```",
        f"{YES} I hope this helps.",
        '{"supported": "yes", "reason": "x"}',
        '{"supported": true}',
        '{"supported": true, "reason": "x", "score": 1}',
        "[true]",
        "",
    ],
)
def test_a_judge_that_does_not_reply_with_the_json_is_named_with_its_words(reply: str) -> None:
    with serving(says(reply or " ")) as server, pytest.raises(NoVerdict) as caught:
        asyncio.run(asking(server.url).vote("A claim.", ["A source."]))
    assert "The judge 'the-judge' did not reply with the JSON" in str(caught.value)
    assert " ".join(reply.split())[:40] in str(caught.value)


def test_reasoning_before_the_json_is_not_the_reply() -> None:
    with serving(says("<think>Hm, {}.</think>", YES)) as server:
        assert asyncio.run(asking(server.url).vote("A claim.", ["A source."])).supported


def test_a_judge_must_be_set_and_be_another_model() -> None:
    with pytest.raises(BadConfiguration, match="set DATELINE_JUDGE_MODEL"):
        judge(Settings())  # type: ignore[call-arg]
    same = Settings(llm_base_url="http://127.0.0.1:9/v1", llm_model="m", judge_model="m")  # type: ignore[arg-type,call-arg]
    with pytest.raises(BadConfiguration, match="both 'm': a model does not judge its own answers"):
        judge(same)
    assert judge(same.model_copy(update={"judge_model": "other"})).model == "other"


def test_the_answers_key_is_not_sent_to_the_judges_own_server() -> None:
    given = {"llm_api_key": "secret-key", "judge_model": "j", "writer": "extractive"}
    with serving(says(YES)) as server:
        elsewhere = Settings(judge_base_url=server.url, **given)  # type: ignore[arg-type]
        asyncio.run(judge(elsewhere).vote("A claim.", ["A source."]))
        with_it = Settings(llm_base_url=server.url, **given)  # type: ignore[arg-type]
        asyncio.run(judge(with_it).vote("A claim.", ["A source."]))
    assert [each.headers["authorization"] for each in server.requests] == ["Bearer none", "Bearer secret-key"]


@pytest.mark.parametrize(("model", "prompt", "qualified"), [("m", "", True), ("n", "", False), ("m", "0" * 64, False)])
def test_a_qualification_is_of_one_model_and_one_prompt(
    passed: Qualification, tmp_path: Path, model: str, prompt: str, qualified: bool
) -> None:
    write_qualification(tmp_path / "q.json", replace(passed, model="m", prompt=prompt or passed.prompt))
    chosen = judge(Settings(judge_model=model), qualification=tmp_path / "q.json")  # type: ignore[call-arg]
    assert chosen.qualified is qualified


def test_a_failed_trial_does_not_qualify(passed: Qualification, tmp_path: Path) -> None:
    write_qualification(tmp_path / "q.json", replace(passed, model="m", overall=0.6))
    assert not judge(Settings(judge_model="m"), qualification=tmp_path / "q.json").qualified  # type: ignore[call-arg]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"model": "m"}', '{"model": 1}'])
def test_a_malformed_qualification_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "q.json").write_text(content)
    with pytest.raises(BadConfiguration, match=r"q\.json is no judge's qualification"):
        judge(Settings(judge_model="m"), qualification=tmp_path / "q.json")  # type: ignore[call-arg]
    with pytest.raises(BadConfiguration, match=r"other\.json cannot be read: No such file"):
        judge(Settings(judge_model="m"), qualification=tmp_path / "other.json")  # type: ignore[call-arg]


def run(home: Path, work: Path, url: str, *, qualified: bool) -> Run:
    def parts(_settings: Settings, own: Path) -> tuple[Archive, ExtractiveWriter]:
        shutil.copytree(home, own, dirs_exist_ok=True)
        return Archive(own, MiniLM(), reranker=Reranker()), ExtractiveWriter()

    return run_suite(DEMANDED, None, work, limit=4, judge=asking(url, qualified=qualified), parts=parts)[1]


@pytest.mark.parametrize(
    ("script", "qualified", "code"),
    [
        (says(YES), True, 0),
        (says(NO), True, 1),
        (says("I think so."), True, 3),
        (refuses(401), True, 3),
        (says("I think so."), False, 0),
    ],
)
def test_only_a_qualified_judge_has_a_say(
    sample_home: Path, tmp_path: Path, script: Scripted, qualified: bool, code: int
) -> None:
    with serving(script) as server:
        done = run(sample_home, tmp_path, server.url, qualified=qualified)
    given = gate(DEMANDED, done, None)
    assert given.code == code, given
    assert done.identity.models["judge"] == "the-judge"
    assert done.identity.settings["judge"] == ("qualified" if qualified else "advisory")


@pytest.fixture(scope="module")
def advised(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    with serving(says(NO)) as server:
        return run(sample_home, tmp_path_factory.mktemp("advised"), server.url, qualified=False)


def test_what_only_advises_is_reported_and_never_blocks(advised: Run) -> None:
    assert {metric.name: metric.value for metric in advised.metrics}["judged_supported"] == 0
    assert gate(DEMANDED, advised, None).code == 0
    assert "judged_supported (advisory)" in render_markdown(advised, None, None)
    assert "judged_supported (advisory)" in render_html(advised, None, None, ())


def test_every_vote_is_kept_with_its_reason(advised: Run) -> None:
    answered = [each for each in advised.results if each.scores["judged_supported"] is not None]
    assert {vote["reason"] for each in answered for vote in each.details["votes"]} == {"it does not"}


def test_a_suite_that_demands_a_judge_and_has_none_is_unmeasured(advised: Run) -> None:
    settings = {name: value for name, value in advised.identity.settings.items() if name != "judge"}
    without = replace(advised, identity=replace(advised.identity, settings=settings), metrics=())
    assert gate(DEMANDED, without, None).code == 3


def test_the_shell_tries_a_judge(tmp_path: Path) -> None:
    """The real command over a small copy of the data's form: few claims, so that nobody can qualify on them."""
    rows: dict[str, list[dict[str, object]]] = {
        "attributionbench/attributionbench.jsonl": [
            {
                "id": str(at),
                "source": "LFQA",
                "claim": f"Claim {at} ({word})",
                "references": ["r"],
                "attributable": is_so,
            }
            for at, (word, is_so) in enumerate([("true", True), ("false", False)])
        ],
        "qags/qags.jsonl": [
            {
                "id": "1",
                "source": "cnndm",
                "article": "An article.",
                "sentences": [
                    {"sentence": "It is (true).", "supported": True},
                    {"sentence": "No.", "supported": False},
                ],
            }
        ],
    }
    for name, records in rows.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("".join(json.dumps(each) + "\n" for each in records))
    arguments = ("eval", "judge", "--data", str(tmp_path), "--out", "judge.json")
    with serving(by_label) as server:
        settings = {"DATELINE_JUDGE_MODEL": "j", "DATELINE_JUDGE_BASE_URL": server.url}
        done = dateline(*arguments, **settings)
        assert (done.returncode, "j: not qualified: 4 items, fewer than 200" in done.stdout) == (1, True), done.stderr
    assert json.loads((tmp_path / "judge.json").read_text())["overall"] == 1.0
    with serving(says("Well, it depends on how you look at it.")) as server:
        done = dateline(*arguments, **{**settings, "DATELINE_JUDGE_BASE_URL": server.url})
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "The judge 'j' did not reply" in done.stderr
    assert "Well, it depends" in done.stderr
    missing = dateline("eval", "judge", "--data", "nowhere", **settings)
    assert (missing.returncode, "There is no folder nowhere" in missing.stderr) == (2, True)


@pytest.mark.skipif(not DATA.is_dir(), reason="the development data is not here")
def test_the_trial_has_enough_claims_of_both_labels_and_is_drawn_the_same_way_twice() -> None:
    drawn = draw(DATA, 2026)
    assert sum(map(len, drawn.values())) >= 200
    assert {claim.supported for each in drawn.values() for claim in each} == {True, False}
    assert draw(DATA, 2026) == drawn != draw(DATA, 2027)


def test_the_prompt_keeps_evidence_and_claim_apart_from_what_is_asked() -> None:
    filled = load("judge").fill(evidence="$claim", claim="$evidence")
    assert "<evidence>\n$claim\n</evidence>" in filled
    assert "<claim>\n$evidence\n</claim>" in filled
