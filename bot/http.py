"""The HTTP surface: questions in, answers out as JSON or as an event stream; errors as problem+json (RFC 9457)."""

import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from bot.answer import Question, check
from bot.encoding import answer_json, article_json, event_json
from bot.engine import Writer, ask
from bot.events import AnswerCompleted, AnswerFailed, Event
from bot.parts import as_query
from index import Archive, BadConfiguration, BadRequest, DatelineError, Evidence, Filter

BODY_LIMIT = 262_144  # bytes; the longest question is a twentieth of it


class Filters(BaseModel):
    """Which articles may be evidence. `from` is inclusive, `to` exclusive."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    publisher: list[str] = Field(default=[], description="Only these publishers.")
    from_: AwareDatetime | None = Field(default=None, alias="from")
    to: AwareDatetime | None = None
    as_of: AwareDatetime | None = Field(default=None, description="Answer as the archive stood then.")


class AskRequest(BaseModel):
    """A question."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(examples=["Who is the mayor of Port Arlen?"])
    conversation_id: str | None = Field(default=None, max_length=40)
    filters: Filters = Filters()
    k: int = Field(default=10, description="How many passages to read.")

    def to_question(self) -> Question:
        """The engine's own value."""
        chosen = Filter(
            _utc(self.filters.from_), _utc(self.filters.to), _utc(self.filters.as_of), tuple(self.filters.publisher)
        )
        return Question(self.question, chosen, self.k, self.conversation_id)


def create_app(archive: Archive, writer: Writer) -> FastAPI:
    """The application over an open archive and a writer; both stay the caller's to close."""
    app = FastAPI(title="Dateline", version="1", max_body_size=BODY_LIMIT, telemetry=None)

    @app.post("/v1/answers", responses={200: {"content": {"text/event-stream": {}}}})
    async def post_answer(body: AskRequest, request: Request) -> Response:
        events = ask(body.to_question(), archive, writer)
        first = await anext(events)  # a question that cannot be asked fails here, while the status can still say so
        if _wants_stream(request.headers.get("accept", "")):
            headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
            return StreamingResponse(_encode(first, events), media_type="text/event-stream", headers=headers)
        async for event in events:
            if isinstance(event, AnswerCompleted):
                return JSONResponse(answer_json(event.answer))
            if isinstance(event, AnswerFailed):
                return problem(503, event.message, code=event.code)
        raise AssertionError("a stream of events always ends with a completed or a failed answer")

    @app.get("/v1/answers/{answer_id}")
    async def get_answer(answer_id: str) -> Response:
        saved = await run_in_threadpool(archive.answer, answer_id)
        if saved is None:
            return problem(404, f"No answer has the id {answer_id!r}.")
        return Response(saved, media_type="application/json")

    @app.post("/v1/search")
    async def search(body: AskRequest) -> Response:
        known = await run_in_threadpool(archive.publishers)
        question = check(body.to_question(), datetime.now(UTC), known)
        found = await run_in_threadpool(archive.search, as_query(question.text, known), question.k, question.filter)
        return JSONResponse({"passages": [_evidence(each) for each in found]})

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> Response:
        now = await run_in_threadpool(archive.status)
        ready = now.waiting_changes == 0
        value = {"status": "ready" if ready else "indexing", "articles": now.holdings.articles, "model": now.model}
        return JSONResponse(value, status_code=200 if ready else 503)

    app.add_exception_handler(DatelineError, _dateline_problem)
    app.add_exception_handler(RequestValidationError, _validation_problem)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(Exception, _internal_problem)
    return app


def serve(archive: Archive, writer: Writer, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; open answers are finished first. `ready` is told the address once it listens.

    Raises BadConfiguration when the address cannot be listened on.
    """
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise BadConfiguration(
            f"Nothing can listen on {host}:{port} ({error.strerror}). Choose another --port."
        ) from error
    with listening:
        ready(f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}")
        config = uvicorn.Config(create_app(archive, writer), log_level="warning", timeout_graceful_shutdown=130)
        uvicorn.Server(config).run(sockets=[listening])


def problem(status: int, detail: str, *, code: str = "", errors: list[dict[str, str]] | None = None) -> Response:
    """An error as problem+json."""
    value: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
    }
    if code:
        value["code"] = code
    if errors:
        value["errors"] = errors
    return JSONResponse(value, status_code=status, media_type="application/problem+json")


_TITLES = {
    400: "Bad request",
    404: "Not found",
    405: "Method not allowed",
    413: "Too large",
    500: "Internal error",
    422: "Invalid",
    503: "Unavailable",
}


def _wants_stream(accept: str) -> bool:
    """Whether an Accept header names the event stream, and does not rule it out with q=0."""
    for each in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in each.split(";"))
        if kind == "text/event-stream":
            return not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", part) for part in parameters)
    return False


async def _encode(first: Event, rest: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    yield _sse(0, first)
    number = 0
    async for event in rest:
        number += 1
        yield _sse(number, event)


def _sse(number: int, event: Event) -> bytes:
    name, data = event_json(event)
    return format_sse_event(data_str=json.dumps(data, ensure_ascii=False), event=name, id=str(number))


def _evidence(found: Evidence) -> dict[str, Any]:
    passage = found.passage
    return {
        **article_json(found.article),
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "score": round(found.score, 4),
        "found_by": list(found.found_by),
    }


async def _dateline_problem(_request: Request, error: Exception) -> Response:
    if isinstance(error, BadRequest):
        where = f"/{error.field}" if error.field in ("question", "k") else f"/filters/{error.field}"
        return problem(422, str(error), code=type(error).__name__, errors=[{"pointer": where, "detail": str(error)}])
    return problem(503, str(error), code=type(error).__name__)


async def _validation_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"pointer": _pointer(each["loc"][1:]) if each["type"] != "json_invalid" else "", "detail": each["msg"]}
        for each in error.errors()
    ]
    return problem(422, "The request does not fit the schema; errors says where.", errors=errors)


def _pointer(parts: Sequence[int | str]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


async def _internal_problem(_request: Request, _error: Exception) -> Response:
    return problem(500, "Dateline failed on this request; its log says how.", code="InternalError")


async def _http_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = problem(error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


def _utc(time: datetime | None) -> datetime | None:
    try:
        return None if time is None else time.astimezone(UTC)
    except OverflowError as error:
        raise BadRequest("from", f"{time.isoformat() if time else ''} lies outside of the calendar.") from error
