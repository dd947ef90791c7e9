"""Slack's door in the server: `POST /slack/events` for everything it sends, and the OAuth pages where they are used."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_sdk.signature import SignatureVerifier

from bot.slack.inbox import Inbox

BODY_LIMIT = 1_048_576  # bytes; a message with all its blocks, encoded as a form

log = logging.getLogger(__name__)


def create_router(bolt: AsyncApp, inbox: Inbox, signing_secret: str, oauth: AsyncOAuthFlow | None) -> APIRouter:
    """The routes; the questions taken on are worked through while the server lives, and finished before it ends."""
    verifier = SignatureVerifier(signing_secret)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await inbox.open()
        yield
        await inbox.close()

    router = APIRouter(lifespan=lifespan, include_in_schema=False)

    @router.post("/slack/events", max_body_size=BODY_LIMIT)
    async def events(request: Request) -> Response:
        body = await request.body()
        if not _is_text(body):
            return PlainTextResponse("The body is no UTF-8.", 400)
        if not _is_signed(verifier, body, request):
            return PlainTextResponse("This request is not signed by Slack.", 401)
        try:
            asked = to_async_bolt_request(request, body)
        except (ValueError, TypeError, AttributeError):  # Bolt takes it for granted that Slack sends JSON objects
            return PlainTextResponse("The body has no shape that Slack sends.", 400)
        response = to_starlette_response(await bolt.async_dispatch(asked))
        # What nobody listens to is acknowledged: Slack would repeat it.
        return Response() if response.status_code == 404 else response

    if oauth is not None:
        _add_oauth(router, oauth)
    return router


def _add_oauth(router: APIRouter, oauth: AsyncOAuthFlow) -> None:
    @router.get("/slack/install")
    async def install(request: Request) -> Response:
        return to_starlette_response(await oauth.handle_installation(to_async_bolt_request(request, b"")))

    @router.get("/slack/oauth_redirect")
    async def redirected(request: Request) -> Response:
        return to_starlette_response(await oauth.handle_callback(to_async_bolt_request(request, b"")))


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_signed(verifier: SignatureVerifier, body: bytes, request: Request) -> bool:
    """Whether Slack signed these bytes within the last five minutes."""
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 20 and signature.isascii()):
        return False
    return verifier.is_valid(body, timestamp, signature)
