"""What a supervisor and a load balancer ask."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from bot.http.service import Ours

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Whether the process lives."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(ours: Ours) -> Response:
    """Whether questions can be answered now: 503 while the indexes are behind."""
    now = await run_in_threadpool(ours.archive.status)
    ready = now.waiting_changes == 0
    value = {"status": "ready" if ready else "indexing", "articles": now.holdings.articles, "model": now.model}
    return JSONResponse(value, status_code=200 if ready else 503)
