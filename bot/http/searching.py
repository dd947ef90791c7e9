"""Retrieval alone: the passages an answer would be written from."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from bot.answer import Question, check
from bot.encoding import article_json
from bot.followup import standalone
from bot.http.access import Searcher
from bot.http.limits import Limited
from bot.http.problems import PROBLEMS
from bot.http.schema import AskRequest
from bot.http.service import Ours
from bot.http.shapes import PassagesShape
from bot.understanding import Found, earlier_questions, understand
from bot.understanding import search as find
from index import Archive, Evidence

router = APIRouter(prefix="/v1", tags=["search"], responses=PROBLEMS)


@router.post("/search", responses={200: {"model": PassagesShape}})
async def post_search(body: AskRequest, ours: Ours, searcher: Searcher, _: Limited) -> Response:
    """The best passages for a question, understood as an answer would understand it."""
    found = await run_in_threadpool(search, body.to_question(searcher.id), ours.archive)
    return JSONResponse({"passages": [evidence_json(each) for each in found.evidence]})


def search(question: Question, archive: Archive) -> Found:
    """What an answer to a question would be written from. Raises BadRequest."""
    known, now = archive.publishers(), datetime.now(UTC)
    question = check(question, now, known)
    searched = standalone(question.text, earlier_questions(question, archive), known)
    return find(understand(question, searched, archive, known, now), archive)


def evidence_json(found: Evidence) -> dict[str, Any]:
    """A passage with its article, where it stands and how it was found."""
    passage = found.passage
    return {
        **article_json(found.article),
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "score": round(found.score, 4),
        "found_by": list(found.found_by),
    }
