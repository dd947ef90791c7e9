"""Cases to be completed by a person: a question that was typed, or an answer that went wrong."""

import json
import uuid
from pathlib import Path
from typing import Any

from index import BadConfiguration

TO_DO = "to be completed: set refuse; unless it is to be refused, expected and articles; then take out incomplete"


def asked(question: str) -> dict[str, Any]:
    """A case of a question, as people write cases, with nothing said about what is right."""
    return {
        "id": f"added-{uuid.uuid4().hex[:8]}",
        "kind": "added",
        "incomplete": True,
        "question": question,
        "refuse": None,
        "expected": [],
        "articles": [],
        "note": TO_DO,
    }


def of_answer(answer_json: str) -> dict[str, Any]:
    """A case of an answer that was given, the JSON of the public contract. What it said and quoted stands beside."""
    answer = json.loads(answer_json)
    said = {
        "answer_id": answer["answer_id"],
        "as_of": answer["as_of"],
        "status": answer["status"],
        "text": answer["text"],
        "quotes": [{"title": each["title"], "quote": each["quote"]} for each in answer["citations"]],
    }
    return {**asked(answer["standalone_question"]), "answered": said}


def add_case(cases: Path, case: dict[str, Any]) -> None:
    """Add a case to a suite's cases.jsonl. Raises BadConfiguration when it cannot be written."""
    try:
        with cases.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(case, ensure_ascii=False) + "\n")
    except OSError as error:
        raise BadConfiguration(f"{cases} cannot be written: {error.strerror}.") from error
