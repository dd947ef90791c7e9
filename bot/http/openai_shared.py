"""What the doors for OpenAI clients have in common: whom they ask, how a question is read, how a citation is shown.

Their errors are in `bot.http.problems`: what OpenAI's clients expect.
"""

from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import quote

from fastapi import Request
from pydantic import BaseModel, ConfigDict

from bot.answer import DEFAULT_PASSAGES, LONGEST_QUESTION, Question, is_text
from bot.http.problems import Problem, place
from bot.http.schema import Filters

MODEL = "dateline"
CREATED = 1_767_225_600  # the model list must name a time: 1 January 2026
LARGEST = 2_000_000  # bytes of a request; clients send the whole conversation each time
COMMON: dict[str, Any] = {"extra": "allow"}  # parameters that mean nothing here are not refused


class Part(BaseModel):
    """A piece of a message; only text is read."""

    model_config = ConfigDict(extra="allow")

    type: str
    text: str | None = None


class Message(BaseModel):
    """A turn of the conversation."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None


class Compatible(BaseModel):
    """What every request has. `filters` and `k` are ours: the client's `extra_body`."""

    model_config = ConfigDict(extra="allow")

    model: str
    stream: bool | None = False
    filters: Filters = Filters()
    k: int = DEFAULT_PASSAGES

    def see_that_it_is_ours(self) -> None:
        """Raises Problem for another model's name."""
        if self.model != MODEL:
            raise unknown_model(self.model)


def unknown_model(model: str) -> Problem:
    """The error for a model that is not ours."""
    detail = f"The model {model!r} does not exist here; use {MODEL!r}."
    return Problem(404, detail, code="model_not_found", errors=[place("body", "model", detail)])


def read_question(messages: Sequence[Message], field: str, asked: Compatible, owner: str | None) -> Question:
    """The last thing the user said, with what they asked before. Raises Problem when they said nothing."""
    said = [_text(each, f"{field}/{number}") for number, each in enumerate(messages) if each.role == "user"]
    if not said:
        detail = "There is no message of the user's to answer."
        raise Problem(422, detail, code="NoQuestion", errors=[place("body", field, detail)])
    *before, last = said
    earlier = tuple(text for text in before if text.strip() and len(text) <= LONGEST_QUESTION and is_text(text))
    return Question(last, asked.filters.to_filter(), asked.k, earlier=earlier, owner=owner)


def annotations(answer: dict[str, Any], request: Request) -> list[dict[str, Any]]:
    """A link for each cited article, at its first marker: the Python slice `text[start_index:end_index]` is `[1]`."""
    places = _marker_places(answer)
    found: dict[str, dict[str, Any]] = {}
    for citation in answer["citations"]:
        # An article without a URL of its own is read here.
        own = f"{request.base_url}v1/articles/{quote(citation['article_id'], safe='')}"
        start, end = places[citation["index"]]
        link = {
            "start_index": start,
            "end_index": end,
            "title": citation["title"],
            "url": citation["highlight_url"] or citation["url"] or own,
            "quote": citation["quote"],
            "publisher": citation["publisher"],
            "published_at": citation["published_at"],
        }
        found.setdefault(citation["article_id"], link)
    return list(found.values())


def _text(message: Message, path: str) -> str:
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    for number, part in enumerate(message.content):
        if part.type not in ("text", "input_text"):
            detail = f"Dateline reads text, not {part.type!r}."
            raise Problem(422, detail, code="NotText", errors=[place("body", f"{path}/content/{number}", detail)])
    return "\n".join(part.text or "" for part in message.content)


def _marker_places(answer: dict[str, Any]) -> dict[int, tuple[int, int]]:
    """Where each citation's number first stands in the answer's text."""
    places: dict[int, tuple[int, int]] = {}
    at = 0
    for sentence in answer["sentences"]:
        at += len(sentence["text"])
        for number in sentence["citations"]:
            end = at + len(f" [{number}]")
            places.setdefault(number, (at + 1, end))
            at = end
        at += 1
    return places
