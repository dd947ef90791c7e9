"""The application: its routers, its errors, what surrounds every request."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from bot.engine import Writer
from bot.http import answers, health, page, searching
from bot.http.problems import add_handlers
from bot.http.service import Service
from bot.running import Desk
from bot.settings import Settings
from index import Archive

BODY_LIMIT = 262_144  # bytes; the longest question is a twentieth of it


def create_app(archive: Archive, writer: Writer, settings: Settings, more: Sequence[APIRouter] = ()) -> FastAPI:
    """The application over an open archive and a writer; both stay the caller's to close.

    `more` are routers of other surfaces; each may have a body limit and a lifespan of its own.
    """
    desk = Desk(archive, writer, settings.answers_at_once)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await desk.drained()

    app = FastAPI(title="Dateline", version="1", max_body_size=BODY_LIMIT, telemetry=None, lifespan=lifespan)
    app.state.service = Service(archive, writer, desk, settings)
    for router in (answers.router, searching.router, health.router, page.router, *more):
        app.include_router(router)
    add_handlers(app)
    return app
