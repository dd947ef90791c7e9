"""Answers given earlier that rest on words an article no longer says."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from index.correcting import corrected
from index.reading.corrections import says
from index.tables import answers, versions


@dataclass(frozen=True, slots=True)
class AffectedAnswer:
    """An answer as it was given, with its quotes of one article that are gone or taken back."""

    answer_id: str
    question: str
    answered_at: datetime
    quotes: tuple[str, ...]


def affected_answers(connection: Connection, article_id: str) -> tuple[AffectedAnswer, ...]:
    """The answers that quote an article as it no longer stands, the oldest first; all that quote it if it is gone.

    It reads every answer that was kept: the article's id is looked for in their JSON.
    """
    current = select(versions.c.body).where(versions.c.article_id == article_id, versions.c.current)
    body: str | None = connection.scalar(current)
    notice = corrected(connection, [article_id]).get(article_id)
    taken_back = () if notice is None else notice.taken_back
    rows = select(answers).where(answers.c.answer.contains(json.dumps(article_id, ensure_ascii=False), autoescape=True))
    found = []
    for row in connection.execute(rows.order_by(answers.c.created_at)):
        lost = tuple(
            each["quote"]
            for each in json.loads(row.answer)["citations"]
            if each["article_id"] == article_id
            and (
                body is None
                or body[each["start"] : each["end"]] != each["quote"]
                or any(says(each["quote"], value) for value in taken_back)
            )
        )
        if lost:
            found.append(AffectedAnswer(row.id, row.question, row.created_at, lost))
    return tuple(found)
