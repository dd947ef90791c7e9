"""A follow-up made to stand alone by a model, and kept only when it still asks the same."""

from collections.abc import Sequence
from contextlib import aclosing

from bot.answer import Usage
from bot.chat import Chat, ChatMaker, Message, Timeouts
from bot.dialects import Api
from bot.figures import figures, same_figure
from bot.moments import agrees, moments
from bot.names import is_known, known_names, names
from bot.paying import Bill, paid
from bot.spending import Purse
from bot.when import without_time
from index import ModelUnavailable
from prompts import load

REPLY_TOKENS = 120
LONGEST = 400  # characters; a longer one is no question
TIMEOUTS = Timeouts(connect=3, first_token=6, total=8)  # the search waits for it


def rewriting_chat(make: ChatMaker, base_url: str, api_key: str, model: str, api: Api) -> Chat:
    """The model as rewriting asks it: short and in time."""
    return make(base_url, api_key, model, REPLY_TOKENS, TIMEOUTS, api=api)


async def rewrite(chat: Chat, question: str, earlier: Sequence[str], purse: Purse) -> tuple[str | None, Usage]:
    """The follow-up as a question of its own, and what that cost.

    None when the model fails, or changes or drops a number, a name or a date: then the question stays as it was asked.
    """
    asked = load("standalone").fill(earlier="\n".join(f"- {each}" for each in earlier), question=question)
    bill = Bill()
    try:
        async with aclosing(paid(chat, [Message("user", asked)], purse, bill)) as pieces:
            async for _ in pieces:
                pass
    except ModelUnavailable:
        return None, bill.usage
    lines = bill.reply.strip().splitlines()
    rewritten = lines[0].strip(' "“”*') if lines else ""
    return (rewritten if len(lines) == 1 and keeps(question, earlier, rewritten) else None), bill.usage


def keeps(question: str, earlier: Sequence[str], rewritten: str) -> bool:
    """Whether a rewriting has every number, name and date of the question, and none that nobody has said."""
    if not rewritten or len(rewritten) > LONGEST:
        return False
    return _has(rewritten, question) and _has("\n".join([question, *earlier]), rewritten)


def _has(source: str, text: str) -> bool:
    """Whether a source has every number, name and date of a text."""
    numbers, dates, words = figures(source), [moment for _, moment in moments(source)], known_names(source)
    relative = without_time(text) != " ".join(text.split())
    return (
        all(any(same_figure(each, other) for other in numbers) for each in figures(text))
        and all(agrees(moment, dates) for _, moment in moments(text))
        and all(is_known(name, words, text) for name in names(text))
        and (not relative or without_time(source) != " ".join(source.split()))
    )
