"""The development data, read by path and never copied: articles and questions as Dateline's own values."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index import Article, BadConfiguration, article_from_fields


@dataclass(frozen=True, slots=True)
class Fact:
    """A gold fact of a multi-hop question: the sentence, and the article it stands in."""

    text: str
    article_id: str


@dataclass(frozen=True, slots=True)
class MultiHopQuestion:
    """A question of multihop_rag; `facts` is empty for a null question."""

    text: str
    kind: str
    answer: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class ReadingQuestion:
    """A question of squad2; `answers` are the spans any of which is right, none when it cannot be answered."""

    text: str
    article_id: str
    answers: tuple[str, ...]


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a JSON Lines file. Raises BadConfiguration when it is not there."""
    try:
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines)
    except FileNotFoundError as error:
        raise BadConfiguration(f"There is no {path}; say where the development data is with --data.") from error


def multihop_articles(data: Path) -> list[Article]:
    """The 609 news articles of multihop_rag."""
    path = data / "multihop_rag" / "articles.jsonl"
    return [article_from_fields(row, f"{path}#{number}") for number, row in enumerate(rows(path), 1)]


def multihop_questions(data: Path) -> list[MultiHopQuestion]:
    """Its 1,530 questions."""
    return [
        MultiHopQuestion(
            row["query"],
            row["question_type"],
            row["answer"],
            tuple(Fact(each["fact"], each["article_id"]) for each in row["evidence"]),
        )
        for row in rows(data / "multihop_rag" / "questions.jsonl")
    ]


def squad_articles(data: Path) -> list[Article]:
    """The 690 paragraphs of squad2, each as an article."""
    path = data / "squad2" / "contexts.jsonl"
    return [
        Article(id=row["id"], source=f"{path}#{row['id']}", title=row["title"].replace("_", " "), body=row["text"])
        for row in rows(path)
    ]


def squad_questions(data: Path, count: int, *, answerable: bool, seed: int) -> list[ReadingQuestion]:
    """A seeded sample of squad2's questions."""
    questions = [
        ReadingQuestion(row["question"], row["context_id"], tuple(row["answers"]))
        for row in rows(data / "squad2" / "questions.jsonl")
        if bool(row["is_impossible"]) != answerable
    ]
    return random.Random(seed).sample(questions, count)
