"""news: 11,599 questions written for Dateline about 288 of multihop_rag's articles, asked of all 609.

`news.jsonl` has them, and no text of the articles: question, article, and where there is an answer, the answer and the
offsets in the body of the sentence that gives it. What a newspaper's reader or a news quiz would ask: short, understood
alone, half of them in other words than the sentence. 4,787 only seem to be answered by their article (`near_topic`).
Those of the articles that are not held out come in threes: a question, the same in other words, and one with a single
thing changed, so that the article no longer answers it.

The cases are the questions about every seventh article or so; with the others the reranker is trained
(`eval.training`). Kinds: `answerable`; `gone`, its twin with the article taken out of the evidence; `near_topic`.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from eval.case import Case, Fact
from eval.datasets import multihop_rag
from index import Article

QUESTIONS = Path(__file__).with_name("news.jsonl")
HELD_OUT = 15  # per cent of the articles


def articles(data: Path) -> tuple[Article, ...]:
    """The 609 articles of multihop_rag."""
    return multihop_rag.articles(data)


def cases(data: Path) -> tuple[Case, ...]:
    """The questions about the articles that are held out, in file order."""
    return tuple(case for case in all_cases(data) if is_held_out(article_of(case)))


def all_cases(data: Path) -> Iterator[Case]:
    """All questions, those for the training too."""
    bodies = {article.id: article.body for article in articles(data)}
    for number, line in enumerate(QUESTIONS.read_text("utf-8").splitlines(), 1):
        row = json.loads(line)
        article, question = row["article"], row["question"]
        if "answer" not in row:
            yield Case(f"news-{number}-{article}", "near_topic", question, refuse=True)
            continue
        fact = Fact(bodies[article][row["start"] : row["end"]], article)
        given = Case(
            f"news-{number}-{article}",
            "answerable",
            question,
            answers=(row["answer"],),
            articles=(article,),
            facts=(fact,),
        )
        yield given
        gone = replace(given, id=f"{given.id}#gone", kind="gone", refuse=True, without=(article,))
        yield replace(gone, answers=(), articles=(), facts=())


def is_held_out(article_id: str) -> bool:
    """Whether the questions about an article are asked, and never trained on."""
    return int(hashlib.sha256(f"dev{article_id}".encode()).hexdigest(), 16) % 100 < HELD_OUT


def article_of(case: Case) -> str:
    """The article that a question was written about; a near-topic one has it in its id only."""
    return case.id.split("-", 2)[2].removesuffix("#gone")
