"""realtimeqa: 291 questions of weekly news quizzes (2024-07 to 2025-12) and 1,441 dated articles.

A case asks on the day of its quiz what the week's news says; its stale articles are on the same matter and at least
half a year old. The relevant articles were labelled automatically and were published from 35 days before to 2 days
after the day of the question: the archive is therefore seen as it stood DAYS_AFTER days after it, which lets every
relevant article in and the least of later weeks' news. Each question has a twin, `gone`, with its relevant articles
taken out of the evidence: the right answer is none.
"""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from eval.case import Case
from eval.datasets.records import Record, read
from index import Article, Filter

DAYS_AFTER = 2


def articles(data: Path) -> tuple[Article, ...]:
    """The 1,441 articles; their publisher is the site they are from."""
    return tuple(record.article() for record in read(data, "realtimeqa", "articles.jsonl"))


def cases(data: Path) -> tuple[Case, ...]:
    """The 291 questions of the kind `fresh`, each followed by its twin `gone`; 192 of them have stale articles."""
    fresh = [_case(record) for record in read(data, "realtimeqa", "questions.jsonl")]
    return tuple(each for case in fresh for each in (case, _gone(case)))


def _gone(case: Case) -> Case:
    return Case(f"{case.id}#gone", "gone", case.question, refuse=True, filter=case.filter, without=case.articles)


def _case(record: Record) -> Case:
    last = record.day("question_date") + timedelta(days=DAYS_AFTER)
    return Case(
        id=record.text("id"),
        kind="fresh",
        question=record.text("question"),
        filter=Filter(as_of=datetime.combine(last, time(23, 59, 59), UTC)),
        answers=(record.text("answer"),),
        articles=record.texts("relevant_article_ids"),
        stale_articles=record.texts("stale_distractor_ids"),
    )
