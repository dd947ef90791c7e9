"""The page at `/`: its files, and what it draws before anybody has asked."""

from hashlib import sha256
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from bot.encoding import time_json
from bot.http.access import Searcher
from bot.http.problems import PROBLEMS, Problem
from bot.http.service import Ours
from bot.http.shapes import ArchiveShape
from bot.suggestions import suggestions
from index import Archive

SUGGESTED = 6
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

# Everything the page needs is served from here, and no string of an article can become markup or a script.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Other sites load the component as a module; the files are public, what they show is behind the API's own rules.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}

router = APIRouter()


@router.get("/", include_in_schema=False)
async def index(request: Request) -> Response:
    """The page."""
    return _file("index.html", request)


@router.get("/page/{name}", include_in_schema=False)
async def file(name: str, request: Request) -> Response:
    """A file of the page."""
    return _file(name, request)


@router.get("/v1/archive", tags=["archive"], responses={200: {"model": ArchiveShape}, **PROBLEMS})
async def archive(ours: Ours, _: Searcher) -> Response:
    """What the archive holds, its publishers, and questions to begin with."""
    return JSONResponse(await run_in_threadpool(archive_json, ours.archive))


def archive_json(archive: Archive) -> dict[str, Any]:
    """Counts and dates of the current articles, the publishers by name, suggested questions about the newest."""
    held = archive.holdings()
    return {
        "articles": held.articles,
        "oldest": time_json(held.oldest),
        "newest": time_json(held.newest),
        "publishers": list(archive.publishers()),
        "suggestions": [
            {
                "question": each.question,
                "article_id": each.article.id,
                "title": each.article.title,
                "publisher": each.article.publisher,
                "published_at": time_json(each.article.published_at),
            }
            for each in suggestions(archive, SUGGESTED)
        ],
    }


def _read() -> dict[str, tuple[bytes, str, str]]:
    """Each file of the page with its media type and its ETag."""
    found = {}
    for each in files("bot").joinpath("page").iterdir():
        if kind := TYPES.get(f".{each.name.rpartition('.')[2]}"):
            content = each.read_bytes()
            found[each.name] = (content, kind, f'"{sha256(content).hexdigest()[:16]}"')
    return found


FILES = _read()


def _file(name: str, request: Request) -> Response:
    if name not in FILES:
        raise Problem(404, f"The page has no file {name!r}.")
    content, kind, etag = FILES[name]
    headers = {**HEADERS, "ETag": etag}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)
