"""Conversations: what one asker asked, one question after the other."""

import json
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from bot.encoding import time_json
from bot.http.access import Asker
from bot.http.problems import PROBLEMS, Problem, place
from bot.http.service import Ours
from bot.http.shapes import ConversationsShape, WholeConversationShape

router = APIRouter(prefix="/v1/conversations", tags=["conversations"], responses=PROBLEMS)


@router.get("", responses={200: {"model": ConversationsShape}})
async def list_conversations(ours: Ours, asker: Asker, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> Response:
    """Your conversations, the last used first."""
    found = await run_in_threadpool(ours.archive.answers.conversations, asker.id, limit)
    shown = [
        {
            "conversation_id": each.id,
            "title": each.title,
            "answers": each.answers,
            "created_at": time_json(each.created_at),
            "updated_at": time_json(each.updated_at),
        }
        for each in found
    ]
    return JSONResponse({"conversations": shown})


@router.get("/{conversation_id}", responses={200: {"model": WholeConversationShape}})
async def get_conversation(conversation_id: str, ours: Ours, asker: Asker) -> Response:
    """A conversation's answers, oldest first."""
    found = await run_in_threadpool(ours.archive.answers.conversation, conversation_id, asker.id)
    if not found:
        raise _unknown(conversation_id)
    return JSONResponse({"conversation_id": conversation_id, "answers": [json.loads(each) for each in found]})


@router.delete("/{conversation_id}", status_code=204)
async def delete_conversation(conversation_id: str, ours: Ours, asker: Asker) -> Response:
    """Delete a conversation with its answers."""
    if not await run_in_threadpool(ours.archive.answers.delete_conversation, conversation_id, asker.id):
        raise _unknown(conversation_id)
    return Response(status_code=204)


def _unknown(conversation_id: str) -> Problem:
    detail = f"There is no conversation {conversation_id!r}."
    return Problem(404, detail, code="UnknownConversation", errors=[place("path", "conversation_id", detail)])
