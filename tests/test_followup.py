"""Follow-ups: what a question leans on is carried over, by our own rules or by a model that is not trusted."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer import Answer, Question, Usage
from bot.engine import complete
from bot.extractive import ExtractiveWriter
from bot.followup import standalone
from bot.llm import LLMWriter
from bot.rewriting import keeps
from index import Archive, BadRequest
from tests.conftest import article, day
from tests.scripted_server import Scripted, refuses, says, serving

PUBLISHERS = ("Reuters", "TechCrunch", "The Verge")


@pytest.mark.parametrize(
    ("question", "earlier", "alone"),
    [
        ("And who came second?", ["Which company won the contract?"], "And who came second? (company won contract)"),
        ("How old is she?", ["Who is Ysolde Marrin?"], "How old is she? (Ysolde Marrin)"),
        ("Why?", ["Was the Aulder Bridge closed?"], "Why? (Aulder Bridge closed)"),
        ("Who is the mayor of Kessary?", ["Who won the derby?"], "Who is the mayor of Kessary?"),
        ("And in May?", ["What did TechCrunch report in March 2026?"], "And in May? (TechCrunch report)"),
        (
            "What about Reuters?",
            ["What did The Verge say about Apple last week?"],
            "What about Reuters? (say Apple last week)",
        ),
        (
            "And when does he take over?",
            ["Who was elected mayor of Skerrivane?", "By how many votes?"],
            "And when does he take over? (By votes elected mayor of Skerrivane)",
        ),
        (
            "How much of that will the insurance pay?",
            ["Why was the Aulder Bridge closed?", "How much does it cost to repair?"],
            "How much of that will the insurance pay? (cost to repair Aulder Bridge closed)",
        ),
    ],
)
def test_a_question_that_leans_is_given_what_it_leans_on(question: str, earlier: list[str], alone: str) -> None:
    assert standalone(question, earlier, PUBLISHERS) == alone


@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=4))
def test_the_question_itself_is_kept_whatever_came_before(question: str, earlier: list[str]) -> None:
    assert standalone(question, earlier, PUBLISHERS).startswith(question)
    assert standalone(question, []) == question


@pytest.fixture
def mayors(archive: Archive) -> Archive:
    archive.ingest(
        [
            article("inch", "Torvald Inch was elected mayor of Skerrivane. He takes over on 16 November."),
            article("frome", "Lena Frome was elected mayor of Kessary. She takes over on 2 November."),
        ]
    )
    return archive


def ask(archive: Archive, text: str, conversation_id: str | None = None, **more: tuple[str, ...]) -> Answer:
    question = Question(text, conversation_id=conversation_id, **more)  # type: ignore[arg-type]
    return asyncio.run(complete(question, archive, ExtractiveWriter()))


def test_a_conversation_goes_on_where_it_was(mayors: Archive) -> None:
    first = ask(mayors, "Who was elected mayor of Skerrivane?")
    second = ask(mayors, "When does he take over?", first.conversation_id)
    assert second.conversation_id == first.conversation_id
    assert (second.question, second.standalone_question) == (
        "When does he take over?",
        "When does he take over? (elected mayor of Skerrivane)",
    )
    assert "16 November" in second.text
    assert second.sources[0].article.id == "inch"
    third = ask(mayors, "And she?", None, earlier=("Who was elected mayor of Kessary?",))
    assert third.sources[0].article.id == "frome"


def test_an_unknown_conversation_is_refused(mayors: Archive) -> None:
    with pytest.raises(BadRequest, match="no conversation 'conv_none'") as caught:
        ask(mayors, "And he?", "conv_none")
    assert caught.value.field == "conversation_id"


def test_the_time_of_the_follow_up_takes_the_place_of_the_earlier_one(archive: Archive) -> None:
    rate = "The central bank put its main rate at {} percent."
    archive.ingest(
        [
            article("may", rate.format(4), published_at=day("2026-05-10")),
            article("june", rate.format(3), published_at=day("2026-06-20")),
        ]
    )
    first = ask(archive, "What main rate did the central bank set in June 2026?")
    then = ask(archive, "And in May 2026?", first.conversation_id)
    assert [first.sources[0].article.id, then.sources[0].article.id] == ["june", "may"]


@pytest.mark.parametrize(
    ("question", "rewritten", "kept"),
    [
        ("When does he take over?", "When does Torvald Inch take over?", True),
        ("When does he take over?", "When does Lena Frome take over?", False),
        ("And in May 2024?", "What did Torvald Inch say in May 2024?", True),
        ("And in May 2024?", "What did Torvald Inch say in March 2024?", False),
        ("And in May 2024?", "What did Torvald Inch say?", False),
        ("And last week?", "What did Torvald Inch say?", False),
        ("Did he win 40 seats?", "Did Torvald Inch win 50 seats?", False),
        ("Did he win 40 seats?", "Did Torvald Inch win seats?", False),
        ("And Lena Frome?", "Did Torvald Inch win?", False),
        ("When does he take over?", "When does Torvald Inch take over in 2026?", False),
        ("When does he take over?", "", False),
        ("When does he take over?", "When " * 200, False),
    ],
)
def test_a_rewriting_that_changes_or_drops_a_name_number_or_date_is_refused(
    question: str, rewritten: str, kept: bool
) -> None:
    assert keeps(question, ["Did Torvald Inch win the vote?"], rewritten) is kept


SENTENCE = "Torvald Inch was elected mayor of Skerrivane [1.1]."
OURS = "When does he take over? (elected mayor of Skerrivane)"


@pytest.mark.parametrize(
    ("reply", "searched"),
    [
        (says("When does the mayor of Skerrivane take over?"), "When does the mayor of Skerrivane take over?"),
        (says("When does Petra Vanstone take over?"), OURS),
        (says("Here you are:\nWhen does the mayor take over?"), OURS),
        (says(""), OURS),
        (says("When does", whole=False), OURS),
        (refuses(400), OURS),
        (Scripted([b"nonsense"]), OURS),
    ],
)
def test_a_models_rewriting_is_taken_only_when_it_still_asks_the_same(
    mayors: Archive, reply: Scripted, searched: str
) -> None:
    earlier = ("Who was elected mayor of Skerrivane?",)
    with serving(reply, says(SENTENCE)) as server:
        writer = LLMWriter(server.url, "key", "scripted")
        answer = asyncio.run(complete(Question("When does he take over?", earlier=earlier), mayors, writer))
    assert answer.standalone_question == searched
    assert answer.status == "answered"


def test_a_slow_model_is_not_waited_for(mayors: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot import rewriting
    from bot.chat import Timeouts

    monkeypatch.setattr(rewriting, "TIMEOUTS", Timeouts(1, 0.2, 0.3))
    with serving(says(5.0, "too late"), says(SENTENCE)) as server:
        writer = LLMWriter(server.url, "key", "scripted")
        question = Question("When does he take over?", earlier=("Who was elected mayor of Skerrivane?",))
        assert asyncio.run(complete(question, mayors, writer)).standalone_question == OURS


def test_what_rewriting_cost_is_counted_and_a_first_question_costs_nothing(mayors: Archive) -> None:
    with serving(says("When does the mayor of Skerrivane take over?"), says(SENTENCE)) as server:
        writer = LLMWriter(server.url, "key", "scripted")
        question = Question("When does he take over?", earlier=("Who was elected mayor of Skerrivane?",))
        assert asyncio.run(complete(question, mayors, writer)).usage == Usage(200, 40)
    with serving(says(SENTENCE)) as server:
        asyncio.run(complete(Question("Who was elected?"), mayors, LLMWriter(server.url, "key", "scripted")))
        assert not any("the same person" in str(request.body) for request in server.requests)
