"""What time a question means, and that it changes what is found."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answer import Answer, Question
from bot.engine import complete
from bot.extractive import ExtractiveWriter
from bot.understanding import search, understand
from bot.when import AFTERWARDS, names_time, narrowed, recency, understand_time
from index import Archive, Filter, Query, Recency, recency_weight
from tests.conftest import article, day

NOW = datetime(2026, 10, 27, 9, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("What happened in March 2024?", "2024-03-01", "2024-04-01"),
        ("What happened in March?", "2026-03-01", "2026-04-01"),
        ("what happened in may", "2026-05-01", "2026-06-01"),
        ("What happened in early November 2024?", "2024-11-01", "2024-12-01"),
        ("What happened in December?", "2025-12-01", "2026-01-01"),
        ("What happened on 5 May?", "2026-05-05", "2026-05-06"),
        ("What happened on May 5th, 2024?", "2024-05-05", "2024-05-06"),
        ("What happened on 2024-05-05?", "2024-05-05", "2024-05-06"),
        ("What happened on Friday?", "2026-10-23", "2026-10-24"),
        ("What did the report of 5 October 2023 say?", "2023-10-05", "2023-10-06"),
        ("What happened yesterday?", "2026-10-26", "2026-10-27"),
        ("What did they decide last week?", "2026-10-19", "2026-10-26"),
        ("Who resigned last month?", "2026-09-01", "2026-10-01"),
        ("Who resigned last year?", "2025-01-01", "2026-01-01"),
        ("What happened two weeks ago?", "2026-10-12", "2026-10-19"),
        ("What was announced earlier this year?", "2026-01-01", "2027-01-01"),
        ("How did Tarnholt do last quarter?", "2026-07-01", "2026-10-01"),
        ("How did Tarnholt do in Q3 2025?", "2025-07-01", "2025-10-01"),
        ("What was said between September and October?", "2026-09-01", "2026-11-01"),
        ("What was said between 3 May and 9 May 2024?", "2024-05-03", "2024-05-10"),
        ("What was decided from October to January 2026?", "2025-10-01", "2026-02-01"),
        ("What has changed since May?", "2026-05-01", None),
        ("What was agreed since the collision on 15 September?", "2026-09-15", None),
        ("Who led it before June?", None, "2026-06-01"),
        ("What was known until 3 October?", None, "2026-10-04"),
    ],
)
def test_a_question_names_a_period(question: str, since: str | None, until: str | None) -> None:
    period = understand_time(question, NOW).period
    assert period is not None
    assert (period.since, period.until) == (since and day(since), until and day(until))


def test_the_past_days_end_now() -> None:
    for question in ("What happened in the past three days?", "What happened over the last 3 days?"):
        period = understand_time(question, NOW).period
        assert period is not None
        assert (period.since, period.until) == (NOW - timedelta(days=3), NOW)


@pytest.mark.parametrize(
    "question",
    [
        "Who may run in the election?",
        "Who led the march in Port Arlen?",
        "What will happen in March Madness?",
        "What did the Sun report on the 7 people?",
        "Why did 2 of 10 in 5 cases fail?",
        "Who won Euro 2024?",
        "What does Agenda 2030 want?",
        "What was decided at COP28?",
        "Whom did they resist in the 2003 Rose Revolution?",
        "What share did she have in the September poll?",
        "What did last year's budget say?",
        "What did he do in the last year of his term?",
        "Who wrote “The Day in March 2024”?",
        "Who was sworn in Monday?",
        "Which state will ban bags in March?",
        "What happened before the vote?",
        "What has happened since the coup?",
        "What happened on 30 February?",
        "What happened in 2000 homes?",
    ],
)
def test_what_is_no_time_narrows_nothing(question: str) -> None:
    assert understand_time(question, NOW).period is None


def test_days_of_several_things_are_no_one_period() -> None:
    meant = understand_time("Did the report on 3 May contradict the one of 9 May?", NOW)
    assert (meant.period, meant.freshness) == (None, "any")


@pytest.mark.parametrize(
    ("question", "freshness"),
    [
        ("What is the latest death toll?", "newest"),
        ("Who is the chief executive now?", "newest"),
        ("Is line fishing still allowed?", "newest"),
        ("Who is the mayor?", "news"),
        ("When will the council vote?", "news"),
        ("What has changed since May?", "news"),
        ("When did the bridge open?", "any"),
        ("In what year was the treaty signed?", "any"),
        ("What is the latest news of March 2024?", "any"),
        ("Who was in charge as of 1 May 2024?", "any"),
        ("What did he say before the vote?", "any"),
    ],
)
def test_a_question_says_whether_newer_is_better(question: str, freshness: str) -> None:
    assert understand_time(question, NOW).freshness == freshness


def test_as_of_in_a_question_is_the_end_of_that_day_and_never_later_than_now() -> None:
    assert understand_time("Who was in charge as of 1 May 2024?", NOW).as_of == day("2024-05-02")
    assert understand_time("Who is in charge as of October 2026?", NOW).as_of == NOW
    assert understand_time("As of 2030, what is banned?", NOW).as_of is None


def test_what_is_chosen_by_hand_outranks_what_the_question_says() -> None:
    meant = understand_time("What happened in March 2024, as of 1 May 2024?", NOW)
    assert narrowed(Filter(), meant) == Filter(day("2024-03-01"), day("2024-04-01") + AFTERWARDS, day("2024-05-02"))
    chosen = Filter(since=day("2020-01-01"), as_of=day("2025-01-01"))
    assert narrowed(chosen, meant) == chosen


@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from("in on since March 5 2024 last week , as of between and may".split())).map(" ".join)
)
def test_whatever_is_asked_a_period_begins_before_it_ends(question: str) -> None:
    meant = understand_time(question, NOW)
    if meant.period is not None and meant.period.since is not None and meant.period.until is not None:
        assert meant.period.since < meant.period.until
    assert meant.as_of is None or meant.as_of <= NOW


def test_a_text_names_the_time_itself_or_not() -> None:
    period = understand_time("Who won in March 2024?", NOW).period
    assert period is not None
    assert names_time("She won in March 2024.", period)
    assert not names_time("She won in March.", period)
    assert not names_time("She won in 2024.", period)


@given(st.datetimes(datetime(1990, 1, 1), NOW.replace(tzinfo=None)), st.floats(0.5, 1000))
def test_the_weight_of_age_falls_from_one_and_halves(published: datetime, half_life: float) -> None:
    wish = Recency(NOW, half_life)
    older = published.replace(tzinfo=UTC) - timedelta(days=half_life)
    weight = recency_weight(published.replace(tzinfo=UTC), wish)
    assert 0 <= weight <= 1
    assert recency_weight(older, wish) == pytest.approx(weight / 2)


def test_an_unknown_date_is_neutral_and_no_wish_is_no_weight() -> None:
    wish = Recency(NOW, 30)
    assert recency_weight(NOW + timedelta(days=1), wish) == 1
    assert recency_weight(None, wish) == 0.5
    assert recency_weight(NOW, None) == 0


TOLL = "The ferry disaster in the strait has killed {} people, the coastguard says."


@pytest.fixture
def tolls(archive: Archive) -> Archive:
    archive.ingest(
        [
            article("first", TOLL.format(11), published_at=day("2026-05-02")),
            article("second", TOLL.format(19), published_at=day("2026-06-14")),
            article("third", TOLL.format(25), published_at=day("2026-10-08")),
        ]
    )
    return archive


def ask(archive: Archive, question: str, **chosen: datetime) -> Answer:
    return asyncio.run(complete(Question(question, Filter(**chosen)), archive, ExtractiveWriter()))  # type: ignore[arg-type]


def test_a_newer_article_is_found_first_and_would_not_be_without_recency(tolls: Archive) -> None:
    question = "How many people has the ferry disaster in the strait killed?"
    meant = understand(Question(question), question, tolls, (), NOW)
    assert meant.recency == Recency(day("2026-10-08"), 60)
    assert tolls.search(Query(question, recency=meant.recency), 3)[0].article.id == "third"
    assert tolls.search(question, 3)[0].article.id != "third"
    assert "25" in ask(tolls, question).sentences[0].text


def test_the_time_a_question_names_decides_what_is_found(tolls: Archive) -> None:
    in_june = ask(tolls, "How many people did the ferry disaster in the strait kill in June 2026?")
    assert [source.article.id for source in in_june.sources] == ["second"]
    then = ask(tolls, "How many people did the ferry disaster in the strait kill as of 3 May 2026?")
    assert [source.article.id for source in then.sources] == ["first"]
    assert then.as_of == day("2026-05-04")


def test_a_period_that_holds_no_answer_is_said_and_not_silently_replaced(tolls: Archive) -> None:
    answer = ask(tolls, "How many people did the ferry disaster in the strait kill in March 2025?")
    assert answer.status == "answered"
    assert answer.sentences[0].text == (
        "I found no answer in the articles of the time you asked about (“in March 2025”); what follows is of another "
        "time."
    )
    assert answer.sentences[0].citations == ()
    assert all(sentence.citations for sentence in answer.sentences[1:])


def test_an_article_of_another_time_that_tells_of_the_time_asked_about_needs_no_warning(archive: Archive) -> None:
    archive.ingest([article("history", "The old ferry sank in the strait in March 1969.", published_at=NOW)])
    answer = ask(archive, "What sank in the strait in March 1969?")
    assert [sentence.text for sentence in answer.sentences] == ["The old ferry sank in the strait in March 1969."]


def test_in_an_archive_that_ended_long_ago_its_last_articles_are_the_new_ones(tolls: Archive) -> None:
    question = "Who?"
    late = understand(Question(question), question, tolls, (), datetime(2036, 1, 1, tzinfo=UTC))
    assert late.recency == recency(understand_time(question, NOW), day("2026-10-08"))
    early = understand(Question(question, Filter(as_of=day("2026-07-01"))), question, tolls, (), NOW)
    assert early.recency == Recency(day("2026-06-14"), 60)


def test_the_warning_of_another_time_quotes_the_question(tolls: Archive) -> None:
    answer = ask(tolls, "Last year, how many people did the ferry disaster in the strait kill?")
    assert re.search(r"\(“last year”\)", answer.text, re.I)


def test_an_article_need_not_say_that_it_is_the_latest(tolls: Archive) -> None:
    question = "How many people did the ferry disaster in the strait kill, as now known at the latest?"
    found = search(understand(Question(question), question, tolls, (), NOW), tolls)
    assert {"latest", "now"}.isdisjoint(found.weights)
    assert "strait" in found.weights


def test_what_happened_in_another_week_is_no_answer_to_what_happened_in_this_one(tolls: Archive) -> None:
    other = "The bakers of Port Arlen agreed on a price for a loaf of bread on Sunday, and the mayor opened the fair."
    tolls.ingest([article("bread", other, title="A loaf of bread", published_at=NOW - timedelta(days=1))])
    answer = ask(tolls, "How many people did the ferry disaster in the strait kill this week?", as_of=NOW)
    assert answer.status == "abstained"
    assert answer.text.startswith("I found no answer in the articles of the time you asked about (“this week”). The")
    assert "The nearest article is “Third” (" in answer.text
    assert ask(tolls, "How many people did the ferry disaster in the strait kill?", as_of=NOW).status == "answered"
