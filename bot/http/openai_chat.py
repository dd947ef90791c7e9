"""Chat completions for OpenAI clients: `GET /v1/models`, `POST /v1/chat/completions`."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel, Field

from bot.encoding import answer_json
from bot.events import AnswerCompleted, SentenceProven
from bot.http.access import Asker
from bot.http.limits import Limited, see_tokens_left
from bot.http.openai_shared import (
    CREATED,
    LARGEST,
    MODEL,
    Compatible,
    Message,
    annotations,
    read_question,
    unknown_model,
)
from bot.http.problems import OPENAI_PROBLEMS, Problem, openai_error, place
from bot.http.service import Ours
from bot.http.streams import EVENTS, NOT_BUFFERED, begun, completed, whole
from bot.running import Running

router = APIRouter(prefix="/v1", tags=["OpenAI"], responses=OPENAI_PROBLEMS, max_body_size=LARGEST)


class StreamOptions(BaseModel):
    """What a stream tells besides the text."""

    include_usage: bool = False


class ChatRequest(Compatible):
    """A conversation; its last user message is answered. Sampling parameters and tools are not used."""

    messages: list[Message] = Field(min_length=1, max_length=1000)
    stream_options: StreamOptions | None = None
    n: int | None = 1
    response_format: dict[str, Any] | None = None

    def see_that_it_can_be_done(self) -> None:
        """Raises Problem for what an answer from the archive cannot be."""
        self.see_that_it_is_ours()
        if self.n not in (None, 1):
            detail = "There is one answer: n must be 1."
            raise Problem(422, detail, errors=[place("body", "n", detail)])
        if self.response_format is not None and self.response_format.get("type") != "text":
            detail = "Answers are text: response_format must be text."
            raise Problem(422, detail, errors=[place("body", "response_format", detail)])


@router.get("/models")
async def list_models(_: Asker) -> dict[str, Any]:
    """The one model there is."""
    return {"object": "list", "data": [_model()]}


@router.get("/models/{model:path}")
async def get_model(model: str, _: Asker) -> dict[str, Any]:
    """The model by its name."""
    if model != MODEL:
        raise unknown_model(model)
    return _model()


@router.post("/chat/completions", responses={200: {"content": EVENTS}})
async def post_completion(body: ChatRequest, request: Request, ours: Ours, asker: Asker, _: Limited) -> Response:
    """Answer the last message. Citations are annotations; `dateline` in the reply is the answer of the native API."""
    body.see_that_it_can_be_done()
    await see_tokens_left(asker, ours)
    running = await ours.desk.start(read_question(body.messages, "messages", body, asker.id))
    head = {"id": f"chatcmpl-{running.answer_id}", "created": CREATED, "model": MODEL}
    if body.stream:
        await begun(running)
        chunks = _chunks(running, head, request, body.stream_options is not None and body.stream_options.include_usage)
        return StreamingResponse(chunks, media_type="text/event-stream", headers=NOT_BUFFERED)
    answer = answer_json(await completed(running, request, grace=0))
    message = {
        "role": "assistant",
        "content": answer["text"],
        "refusal": None,
        "annotations": _annotations(answer, request),
    }
    choice = {"index": 0, "finish_reason": "stop", "logprobs": None, "message": message}
    return JSONResponse(
        {**head, "object": "chat.completion", "choices": [choice], "usage": usage(answer), "dateline": answer}
    )


async def _chunks(running: Running, head: dict[str, Any], request: Request, tells_usage: bool) -> AsyncGenerator[bytes]:
    """The answer in chunks: the role, the sentences, the annotations, the end, the usage if asked for."""

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        none = {"usage": None} if tells_usage else {}
        return _data({**head, "object": "chat.completion.chunk", "choices": [choice], **none, **more})

    yield chunk({"role": "assistant", "content": ""})
    async with aclosing(running.read(grace=0)) as events:
        async for numbered in events:
            match numbered:
                case None:
                    yield KEEPALIVE_COMMENT
                case (_, SentenceProven() as proven):
                    yield chunk({"content": proven.delta})
    last = running.events[-1]
    if not isinstance(last, AnswerCompleted):
        try:
            whole(last)
        except Problem as problem:
            yield _data(openai_error(problem))
        return
    answer = answer_json(last.answer)
    yield chunk({"annotations": _annotations(answer, request)})
    yield chunk({}, "stop", dateline=answer)
    if tells_usage:
        yield _data({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage(answer)})
    yield format_sse_event(data_str="[DONE]")


def usage(answer: dict[str, Any]) -> dict[str, Any]:
    """The tokens as chat completions have them; none without an LLM."""
    sent, written = answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]
    return {"prompt_tokens": sent, "completion_tokens": written, "total_tokens": sent + written}


def _annotations(answer: dict[str, Any], request: Request) -> list[dict[str, Any]]:
    return [{"type": "url_citation", "url_citation": each} for each in annotations(answer, request)]


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": CREATED, "owned_by": "dateline"}


def _data(value: dict[str, Any]) -> bytes:
    return format_sse_event(data_str=json.dumps(value, ensure_ascii=False))
