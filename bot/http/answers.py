"""Questions in, answers out: as JSON or as a stream that can be left and taken up again."""

import json
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from bot.encoding import answer_json
from bot.http.access import Asker
from bot.http.limits import Limited, see_tokens_left
from bot.http.problems import PROBLEMS, Problem, place
from bot.http.repeating import repeated
from bot.http.schema import AskRequest, FeedbackRequest
from bot.http.service import Ours
from bot.http.shapes import AnswerShape, CancelledShape, FeedbackShape
from bot.http.streams import EVENTS, completed, event_stream, replayed, wants_stream
from bot.running import Running

router = APIRouter(prefix="/v1/answers", tags=["answers"], responses=PROBLEMS)

LINKS = {
    name: {"operationId": name, "parameters": {"answer_id": "$response.body#/answer_id"}}
    for name in ("get_answer", "get_events", "cancel", "post_feedback")
} | {
    name: {"operationId": name, "parameters": {"conversation_id": "$response.body#/conversation_id"}}
    for name in ("get_conversation", "delete_conversation")
}
IdempotencyKey = Annotated[
    str | None,
    Header(
        max_length=200,
        min_length=1,
        description="A request that is sent again under the same key is given the same answer.",
    ),
]


@router.post("", responses={200: {"model": AnswerShape, "content": EVENTS, "links": LINKS}})
async def post_answer(
    body: AskRequest,
    request: Request,
    ours: Ours,
    asker: Asker,
    _: Limited,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Answer a question: the whole answer, or its events with `Accept: text/event-stream`."""
    await see_tokens_left(asker, ours)
    question = body.to_question(asker.id)
    given: Running | str
    if idempotency_key is None:
        given = await ours.desk.start(question)
    else:
        given = await repeated(idempotency_key, body.model_dump_json(), question, ours)
    if wants_stream(request.headers.get("accept", "")):
        return event_stream(given) if isinstance(given, Running) else replayed(json.loads(given))
    if isinstance(given, str):
        return Response(given, media_type="application/json")
    return JSONResponse(answer_json(await completed(given, request)))


@router.get("/{answer_id}", responses={200: {"model": AnswerShape}})
async def get_answer(answer_id: str, ours: Ours, asker: Asker) -> Response:
    """An answer as it was given."""
    saved = await run_in_threadpool(ours.archive.answers.owned, answer_id, asker.id)
    if saved is None:
        raise _unknown(answer_id)
    return Response(saved, media_type="application/json")


@router.get("/{answer_id}/events", responses={200: {"content": EVENTS}, 204: {"description": "No event is left."}})
async def get_events(
    answer_id: str,
    ours: Ours,
    asker: Asker,
    last_event_id: Annotated[int, Header(ge=-1, le=10_000, description="The last event that was seen.")] = -1,
) -> Response:
    """The events of an answer behind `Last-Event-ID`: those that were, then those that come."""
    running = ours.desk.find(answer_id, asker.id)
    if running is not None:
        return event_stream(running, last_event_id)
    saved = await run_in_threadpool(ours.archive.answers.owned, answer_id, asker.id)
    if saved is None:
        raise _unknown(answer_id)
    return replayed(json.loads(saved), last_event_id)


@router.post("/{answer_id}/cancel", status_code=202, responses={202: {"model": CancelledShape}})
async def cancel(answer_id: str, ours: Ours, asker: Asker) -> Response:
    """Break an answer off. Its events end with `answer.cancelled`, unless it was complete before."""
    running = ours.desk.find(answer_id, asker.id)
    was_running = running is not None and not running.ended
    if running is not None:
        running.cancel()
    elif await run_in_threadpool(ours.archive.answers.owned, answer_id, asker.id) is None:
        raise _unknown(answer_id)
    return JSONResponse({"answer_id": answer_id, "was_running": was_running}, 202)


@router.post("/{answer_id}/feedback", responses={200: {"model": FeedbackShape}})
async def post_feedback(answer_id: str, body: FeedbackRequest, ours: Ours, asker: Asker) -> Response:
    """Say what you think of an answer; once more replaces it."""
    answers = ours.archive.answers
    if await run_in_threadpool(answers.owned, answer_id, asker.id) is None:
        raise _unknown(answer_id)
    who = f"key:{asker.id}" if asker.id is not None else "local"
    await run_in_threadpool(answers.rate, answer_id, who, body.rating, body.reason)
    return JSONResponse({"answer_id": answer_id, "rating": body.rating, "reason": body.reason})


def _unknown(answer_id: str) -> Problem:
    detail = f"No answer has the id {answer_id!r}."
    return Problem(404, detail, code="UnknownAnswer", errors=[place("path", "answer_id", detail)])
