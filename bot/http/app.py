"""The application: its routers, its errors, what surrounds every request."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.telemetry import TelemetryConfig
from pydantic.json_schema import models_json_schema
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.engine import Writer
from bot.http import answers, articles, conversations, health, openai_chat, openai_responses, page, searching, session
from bot.http.access import Access, documented
from bot.http.front import Front
from bot.http.problems import add_handlers
from bot.http.service import make_service
from bot.http.shapes import OpenAIErrorShape, ProblemShape
from bot.http.tools import http_app, tool_server
from bot.settings import Settings
from index import Archive

BODY_LIMIT = 262_144  # bytes; the longest question is a twentieth of it
EXPOSED = ("X-Request-ID", "RateLimit", "RateLimit-Policy", "Retry-After")
KEYED = (answers, conversations, articles, searching, session, openai_chat, openai_responses)


def create_app(
    archive: Archive, writer: Writer, settings: Settings, more: Sequence[APIRouter] = (), *, keyless: bool = True
) -> FastAPI:
    """The application over an open archive and a writer; both stay the caller's to close.

    `more` are routers of other surfaces; each may have a body limit and a lifespan of its own, and sees to its own
    access outside of /v1. `keyless` says that the server listens on loopback only, where no key is needed.
    """
    service = make_service(archive, writer, settings)
    tools = tool_server(service)
    tool_routes = http_app(tools).routes

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with tools.session_manager.run():
            yield
            await service.desk.drained()
        if service.spans is not None:
            await run_in_threadpool(service.spans.shutdown)

    telemetry: TelemetryConfig = {"tracing": service.spans is not None, "metrics": False, "logs": False}
    telemetry |= {"tracer_provider": service.spans, "operation_spans": False, "auto_configure": False}
    # The pages that would show the OpenAPI document load their scripts from elsewhere: there are none.
    app = _Application(
        title="Dateline",
        version="1",
        description="Answers questions about news articles and proves every sentence with a verbatim quote.",
        max_body_size=BODY_LIMIT,
        telemetry=telemetry,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.service = service
    for each in KEYED:
        app.include_router(each.router, dependencies=[Depends(documented)])
    for router in (health.router, page.router, *more):
        app.include_router(router)
    app.router.routes.extend(tool_routes)
    add_handlers(app)
    app.add_middleware(Access, keys=archive.keys, keyless=keyless, origins=settings.cors_origins)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"],
            expose_headers=EXPOSED,
        )
    return app


class _Application(FastAPI):
    """FastAPI with our own layer around all of its own, its error pages included."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, with the shapes of errors that every route refers to."""
        document = super().openapi()
        _, shapes = models_json_schema(
            [(ProblemShape, "serialization"), (OpenAIErrorShape, "serialization")],
            ref_template="#/components/schemas/{model}",
        )
        document["components"]["schemas"] |= shapes["$defs"]
        return document

    def build_middleware_stack(self) -> ASGIApp:
        inner = super().build_middleware_stack()
        front: Front = self.state.service.front

        async def outermost(scope: Scope, receive: Receive, send: Send) -> None:
            await front.serve(inner, scope, receive, send)

        return outermost
