"""What surrounds every request, whatever becomes of it: its id, its log line, security headers, an end to its body."""

import asyncio
import logging
import re
import time
import uuid
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.http.metrics import Metrics
from bot.http.problems import Problem, place, respond

BODY_S = 20.0  # a body that has not arrived by then is not waited for
LAST_BODY_S = 1.0  # what a piece of it is waited for while the server ends
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

_REQUEST_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)
_log = logging.getLogger("dateline.http")


class Front:
    """The outermost layer of the application. It knows whether the server has begun, and is about to end."""

    def __init__(self, metrics: Metrics) -> None:
        self.caught_up = False
        self.draining = False
        self._metrics = metrics
        self._bodies: set[asyncio.Timeout] = set()

    def drain(self) -> None:
        """The server is about to end: requests that have not arrived whole are not waited for."""
        self.draining = True
        for body in self._bodies:
            if not body.expired():  # else its time is just up
                body.reschedule(asyncio.get_running_loop().time())

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """One request through the application."""
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        request = _Request(scope, send)
        try:
            await app(scope, self._bounded(receive), request.send)
        finally:
            request.end(self._metrics)

    def _bounded(self, receive: Receive) -> Receive:
        clock = asyncio.get_running_loop().time
        deadline = clock() + BODY_S
        whole = False

        async def bounded() -> Message:
            nonlocal whole
            if whole:  # what is still to come is the client's going away
                return await receive()
            limit = min(deadline, clock() + LAST_BODY_S) if self.draining else deadline
            try:
                async with asyncio.timeout_at(limit) as timeout:
                    self._bodies.add(timeout)
                    try:
                        message = await receive()
                    finally:
                        self._bodies.discard(timeout)
            except TimeoutError:
                raise Problem(
                    408, "The request's body did not arrive in time.", headers={"Connection": "close"}
                ) from None
            whole = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        return bounded


class _Request:
    """One request on its way: its id, and what is sent for it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        self._id = given if _REQUEST_ID.fullmatch(given) else f"req_{uuid.uuid4().hex[:24]}"
        self._scope = scope
        self._send = send
        self._state: MutableMapping[str, Any] = scope.setdefault("state", {})
        self._state["request_id"] = self._id
        self._status = 0
        self._replaced = False
        self._started = time.perf_counter()

    async def send(self, message: Message) -> None:
        """Pass on what the application sends, with our headers."""
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self._id
            headers.update(self._state.get("headers", {}))
            for name, value in SECURITY.items():
                headers.setdefault(name, value)
            if self._scope["path"].startswith("/v1/"):
                headers.setdefault("Cache-Control", "no-store")
            if self._status == 413 and headers.get("content-type", "").startswith("text/plain"):
                # FastAPI's limit on bodies answers by itself, in plain text
                self._replaced = True
                sent = {"Connection": "close", "X-Request-ID": self._id, **SECURITY}
                detail = "The request's body is too large."
                problem = Problem(413, detail, errors=[place("body", "", detail)], headers=sent)
                await respond(self._scope, problem)(self._scope, _nothing, self._send)
                return
        await self._send(message)

    def end(self, metrics: Metrics) -> None:
        """Count the request, and log a line that says what was asked by whom, and nothing of its content."""
        route = getattr(self._scope.get("route"), "path", "none")
        metrics.requested(self._scope["method"], route, self._status)
        caller = self._state.get("caller")
        _log.info(
            "%s %s %d",
            self._scope["method"],
            self._scope["raw_path"].decode("latin-1"),  # as it was sent: it can hold no line break
            self._status,
            extra={
                "request_id": self._id,
                "key": caller.id if caller is not None else None,
                "ms": round((time.perf_counter() - self._started) * 1000, 1),
            },
        )


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
