"""Requests that may be sent again: under one Idempotency-Key a question is answered once."""

import hashlib

from starlette.concurrency import run_in_threadpool

from bot.answer import Question
from bot.events import AnswerCompleted
from bot.http.problems import RETRY_S, Problem, place
from bot.http.service import Ours
from bot.running import Running


async def repeated(key: str, body: str, question: Question, ours: Ours) -> Running | str:
    """The answer under this key: being written, or as JSON if it was given before.

    Raises Problem when the key stands for another question, or its answer is being written in another process.
    What failed or was cancelled is asked anew.
    """
    digest = hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()
    answers, owner = ours.archive.answers, question.owner
    for _ in range(2):
        before = await run_in_threadpool(answers.claim, key, owner, digest, ours.desk.process)
        if before is None:
            return await _begun(key, question, ours)
        if before.digest != digest:
            detail = "This key was used for another question."
            raise Problem(422, detail, code="KeyReused", errors=[place("header", "idempotency-key", detail)])
        if before.answer_id is not None:
            running = ours.desk.find(before.answer_id, owner)
            if running is not None and (not running.ended or isinstance(running.events[-1], AnswerCompleted)):
                return running
            saved = await run_in_threadpool(answers.owned, before.answer_id, owner)
            if saved is not None:
                return saved
        if before.process != ours.desk.process or before.answer_id is None:
            break
        await run_in_threadpool(answers.release, key, owner, before.answer_id)
    retry = {"Retry-After": str(RETRY_S)}
    raise Problem(409, "The question under this key is being answered.", code="InProgress", headers=retry)


async def _begun(key: str, question: Question, ours: Ours) -> Running:
    answers = ours.archive.answers
    running: Running | None = None
    try:
        running = await ours.desk.start(question)
        await run_in_threadpool(answers.begin, key, question.owner, running.answer_id)
    except BaseException:
        if running is not None:
            running.cancel()  # no key stands for it, so nobody will read it
        await run_in_threadpool(answers.release, key, question.owner, None)
        raise
    return running
