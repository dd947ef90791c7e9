"""squad2: 690 paragraphs, each as an article, and 6,763 questions.

Kinds: `answerable`, a question whose answer is a span of its paragraph; `gone`, the same question with the paragraph
taken out of the evidence, where the right answer is none; `near_topic`, a question that its paragraph seems to answer
and does not. Two records repeat the id of an earlier one; their cases are named by the id and the line.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from eval.case import Case
from eval.datasets.records import Record, read, stored
from index import Article


def articles(data: Path) -> tuple[Article, ...]:
    """The 690 paragraphs; an article's title is its page's."""
    return tuple(
        record.article(title=record.text("title").replace("_", " "))
        for record in read(data, "squad2", "contexts.jsonl")
    )


def cases(data: Path) -> tuple[Case, ...]:
    """The questions in file order: 3,500 answerable, each followed by its twin `gone`, and 3,263 near-topic."""
    return tuple(_cases(read(data, "squad2", "questions.jsonl")))


def _cases(records: tuple[Record, ...]) -> Iterator[Case]:
    seen: set[str] = set()
    for number, record in enumerate(records, 1):
        name = record.text("id")
        name = f"{name}#{number}" if name in seen else name
        seen.add(name)
        if record.flag("is_impossible"):
            yield Case(name, "near_topic", record.text("question"), refuse=True)
            continue
        paragraph = (record.text("context_id"),)
        given = Case(
            name,
            "answerable",
            record.text("question"),
            answers=tuple(map(stored, record.texts("answers"))),
            articles=paragraph,
        )
        yield given
        yield replace(given, id=f"{name}#gone", kind="gone", refuse=True, answers=(), articles=(), without=paragraph)
