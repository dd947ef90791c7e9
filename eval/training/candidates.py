"""What the reranker is trained on: `python -m eval.training.candidates --data DIR --work DIR --out FILE`.

One line of JSON a question: the sentences that Dateline's own ranking puts first, as the reranker will be shown them,
each marked when it holds the answer. Of squad2 and multihop_rag, the half of the articles that figures are not
reported of (`half`); of news, the questions about articles that are not held out. The archives in `work` are those of
`dateline eval run`, which must have been run on the three.
"""

import argparse
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.answer import Question
from bot.followup import standalone
from bot.ranking import Ranked, rank
from bot.reranking import told
from bot.understanding import search, understand
from eval.case import Case
from eval.datasets import multihop_rag, news, squad2
from eval.run import filled_archive
from eval.suite import read_dataset, read_suite
from index import Archive, Article, MiniLM

SUITES = ("squad2", "multihop_rag", "news")
SHOWN = 16  # the best sentences of a question
SHORTEST = 25  # characters of a sentence that is part of a fact
GONE = 3  # of questions whose article is gone, one in so many: they are many and easy


def half(case: Case, pages: Mapping[str, str]) -> int:
    """0 or 1, by a question's first article, or the page that it is of; 1 is trained on, 0 is what figures are of."""
    name = next(iter((*case.articles, *case.without)), case.id)
    return hashlib.sha256(pages.get(name, name).encode()).digest()[0] % 2


def pages_of(suite_name: str, articles: Sequence[Article]) -> dict[str, str]:
    """The page that each paragraph of squad2 is from, by its id; nothing for other suites."""
    return {each.id: each.title.replace(" ", "_") for each in articles} if suite_name == "squad2" else {}


def trained_on(suite_name: str, data: Path) -> Iterator[Case]:
    """The questions of a suite that the reranker may be trained on."""
    cases: Iterable[Case]
    if suite_name == "news":
        cases = [case for case in news.all_cases(data) if not news.is_held_out(news.article_of(case))]
    else:
        pages = pages_of(suite_name, squad2.articles(data))
        of_suite = squad2.cases(data) if suite_name == "squad2" else multihop_rag.cases(data)
        cases = [case for case in of_suite if half(case, pages)]
    yield from (case for number, case in enumerate(cases) if case.kind != "gone" or not number % GONE)


def rows(suite_name: str, data: Path, work: Path) -> Iterator[dict[str, Any]]:
    """The lines of a suite's questions. Sentences of which nobody knows whether they answer are left out."""
    suite = read_suite(suite_name)
    home = filled_archive(work, suite, read_dataset(suite, data, None))
    with Archive(home, MiniLM()) as archive:
        publishers, now = archive.publishers(), datetime.now(UTC)
        for case in trained_on(suite_name, data):
            question = Question(case.question, replace(case.filter, without=case.without), 10)
            meant = standalone(case.question, (), publishers)
            found = search(understand(question, meant, archive, publishers, now), archive)
            ranked = rank(found.question.text, found.evidence, found.weights, found.question.recency)[:SHOWN]
            shown = [
                {"text": told(each), "right": right}
                for each, right in zip(ranked, (_is_right(each, case) for each in ranked), strict=True)
                if right or suite_name != "news" or not any(answer in told(each) for answer in case.answers)
            ]
            if shown and (case.refuse or any(each["right"] for each in shown)):
                answers = None if suite_name == "multihop_rag" else case.answers  # there they join several facts
                yield {"suite": suite_name, "question": case.question, "answers": answers, "shown": shown}


def _is_right(sentence: Ranked, case: Case) -> bool:
    """Whether a sentence of the right article holds the answer, or is part of a fact."""
    article, text = sentence.evidence.article.id, " ".join(sentence.text.split())
    if case.facts:
        facts = [" ".join(fact.text.split()) for fact in case.facts if fact.article_id == article]
        return any(fact in told(sentence) or (len(text) > SHORTEST and text in fact) for fact in facts)
    return article in case.articles and any(answer in told(sentence) for answer in case.answers)


def main() -> None:
    """Write the lines of the three sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--data", "--work", "--out"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args()
    with given.out.open("w", encoding="utf-8") as file:
        for suite in SUITES:
            for row in rows(suite, given.data, given.work):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
