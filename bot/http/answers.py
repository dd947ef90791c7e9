"""Questions in, answers out: as JSON or as a stream that can be left and taken up again."""

from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from bot.encoding import answer_json
from bot.events import AnswerCompleted, AnswerFailed
from bot.http.problems import Problem
from bot.http.schema import AskRequest
from bot.http.service import Ours
from bot.http.streams import event_stream, wants_stream
from bot.running import Running

router = APIRouter(prefix="/v1/answers", tags=["answers"])


@router.post("", responses={200: {"content": {"text/event-stream": {}}}})
async def post_answer(body: AskRequest, request: Request, ours: Ours) -> Response:
    """Answer a question: the whole answer, or its events with `Accept: text/event-stream`."""
    running = await ours.desk.start(body.to_question())
    if wants_stream(request.headers.get("accept", "")):
        return event_stream(running)
    return await _whole(running)


@router.get("/{answer_id}")
async def get_answer(answer_id: str, ours: Ours) -> Response:
    """An answer as it was given."""
    saved = await run_in_threadpool(ours.archive.answer, answer_id)
    if saved is None:
        raise Problem(404, f"No answer has the id {answer_id!r}.")
    return Response(saved, media_type="application/json")


@router.get("/{answer_id}/events")
async def get_events(answer_id: str, ours: Ours, last_event_id: Annotated[int, Header(ge=0)] = -1) -> Response:
    """The events of an answer behind `Last-Event-ID`."""
    running = ours.desk.find(answer_id)
    if running is None:
        raise Problem(404, f"No answer has the id {answer_id!r}.")
    return event_stream(running, last_event_id)


@router.post("/{answer_id}/cancel")
async def cancel(answer_id: str, ours: Ours) -> Response:
    """Break an answer off. Its events end with `answer.cancelled`, unless it was complete before."""
    running = ours.desk.find(answer_id)
    if running is None:
        raise Problem(404, f"No answer has the id {answer_id!r}.")
    running.cancel()
    return JSONResponse({"answer_id": answer_id}, 202)


async def _whole(running: Running) -> Response:
    async with aclosing(running.read()) as events:
        async for numbered in events:
            match numbered:
                case (_, AnswerCompleted(answer)):
                    return JSONResponse(answer_json(answer))
                case (_, AnswerFailed(_, code, message)):
                    raise Problem(503, message, code=code)
    raise Problem(409, "The answer was cancelled before it was complete.", code="Cancelled")
