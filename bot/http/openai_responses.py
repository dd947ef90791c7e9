"""The Responses API for OpenAI clients: `POST /v1/responses`, and `GET` and `DELETE /v1/responses/{id}`."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from itertools import count
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from bot.answer import Question
from bot.encoding import answer_json
from bot.events import AnswerCompleted, SentenceProven
from bot.http.access import Asker, Caller
from bot.http.limits import Limited, see_tokens_left
from bot.http.openai_shared import CREATED, LARGEST, MODEL, Compatible, Message, annotations, read_question
from bot.http.problems import OPENAI_PROBLEMS, Problem, openai_error, place
from bot.http.service import Ours, Service
from bot.http.streams import EVENTS, NOT_BUFFERED, begun, completed, whole
from bot.running import Running

router = APIRouter(prefix="/v1/responses", tags=["OpenAI"], responses=OPENAI_PROBLEMS, max_body_size=LARGEST)

LINKS = {
    name: {"operationId": name, "parameters": {"response_id": "$response.body#/id"}}
    for name in ("get_response", "delete_response")
}


class Item(Message):
    """An item of the input; only messages are read."""

    type: str = "message"
    role: Literal["system", "developer", "user", "assistant", "tool", "function"] = "assistant"


class ResponsesRequest(Compatible):
    """A question, or a conversation whose last user message is answered. Instructions and tools are not used."""

    input: str | list[Item] = Field(min_length=1)
    previous_response_id: str | None = None
    store: bool | None = True

    def to_question(self, owner: str | None) -> Question:
        """The engine's own value."""
        items = [Item(role="user", content=self.input)] if isinstance(self.input, str) else self.input
        question = read_question([each for each in items if each.type == "message"], "input", self, owner)
        return replace(question, kept=self.store is not False)


@router.post("", responses={200: {"content": EVENTS, "links": LINKS}})
async def post_response(body: ResponsesRequest, request: Request, ours: Ours, asker: Asker, _: Limited) -> Response:
    """Answer, with annotations. `previous_response_id` goes on with a conversation; `store: false` keeps nothing."""
    body.see_that_it_is_ours()
    await see_tokens_left(asker, ours)
    question = body.to_question(asker.id)
    if body.previous_response_id is not None:
        conversation = await _conversation(body.previous_response_id, ours, asker)
        question = replace(question, conversation_id=conversation, earlier=())
    running = await ours.desk.start(question)
    if body.stream:
        await begun(running)
        events = _events(running, request, body.previous_response_id)
        return StreamingResponse(events, media_type="text/event-stream", headers=NOT_BUFFERED)
    answer = answer_json(await completed(running, request, grace=0))
    return JSONResponse(_response(answer, request, body.previous_response_id))


@router.get("/{response_id}")
async def get_response(response_id: str, request: Request, ours: Ours, asker: Asker) -> Response:
    """A response that was given before."""
    return JSONResponse(_response(await _saved(response_id, ours, asker), request, None))


@router.delete("/{response_id}")
async def delete_response(response_id: str, ours: Ours, asker: Asker) -> Response:
    """Forget a response."""
    answer = await _saved(response_id, ours, asker)
    await run_in_threadpool(ours.archive.answers.delete, answer["answer_id"], asker.id)
    return JSONResponse({"id": response_id, "object": "response", "deleted": True})


async def _events(running: Running, request: Request, before: str | None) -> AsyncGenerator[bytes]:
    """The answer as the events of the Responses API, in its order."""
    numbers = count()

    def event(kind: str, **data: Any) -> bytes:
        value = {"type": kind, "sequence_number": next(numbers), **data}
        return format_sse_event(data_str=json.dumps(value, ensure_ascii=False), event=kind)

    item_id, place_ = _item_id(running.answer_id), {"output_index": 0, "content_index": 0}
    empty = _frame(running.answer_id, "in_progress", [], before)
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    item = {"id": item_id, "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    yield event("response.created", response=empty)
    yield event("response.in_progress", response=empty)
    yield event("response.output_item.added", output_index=0, item=item)
    yield event("response.content_part.added", item_id=item_id, **place_, part=part)
    async with aclosing(running.read(grace=0)) as events:
        async for numbered in events:
            match numbered:
                case None:
                    yield KEEPALIVE_COMMENT
                case (_, SentenceProven() as proven):
                    delta = {"delta": proven.delta, "logprobs": []}
                    yield event("response.output_text.delta", item_id=item_id, **place_, **delta)
    last = running.events[-1]
    if not isinstance(last, AnswerCompleted):
        yield event("response.failed", response={**empty, "status": "failed", "error": _failure(running)})
        return
    response = _response(answer_json(last.answer), request, before)
    (item,) = response["output"]
    (part,) = item["content"]
    for number, annotation in enumerate(part["annotations"]):
        told = {"annotation_index": number, "annotation": annotation}
        yield event("response.output_text.annotation.added", item_id=item_id, **place_, **told)
    yield event("response.output_text.done", item_id=item_id, **place_, text=part["text"], logprobs=[])
    yield event("response.content_part.done", item_id=item_id, **place_, part=part)
    yield event("response.output_item.done", output_index=0, item=item)
    yield event("response.completed", response=response)


def _failure(running: Running) -> dict[str, Any]:
    try:
        whole(running.events[-1])
    except Problem as problem:
        error = openai_error(problem)["error"]
        return {"code": "server_error", "message": error["message"]}
    raise AssertionError("a complete answer has not failed")


def _response(answer: dict[str, Any], request: Request, before: str | None) -> dict[str, Any]:
    links = [{"type": "url_citation", **each} for each in annotations(answer, request)]
    part = {"type": "output_text", "text": answer["text"], "annotations": links, "logprobs": []}
    item = {
        "id": _item_id(answer["answer_id"]),
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    sent, written = answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]
    usage = {
        "input_tokens": sent,
        "input_tokens_details": {
            "cached_tokens": answer["usage"].get("cached_tokens", 0),
            "cache_write_tokens": answer["usage"].get("stored_tokens", 0),
        },
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": sent + written,
    }
    return {**_frame(answer["answer_id"], "completed", [item], before), "usage": usage, "dateline": answer}


def _frame(answer_id: str, status: str, output: list[dict[str, Any]], before: str | None) -> dict[str, Any]:
    """What every response has, of whatever status."""
    return {
        "id": answer_id.replace("ans_", "resp_", 1),
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "model": MODEL,
        "output": output,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": False,
        "previous_response_id": before,
        "temperature": None,
        "tool_choice": "none",
        "tools": [],
        "top_p": None,
        "usage": None,
    }


def _item_id(answer_id: str) -> str:
    return answer_id.replace("ans_", "msg_", 1)


async def _saved(response_id: str, ours: Service, asker: Caller) -> dict[str, Any]:
    """The answer of a response, if it is this caller's. Raises Problem."""
    answer_id = response_id.replace("resp_", "ans_", 1)
    saved = await run_in_threadpool(ours.archive.answers.owned, answer_id, asker.id)
    if saved is None:
        detail = f"No response has the id {response_id!r}."
        raise Problem(404, detail, code="not_found", errors=[place("path", "response_id", detail)])
    answer: dict[str, Any] = json.loads(saved)
    return answer


async def _conversation(response_id: str, ours: Service, asker: Caller) -> str:
    try:
        return str((await _saved(response_id, ours, asker))["conversation_id"])
    except Problem as problem:
        place_ = [place("body", "previous_response_id", str(problem.detail))]
        raise Problem(422, str(problem.detail), code="previous_response_not_found", errors=place_) from None
