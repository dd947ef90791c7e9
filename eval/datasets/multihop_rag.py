"""multihop_rag: 609 news articles and 1,530 questions over several of them (inference, comparison, temporal, null).

A case asks for what the articles say together; its facts are the gold sentences, verbatim in the bodies, and its
articles those they stand in. `kind` is the question's type. The 185 null questions ask about what no article says:
the right answer is none.
"""

from pathlib import Path

from eval.case import Case, Fact
from eval.datasets.records import Record, read
from index import Article

NULL = "null_query"


def articles(data: Path) -> tuple[Article, ...]:
    """The 609 articles."""
    return tuple(record.article() for record in read(data, "multihop_rag", "articles.jsonl"))


def cases(data: Path) -> tuple[Case, ...]:
    """The 1,530 questions: 489 inference, 503 comparison, 353 temporal and 185 null."""
    return tuple(_case(record) for record in read(data, "multihop_rag", "questions.jsonl"))


def _case(record: Record) -> Case:
    facts = tuple(Fact(each.text("fact"), each.text("article_id")) for each in record.records("evidence"))
    refuse = record.text("question_type") == NULL
    return Case(
        id=record.text("id"),
        kind=record.text("question_type"),
        question=record.text("query"),
        refuse=refuse,
        answers=() if refuse else (record.text("answer"),),
        articles=tuple(dict.fromkeys(fact.article_id for fact in facts)),
        facts=facts,
    )
