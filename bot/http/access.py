"""Who makes a request, and whether they may: API keys with scopes; without a key on loopback only."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.http.problems import Problem, respond
from index import SCOPES, BadConfiguration, Keys, is_loopback

_log = logging.getLogger(__name__)

COOKIE = "dateline_key"  # the page's: HttpOnly, so that no script can read it
GUARDED = ("/v1/", "/mcp", "/metrics")
SAFE = ("GET", "HEAD", "OPTIONS")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

documented = HTTPBearer(auto_error=False, description="A key of `dateline keys create`; none is needed on loopback.")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request: the id of a key, None for whoever needs none; and what they may do."""

    id: str | None
    scopes: tuple[str, ...]


class Access:
    """Finds out who makes a request, before anything else looks at it.

    `keyless` says that the server listens on loopback only: then no key is needed as long as none was minted. Those
    requests must name a loopback host, or any site in the user's browser could make them (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, keys: Keys, keyless: bool, origins: tuple[str, ...]) -> None:
        self._app = app
        self._keys = keys
        self._keyless = keyless
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["path"].startswith(GUARDED):
            try:
                headers = Headers(scope=scope)
                self._refuse_other_sites(scope["method"], headers)
                scope.setdefault("state", {})["caller"] = await self._caller(headers)
            except Problem as problem:
                await respond(scope, problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _caller(self, headers: Headers) -> Caller:
        token = sent_token(headers)
        if token is not None and (key := await run_in_threadpool(self._keys.find, token)) is not None:
            return Caller(key.id, key.scopes)
        if not self._keyless or await run_in_threadpool(self._keys.any_minted):
            wanted = "A key is needed: send it as `Authorization: Bearer …`."
            raise _unauthorized(wanted if token is None else "This key is unknown, revoked or expired.")
        # Clients that insist on a key send any: where none is needed, it does not matter.
        if _hostname(headers.get("host", "")) not in LOOPBACK_NAMES:
            raise Problem(403, "Without a key, Dateline is asked at localhost or 127.0.0.1 only.", code="WrongHost")
        return Caller(None, SCOPES)

    def _refuse_other_sites(self, method: str, headers: Headers) -> None:
        origin = headers.get("origin")
        if origin is None or method in SAFE or origin in self._origins:
            return
        if urlsplit(origin).netloc != headers.get("host"):
            raise Problem(
                403, f"Requests from {origin} are not allowed: see DATELINE_CORS_ORIGINS.", code="WrongOrigin"
            )


def keyless(host: str, keys: Keys) -> bool:
    """Whether a server on this address may answer without a key; the log says so.

    Raises BadConfiguration when others can reach it and no key was ever minted.
    """
    if is_loopback(f"//[{host}]" if ":" in host else f"//{host}"):
        if not keys.any_minted():
            _log.warning("no key is asked for: %s is reached from this machine only", host)
        return True
    if not keys.any_minted():
        raise BadConfiguration(
            f"Others can reach {host}, so every request needs a key: mint one with `dateline keys create NAME`, "
            "or listen on 127.0.0.1."
        )
    return False


def caller(request: Request) -> Caller:
    """Who makes this request, as `Access` has found out."""
    found: Caller = request.state.caller
    return found


def may(scope: str) -> Callable[[Request], Caller]:
    """A dependency that refuses callers whose key lacks a scope."""

    def allowed(request: Request) -> Caller:
        return see_scope(caller(request), scope)

    return allowed


def see_scope(found: Caller, scope: str) -> Caller:
    """The caller, if they may do this. Raises Problem."""
    if scope not in found.scopes:
        raise Problem(403, f"This key may not do that: it lacks the scope {scope!r}.", code="WrongScope")
    return found


Asker = Annotated[Caller, Depends(may("ask"))]
Searcher = Annotated[Caller, Depends(may("search"))]
Author = Annotated[Caller, Depends(may("write"))]
Observer = Annotated[Caller, Depends(may("metrics"))]


def sent_token(headers: Headers) -> str | None:
    """The key a request was sent with: in its Authorization, else in the page's cookie."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind:
        return token.strip() if kind.lower() == "bearer" else ""  # another scheme is no key
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return cookie.value if cookie is not None else None


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _unauthorized(detail: str) -> Problem:
    return Problem(401, detail, code="NoValidKey", headers={"WWW-Authenticate": 'Bearer realm="dateline"'})
