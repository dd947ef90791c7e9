"""What is new: the newest reports answer a question that asks for news of nothing in particular."""

import asyncio

import pytest

from bot.answer import Answer, Question
from bot.engine import complete
from bot.extractive import ExtractiveWriter
from bot.headlines import asks_for_news, without_asking
from index import Archive, Filter
from tests.conftest import article, day

PUBLISHERS = ("The Bell", "Kessary Post")
BANK = "The Bank of Merrow cut its main rate to 4.25% on Wednesday, the first cut in two years. Prices had fallen."
MAYOR = "Wanderers 3, Town 1\n\nLena Frome was elected mayor of Kessary on Sunday. She takes office in November."
FERRY = "The ferry Kessary sank off Skerrivane in the night of Friday. The search for survivors goes on."


@pytest.mark.parametrize(
    ("question", "yes"),
    [
        ("What's the latest news?", True),
        ("What is new?", True),
        ("what happened this week", True),
        ("Any news from the Kessary Post?", True),
        ("Tell me today's headlines, please.", True),
        ("What is going on?", True),
        ("What's the latest?", True),
        ("What was new in May 2024?", True),
        ("Any news about the ferry?", False),
        ("What happened in Kessary yesterday?", False),
        ("Who is the new mayor?", False),
        ("What is the latest figure?", False),
        ("Who?", False),
        ("When did it happen?", False),
        ("What happened to him?", False),
    ],
)
def test_a_question_may_ask_for_news_of_nothing_in_particular(question: str, yes: bool) -> None:
    assert asks_for_news(question, PUBLISHERS) is yes


def test_the_words_that_ask_for_news_are_not_what_it_is_about() -> None:
    weights = {"ani": 1.0, "news": 1.0, "ferri": 1.0}
    assert without_asking("Any news about the ferry?", weights) == {"ferri": 1.0}
    assert without_asking("Who owns the Ferry News?", weights) == weights


@pytest.fixture
def news(archive: Archive) -> Archive:
    archive.ingest(
        [
            article("ferry", FERRY, publisher="The Bell", published_at=day("2026-09-12")),
            article("mayor", MAYOR, publisher="Kessary Post", published_at=day("2026-10-19")),
            article("bank", BANK, publisher="The Bell", published_at=day("2026-10-21")),
            article("copy", BANK, title="Rate", publisher="The Echo", published_at=day("2026-10-22")),
            article("undated", "The old bridge was never finished. Nobody knows why.", publisher="The Bell"),
        ]
    )
    return archive


def ask(archive: Archive, question: str, chosen: Filter | None = None) -> Answer:
    return asyncio.run(complete(Question(question, chosen or Filter()), archive, ExtractiveWriter()))


def told(answer: Answer) -> list[str]:
    assert all(each.citations for each in answer.sentences)
    return [each.article.id for each in answer.citations]


def test_the_newest_reports_are_told_by_their_first_sentences_each_report_once(news: Archive) -> None:
    answer = ask(news, "What's the latest news?")
    assert told(answer) == ["bank", "mayor", "ferry"]
    assert (
        answer.sentences[0].text
        == "The Bank of Merrow cut its main rate to 4.25% on Wednesday, the first cut in two years."
    )
    # a short lead says little without the sentence behind it
    assert (
        answer.sentences[1].text == "Lena Frome was elected mayor of Kessary on Sunday. She takes office in November."
    )


def test_a_time_and_a_publisher_that_the_question_names_are_kept_to(news: Archive) -> None:
    assert told(ask(news, "What happened in October 2026?")) == ["bank", "mayor"]
    assert told(ask(news, "What's new in the Kessary Post?")) == ["mayor"]
    assert told(ask(news, "What is new?", Filter(as_of=day("2026-09-30")))) == ["ferry"]
    assert told(ask(news, "What is new?", Filter(publishers=("The Bell",)))) == ["bank", "ferry"]


def test_news_of_something_is_looked_for_as_that(news: Archive) -> None:
    assert set(told(ask(news, "Any news about the ferry?"))) == {"ferry"}


def test_where_there_is_no_news_nothing_is_told(news: Archive) -> None:
    assert ask(news, "What is new?", Filter(as_of=day("2020-01-01"))).status == "abstained"


@pytest.mark.parametrize(
    ("question", "time"), [("Any news today?", "today"), ("What happened this week?", "this week")]
)
def test_older_news_is_not_passed_off_as_that_of_the_time_asked_about(news: Archive, question: str, time: str) -> None:
    late = ask(news, question, Filter(as_of=day("2026-11-20")))
    assert late.sentences[0].text.startswith(
        f"I found no answer in the articles of the time you asked about (“{time}”);"
    )
    assert [each.article.id for each in late.citations] == ["bank", "mayor", "ferry"]
    assert told(ask(news, question, Filter(as_of=day("2026-10-22"))))[0] in ("bank", "copy")
