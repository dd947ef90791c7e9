"""Cases to be completed by a person: a question that was typed, or an answer that went wrong."""

import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index import BadConfiguration, Rating

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


def of_answer(answer_json: str, ratings: Sequence[Rating] = ()) -> dict[str, Any]:
    """A case of an answer that was given, the JSON of the public contract, and what was thought of it.

    What it said and quoted stands beside.
    """
    answer = json.loads(answer_json)
    said = {
        "answer_id": answer["answer_id"],
        "as_of": answer["as_of"],
        "status": answer["status"],
        "text": answer["text"],
        "quotes": [{"title": each["title"], "quote": each["quote"]} for each in answer["citations"]],
    }
    if ratings:
        said["ratings"] = [{"rating": each.rating, "reason": each.reason} for each in ratings]
    return {**asked(answer["standalone_question"]), "answered": said}


def without_known(cases: Path, added: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the cases of answers whose answer is not in a suite's cases.jsonl yet."""
    text = cases.read_text("utf-8") if cases.exists() else ""
    return [each for each in added if f'"{each["answered"]["answer_id"]}"' not in text]


def add_case(cases: Path, case: dict[str, Any]) -> None:
    """Add a case to a suite's cases.jsonl. Raises BadConfiguration when it cannot be written."""
    try:
        with cases.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(case, ensure_ascii=False) + "\n")
    except OSError as error:
        raise BadConfiguration(f"{cases} cannot be written: {error.strerror}.") from error
