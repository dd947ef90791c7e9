"""mtrag: 309 turns of conversations (MTRAG-UN) and a pool of 1,488 passages, each as an article.

An archive keeps one of several articles that are the same, so of 48 passages with 23 texts the first of each stays, and
stands for the others in the gold evidence.

A case asks the last turn of a conversation; its history is what the user asked before. `kind` is the turn's
answerability: `answerable`, `partial` (the passages answer a part), `unanswerable` (none does: the right answer is
none), `underspecified` (the right answer is to ask back: no score of this suite says so, and neither refusing nor
answering is right, so leave the kind out of refusal rates). The reference answer is a text, not a span: see `note`.
"""

from collections.abc import Mapping
from pathlib import Path

from eval.case import Case
from eval.datasets.records import Record, read
from index import Article


def articles(data: Path) -> tuple[Article, ...]:
    """The 1,463 passages that differ."""
    return tuple(article for at, article in _first(data).items() if at == article.id)


def cases(data: Path) -> tuple[Case, ...]:
    """The 309 turns: 175 answerable, 31 partial, 63 unanswerable, 40 underspecified."""
    first = _first(data)
    return tuple(_case(record, first) for record in read(data, "mtrag", "mtragun_tasks.jsonl"))


def _first(data: Path) -> dict[str, Article]:
    """For every passage of the pool, by its id, the first one that has the same text."""
    by_text: dict[str, Article] = {}
    passages = [record.article() for record in read(data, "mtrag", "passages.jsonl")]
    return {each.id: by_text.setdefault(each.body, each) for each in passages}


def _case(record: Record, first: Mapping[str, Article]) -> Case:
    asked = tuple(each.text("content") for each in record.records("messages") if each.text("role") == "user")
    if not asked:
        raise record.wrong("The field 'messages' has no turn of the user.")
    kind = record.text("answerability").lower()
    gold = record.texts("gold_passage_ids")
    if not set(gold) <= first.keys():
        raise record.wrong("The field 'gold_passage_ids' names a passage that is not in passages.jsonl.")
    return Case(
        id=record.text("id"),
        kind=kind,
        question=asked[-1],
        refuse=kind == "unanswerable",
        history=asked[:-1],
        articles=tuple(dict.fromkeys(first[each].id for each in gold)),
        note=record.text("target").strip(),
    )
