"""What a supervisor and a load balancer ask."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from bot.http.access import Observer
from bot.http.problems import PROBLEMS
from bot.http.service import Ours

METRICS_TEXT = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Whether the process lives."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(ours: Ours) -> Response:
    """Whether questions can be answered now: 503 until the indexes have caught up once, and when the server ends.

    What is ingested later does not make a server unready: it answers from what was there before.
    """
    now = await run_in_threadpool(ours.archive.status)
    ours.front.caught_up = ours.front.caught_up or not now.waiting_changes
    state = "draining" if ours.front.draining else "ready" if ours.front.caught_up else "indexing"
    value = {"status": state, "articles": now.holdings.articles, "model": now.model}
    return JSONResponse(value, status_code=200 if state == "ready" else 503)


@router.get("/metrics", responses={200: {"content": {METRICS_TEXT: {"schema": {"type": "string"}}}}, **PROBLEMS})
async def metrics(ours: Ours, _: Observer) -> Response:
    """What this process has done, for Prometheus."""
    return Response(ours.metrics.text(), media_type=METRICS_TEXT)
