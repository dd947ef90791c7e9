"""The command `chat`: questions one after the other, each understood with those before it."""

import asyncio
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from bot.shell.commands import Json, show
from bot.shell.output import console, print_json, show_error

if TYPE_CHECKING:
    from bot.answer import Answer, Question
    from bot.engine import Writer
    from index import Archive


def chat(
    conversation: Annotated[str | None, typer.Option(help="Go on with this conversation.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Answer as the archive stood at this date or time.")] = None,
    publisher: Annotated[list[str] | None, typer.Option(help="Only this publisher; may be repeated.")] = None,
    k: Annotated[int, typer.Option(help="How many passages to read.")] = 10,
    as_json: Json = False,
) -> None:
    """Ask one question after the other, a line each; Ctrl-D ends. A follow-up is understood with what came before."""
    from dataclasses import replace

    from bot.answer import Question
    from bot.encoding import answer_json
    from bot.shell.start import start
    from bot.times import parse_filter
    from bot.wiring import open_archive, writer

    question = Question("", parse_filter(None, None, as_of, publisher or []), k, conversation)
    settings = start()
    answers: list[Answer] = []
    with open_archive(settings) as archive:
        answers_with = writer(settings)
        for line in _lines():
            answer = _answered(replace(question, text=line), archive, answers_with)
            if answer is None:
                continue
            question = replace(question, conversation_id=answer.conversation_id)
            answers.append(answer)
            if not as_json:
                show(answer, archive)
                console().print()
    if as_json:
        shown = [answer_json(each) for each in answers]
        print_json({"conversation_id": question.conversation_id, "answers": shown})


def _answered(question: "Question", archive: "Archive", answers_with: "Writer") -> "Answer | None":
    """The answer, or None after saying on stderr why there is none; the conversation goes on."""
    from bot.engine import complete
    from index import DatelineError

    try:
        return asyncio.run(complete(question, archive, answers_with))
    except DatelineError as error:
        show_error(error, as_json=False)
        return None


def _lines() -> Iterator[str]:
    """What is typed, line by line, with a prompt on a terminal."""
    terminal = sys.stdin.isatty()
    while True:
        try:
            line = input("> " if terminal else "")
        except EOFError:
            return
        if line.strip():
            yield line
