"""The page's session: its key in a cookie that no script can read."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from bot.http.access import COOKIE, caller, sent_token
from bot.http.problems import PROBLEMS
from bot.http.shapes import SessionShape

KEPT_S = 30 * 86_400

router = APIRouter(prefix="/v1/session", tags=["session"], responses=PROBLEMS)


@router.get("", responses={200: {"model": SessionShape}})
async def get_session(request: Request) -> Response:
    """Who is asking."""
    found = caller(request)
    return JSONResponse({"key": found.id, "scopes": list(found.scopes)})


@router.post("", responses={200: {"model": SessionShape}})
async def begin_session(request: Request) -> Response:
    """Keep the key of this request in a cookie that no script can read."""
    response = await get_session(request)
    token = sent_token(request.headers)
    if token is not None:
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, max_age=KEPT_S)
    return response


@router.delete("", status_code=204)
async def end_session() -> Response:
    """Forget the key."""
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response
