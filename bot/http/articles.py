"""The articles of the archive: listed, read, added, removed."""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from bot.encoding import article_json, versions_json
from bot.http.access import Author, Searcher
from bot.http.problems import PROBLEMS
from bot.http.schema import ArticleRequest
from bot.http.service import Ours
from bot.http.shapes import ArticlesShape, StoredShape, WholeArticleShape
from index import Archive, BadArticle, article_from_fields

LARGEST = 5_000_000  # bytes of a request; a long article has 100,000

LINKS = {
    name: {"operationId": name, "parameters": {"article_id": "$response.body#/article_id"}}
    for name in ("get_article", "delete_article")
}
router = APIRouter(prefix="/v1/articles", tags=["articles"], responses=PROBLEMS, max_body_size=LARGEST)


@router.get("", responses={200: {"model": ArticlesShape}})
async def list_articles(
    ours: Ours,
    _: Searcher,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> Response:
    """The articles without their text, newest first."""
    found = await run_in_threadpool(ours.archive.articles, limit, offset)
    held = await run_in_threadpool(ours.archive.holdings)
    return JSONResponse({"articles": [article_json(each.article) for each in found], "total": held.articles})


@router.post("", responses={200: {"model": StoredShape}, 201: {"model": StoredShape, "links": LINKS}})
async def post_article(body: ArticleRequest, ours: Ours, _: Author) -> Response:
    """Store an article. The same again is left alone; another text under the same id or URL is a new version."""
    article_id, outcome = await to_thread.run_sync(_store, body, ours.archive, limiter=ours.storing)
    return JSONResponse({"article_id": article_id, "outcome": outcome}, 201 if outcome == "new" else 200)


@router.get("/{article_id:path}", responses={200: {"model": WholeArticleShape}})
async def get_article(article_id: str, ours: Ours, _: Searcher) -> Response:
    """An article with its text; the offsets of citations count in it, in Unicode code points."""
    return JSONResponse(await run_in_threadpool(whole_article, article_id, ours.archive))


@router.delete("/{article_id:path}", status_code=204)
async def delete_article(article_id: str, ours: Ours, _: Author) -> Response:
    """Delete an article with all its versions."""
    await to_thread.run_sync(ours.archive.remove, article_id, limiter=ours.storing)
    return Response(status_code=204)


def whole_article(article_id: str, archive: Archive) -> dict[str, Any]:
    """An article as JSON. Raises UnknownArticle."""
    versions, copies = archive.versions(article_id), archive.carriers(article_id)
    return versions_json(versions, copies, archive.story(article_id), archive.correction(article_id))


def _store(sent: ArticleRequest, archive: Archive) -> tuple[str, str]:
    """The article's id and what became of it. Raises BadArticle."""
    source = sent.url or f"http:{sent.id or sent.title}"
    article = article_from_fields(sent.model_dump(exclude_none=True), source)
    report = archive.ingest([article])
    for failed, reason in report.errors:
        raise BadArticle(failed, reason)
    outcomes = {"new": report.new, "updated": report.updated, "unchanged": report.unchanged}
    return article.id, next((name for name, count in outcomes.items() if count), "duplicate")
