"""Errors as problem+json (RFC 9457), each with the request's id and, where one is at fault, the place in the input."""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from bot.http.schema import AskRequest
from bot.running import TooBusy, TooManyOfOne
from index import BadArticle, BadRequest, DatelineError, UnknownArticle

# What the OpenAPI document says of them.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Any error.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemShape"}}},
    }
}
OPENAI_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Any error.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAIErrorShape"}}},
    }
}
OPENAI_PATHS = ("/v1/chat/", "/v1/models", "/v1/responses")
_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
RETRY_S = 5  # seconds after which a busy server is worth another try

_FIELD = re.compile(r"\bfields? '?(\w+)")  # how the archive names what is wrong with an article
_log = logging.getLogger(__name__)

_TITLES = {
    400: "Bad request",
    401: "No valid key",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    413: "Too large",
    415: "Wrong content type",
    422: "Invalid",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}


class Problem(HTTPException):
    """An error as a route reports it. `errors` have `in` (body, query, path, header), `pointer` and `detail`."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str = "",
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.code = code or _TITLES.get(status, "Error").title().replace(" ", "")
        self.errors = list(errors)


def respond(scope: Mapping[str, Any], problem: Problem) -> Response:
    """The response that reports a problem, to OpenAI's clients as they expect it."""
    if scope["path"].startswith(OPENAI_PATHS):
        status = 400 if problem.status_code == 422 else problem.status_code
        return JSONResponse(openai_error(problem), status, problem.headers)
    value: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES.get(problem.status_code, "Error"),
        "status": problem.status_code,
        "detail": problem.detail,
        "instance": scope["path"],
        "code": problem.code,
        "request_id": scope.get("state", {}).get("request_id", ""),
    }
    if problem.errors:
        value["errors"] = problem.errors
    return JSONResponse(value, problem.status_code, problem.headers, media_type="application/problem+json")


def openai_error(problem: Problem) -> dict[str, Any]:
    """A problem as OpenAI words errors."""
    usual = "server_error" if problem.status_code >= 500 else "invalid_request_error"
    kind = _OPENAI_TYPES.get(problem.status_code, usual)
    pointer = problem.errors[0]["pointer"] if problem.errors else ""
    told = problem.errors[0]["detail"] if problem.errors else problem.detail
    param = pointer.lstrip("/").replace("/", ".") or None
    return {"error": {"message": told, "type": kind, "param": param, "code": problem.code}}


def add_handlers(app: FastAPI) -> None:
    """Make every error of an application a problem."""

    async def handle(request: Request, error: Exception) -> Response:
        if isinstance(error, RequestValidationError) and _is_no_json(request.headers.get("content-type", "")):
            return respond(request.scope, _WRONG_TYPE)
        return respond(request.scope, as_problem(error))

    for kind in (DatelineError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, handle)


def as_problem(error: Exception) -> Problem:
    """An error in the words of its reader. What was not foreseen says nothing of its cause."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            return Problem(error.status_code, str(error.detail), headers=error.headers)
        case DatelineError():
            return _dateline_problem(error)
    return Problem(500, "Dateline failed on this request; its log says how.", code="InternalError")


def _dateline_problem(error: DatelineError) -> Problem:
    text, code = str(error), type(error).__name__
    match error:
        case UnknownArticle():
            return Problem(404, text, code=code, errors=[place("path", "article_id", text)])
        case BadRequest(field=field):
            where = field if field in AskRequest.model_fields else f"filters/{field}"
            return Problem(422, text, code=code, errors=[place("body", where, text)])
        case BadArticle(reason=reason):
            named = _FIELD.search(reason)
            return Problem(422, reason, code=code, errors=[place("body", named[1] if named else "", reason)])
        case TooManyOfOne():
            return Problem(429, text, code="TooManyRequests", headers={"Retry-After": str(RETRY_S)})
        case TooBusy():
            return Problem(503, text, code=code, headers={"Retry-After": str(RETRY_S)})
    return Problem(503, text, code=code)


def _invalid(error: RequestValidationError) -> Problem:
    errors = []
    for each in error.errors():
        malformed = each["type"] == "json_invalid"
        where, *rest = each["loc"]
        detail = f"It is not JSON: {each['ctx']['error']} at character {each['loc'][1]}." if malformed else each["msg"]
        errors.append(place(str(where), "" if malformed else "/".join(_escape(part) for part in rest), detail))
    return Problem(422, "The request does not fit the schema; errors says where.", errors=errors)


def place(where: str, path: str, detail: str) -> dict[str, str]:
    """Where in the body, query, path or header an error lies.

    `path` is a JSON pointer (RFC 6901) without its first slash; empty for the whole.
    """
    return {"in": where, "pointer": f"/{path}" if path else "", "detail": detail}


def _is_no_json(kind: str) -> bool:
    """Whether a body was sent as something else than JSON; FastAPI then validates its bytes."""
    name = kind.partition(";")[0].strip().lower()
    return bool(name) and name != "application/json" and not name.endswith("+json")


_WRONG_TYPE = Problem(
    415,
    "The body must be JSON, sent as application/json.",
    errors=[place("header", "content-type", "It must be application/json.")],
)


def _escape(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
