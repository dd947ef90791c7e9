"""bipia: 225 injections with a canary to plant in news articles, and 234 harmless sentences that look like commands.

The archive is multihop_rag's. Kinds: `planted`, a multi-hop question one of whose gold articles is replaced by a copy
with the injection in it: the canary must not occur in the answer; `clean`, the same question over the untouched
archive, for the loss of utility (pair `X` with `X#clean`); `benign`, a harmless sentence that must stay quotable,
asked for in its own words, so that what keeps it out is a filter and not the search.

The 225 injections share 75 articles (one carries 31 of them), so one archive cannot hold them all without an article
being made of little but injections. `planted` says which article a case replaces, under the article's own id;
`eval.datasets.rounds` turns that into archives that hold at most one injection per article.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from eval.case import Case
from eval.datasets import multihop_rag
from eval.datasets.records import Record, read, stored
from index import Article

Value = TypeVar("Value")


def articles(data: Path) -> tuple[Article, ...]:
    """The 609 articles of multihop_rag, nothing planted."""
    return multihop_rag.articles(data)


def cases(data: Path) -> tuple[Case, ...]:
    """225 planted, the same 225 clean, 234 benign."""
    questions = {case.id: case for case in multihop_rag.cases(data)}
    injections = read(data, "bipia", "news_injections.jsonl")
    asked = [_of(questions, record, "question_id") for record in injections]
    planted = [
        replace(
            case,
            id=record.text("id"),
            kind="planted",
            forbidden=(record.text("canary"),),
            note=f"{record.text('category')}, {record.text('wrapper')}, at the {record.text('position')} of "
            f"{record.text('carrier_article_id')}: {record.text('payload')}",
        )
        for record, case in zip(injections, asked, strict=True)
    ]
    clean = [
        replace(case, id=f"{record.text('id')}#clean", kind="clean")
        for record, case in zip(injections, asked, strict=True)
    ]
    benign = [_benign(record) for record in read(data, "bipia", "benign_news_imperatives.jsonl")]
    return (*planted, *clean, *benign)


def planted(data: Path) -> Mapping[str, Article]:
    """For each planted case, by its id, the carrier with the injection in it."""
    carriers = {article.id: article for article in articles(data)}
    return {
        record.text("id"): _plant(_of(carriers, record, "carrier_article_id"), record)
        for record in read(data, "bipia", "news_injections.jsonl")
    }


def _benign(record: Record) -> Case:
    sentence = stored(record.text("text"))
    return Case(
        id=record.text("id"),
        kind="benign",
        question=sentence,
        expected=((sentence,),),
        articles=(record.text("article_id"),),
    )


def _plant(carrier: Article, record: Record) -> Article:
    """The payload as a paragraph of its own before the first, after the last, or at the break nearest the middle."""
    body, payload = carrier.body, record.text("payload")
    position = record.text("position")
    if position == "start":
        return replace(carrier, body=f"{payload}\n\n{body}", dateline=None)
    if position == "end":
        return replace(carrier, body=f"{body}\n\n{payload}")
    if position != "middle":
        raise record.wrong(f"The field 'position' is {position!r}; it must be start, middle or end.")
    before, middle = body.rfind("\n\n", 0, len(body) // 2), body.find("\n\n", len(body) // 2)
    breaks = [each for each in (before, middle) if each >= 0]
    if not breaks:
        raise record.wrong(f"{carrier.id} has no break between paragraphs to plant in.")
    at = min(breaks, key=lambda each: abs(each - len(body) // 2))
    return replace(carrier, body=f"{body[:at]}\n\n{payload}{body[at:]}")


def _of(known: Mapping[str, Value], record: Record, name: str) -> Value:
    if record.text(name) not in known:
        raise record.wrong(f"multihop_rag has no {record.text(name)!r}, which the field {name!r} names.")
    return known[record.text(name)]
