"""The LLM writer: a model writes, every sentence is proven before it is passed on, one repair is asked for."""

import asyncio
import copy
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.answer import ProvenSentence, Question, Quote, Usage
from bot.chat import Chat, ChatMaker, Message, Timeouts
from bot.conflicts import Conflict, conflict, tell, unheard
from bot.dialects import Api, Effort
from bot.engine import LeftOut
from bot.markers import DraftSentence, Reply
from bot.numbering import NumberedSource, fit, number, place_of, render
from bot.paying import Bill, paid
from bot.premise import unsaid
from bot.proof import prove
from bot.ranking import rank
from bot.rewriting import rewrite, rewriting_chat
from bot.spending import Account, Purse
from index import Evidence, ModelRefused, ModelUnavailable, encoding_of, token_counter
from prompts import load

REPLY_TOKENS = 800
MOST_SENTENCES = 20  # a reply that goes on after these is no answer
MOST_REPAIRS = 5
SURE_OF_TOKENS = 0.75  # other tokenizers than OpenAI's make more tokens of the same text
TURN_TOKENS = 40  # what roles and separators take

_NO_ANSWER = re.compile(r"\W*no answer\b", re.I)


@dataclass(slots=True)
class _Writing:
    """One answer in the making."""

    question: str
    sources: tuple[NumberedSource, ...]
    quotes: list[Quote] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)
    proven: int = 0
    failed: list[LeftOut] = field(default_factory=list)
    bill: Bill = field(default_factory=Bill)

    def judge(self, drafts: Sequence[DraftSentence]) -> Iterator[ProvenSentence]:
        """Those of the drafted sentences that are proven; the others are kept for repair."""
        for draft in drafts:
            if draft.text in self.texts or _says_nothing(draft):
                continue
            self.texts.add(draft.text)
            match prove(draft, self.sources, self.question):
                case ProvenSentence() as sentence:
                    self.proven += 1
                    self.quotes += sentence.quotes
                    yield sentence
                case LeftOut() as left_out:
                    self.failed.append(left_out)


class LLMWriter:
    """Writes with any OpenAI-compatible server. Nothing unproven leaves it.

    `purse` is what it pays from; `api` and `effort` are the client's (`bot.chat.Chat`).
    """

    name = "llm"

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        *,
        context_tokens: int = 8192,
        reply_tokens: int = REPLY_TOKENS,
        connect_timeout: float = 5,
        first_token_timeout: float = 30,
        total_timeout: float = 120,
        api: Api = "chat",
        effort: Effort = "auto",
        purse: Purse | None = None,
        chat: ChatMaker = Chat,
    ) -> None:
        self.model: str | None = model
        self._purse = purse or Purse()
        self._context_tokens = context_tokens
        self._reply_tokens = min(reply_tokens, context_tokens // 4)
        timeouts = Timeouts(connect_timeout, first_token_timeout, total_timeout)
        self._chat = chat(base_url, api_key, model, self._reply_tokens, timeouts, api=api, effort=effort)
        self._rewriting = rewriting_chat(chat, base_url, api_key, model, api)

    def charged_to(self, account: Account, owner: str | None) -> "LLMWriter":
        """The same writer, which takes down there what it spends and for whom, and keeps to the limit of a day."""
        charged = copy.copy(self)
        charged._purse = replace(self._purse, account=account, owner=owner)
        return charged

    async def rewrite(self, question: str, earlier: Sequence[str]) -> tuple[str | None, Usage]:
        """The follow-up as a question of its own, None when the model fails or changes what was asked; its usage.

        Raises SpendingLimitReached.
        """
        await asyncio.to_thread(self._purse.check)
        return await rewrite(self._rewriting, question, earlier, self._purse)

    async def write(
        self, question: Question, evidence: Sequence[Evidence], weights: Mapping[str, float]
    ) -> AsyncGenerator[ProvenSentence | LeftOut | Usage]:
        """Proven sentences as soon as they are, then what was left out, then the usage.

        Raises ModelUnavailable when the server fails before anything was proven, SpendingLimitReached.
        """
        if not evidence:
            return
        await asyncio.to_thread(self._purse.check)
        as_of = question.filter.as_of or datetime.now(UTC)
        fitting = self._fitting(question, evidence)
        sources = number(fitting, newest_first=question.recency is not None)
        ranked = rank(question.text, fitting, weights, question.recency)
        differing = conflict(question.text, ranked, weights) if ranked else None
        messages = _messages(question, sources, as_of, _notes(question, sources, differing))
        writing = _Writing(question.text, sources)
        broken: LeftOut | None = None
        try:
            async with aclosing(self._proven(messages, writing)) as sentences:
                async for sentence in sentences:
                    yield sentence
        except ModelUnavailable as error:
            if not writing.proven:
                raise
            broken = LeftOut("", f"the model's server broke off: {error}")
        if writing.failed and broken is None:
            async with aclosing(self._repaired(messages, writing)) as sentences:
                async for sentence in sentences:
                    yield sentence
        if differing is not None and unheard(differing, writing.quotes) and (told := tell(question, differing)):
            yield told
        for left_out in [*writing.failed, *([broken] if broken else [])]:
            yield left_out
        yield writing.bill.usage

    async def _proven(self, messages: Sequence[Message], writing: _Writing) -> AsyncGenerator[ProvenSentence]:
        """The sentences of one reply that are proven, each as soon as it is complete."""
        reading = Reply()
        broken: ModelUnavailable | None = None
        try:
            async with aclosing(paid(self._chat, messages, self._purse, writing.bill)) as pieces:
                async for piece in pieces:
                    for sentence in writing.judge(reading.feed(piece)):
                        yield sentence
                    if len(writing.texts) >= MOST_SENTENCES:
                        break
        except ModelUnavailable as error:
            broken = error
        rest = reading.close()
        for sentence in writing.judge(rest if broken is None else [each for each in rest if _is_whole(each)]):
            yield sentence
        if broken is not None:
            raise broken

    async def _repaired(self, messages: Sequence[Message], writing: _Writing) -> AsyncGenerator[ProvenSentence]:
        """Asks once for the sentences that failed, with the reasons. What is still not proven stays in `failed`."""
        failed, writing.failed = writing.failed, []
        wrong = "\n".join(f"- {each.text} ({each.reason})" for each in failed[:MOST_REPAIRS])
        turn = [Message("assistant", writing.bill.reply), Message("user", load("repair").fill(failures=wrong))]
        mended = 0
        try:
            async with aclosing(self._proven([*messages, *turn], writing)) as sentences:
                async for sentence in sentences:
                    mended += 1
                    yield sentence
        except ModelUnavailable:
            pass  # the answer stands without the repair, and says below what it had to leave out
        writing.failed = failed[mended:]

    def _fitting(self, question: Question, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """The best evidence that leaves room for the rest of the prompt, the reply and a repair of it."""
        rest = load("answer").text + load("evidence").text + load("repair").text + question.text
        share = 1.0 if self._chat.is_openai else SURE_OF_TOKENS
        budget = int((self._context_tokens - 2 * self._reply_tokens) * share) - len(self._tokens(rest)) - TURN_TOKENS
        kept = fit(evidence, budget, self._tokens)
        if not kept:
            raise ModelRefused(
                f"No passage fits into the {self._context_tokens:,} tokens of DATELINE_LLM_CONTEXT_TOKENS beside the "
                "question. Raise it, if the model takes more, or ask a shorter question."
            )
        return kept

    @property
    def _tokens(self) -> Callable[[str], list[int]]:
        return token_counter(encoding_of(str(self.model)))


def _notes(question: Question, sources: Sequence[NumberedSource], differing: Conflict | None) -> str:
    """What the model had better look at; our own words, and none of the articles'."""
    notes = ["The sources are listed newest first."] if question.recency is not None else []
    places = [place_of(sources, side.quote) for side in differing.sides] if differing is not None else [None]
    if all(places):
        notes.append(f"Sources may differ on what is asked: compare {' with '.join(map(str, places))}.")
    if amiss := unsaid(question.text, [quote.evidence for source in sources for quote in source.quotes]):
        notes.append(f"The question takes for granted what the sources may not say: “{'”, “'.join(amiss)}”.")
    return " ".join(notes) or "The best source comes first."


def _messages(question: Question, sources: Sequence[NumberedSource], as_of: datetime, notes: str) -> list[Message]:
    """What never changes comes first and the question last, so that a provider's prompt cache can help."""
    asked = load("evidence").fill(
        sources=render(sources, as_of),
        notes=notes,
        as_of=f"{as_of:%A, %B %-d, %Y}",
        question=" ".join(question.text.split()),
    )
    return [Message("system", load("answer").text), Message("user", asked)]


def _says_nothing(draft: DraftSentence) -> bool:
    """ "NO ANSWER", "Here is the answer:", a line of dashes: nothing is claimed."""
    said = any(c.isalnum() for c in draft.text)
    return not said or (not draft.cited and (bool(_NO_ANSWER.match(draft.text)) or draft.text.endswith(":")))


def _is_whole(draft: DraftSentence) -> bool:
    """Whether a sentence was complete when the reply broke off."""
    return bool(draft.cited) and draft.text.endswith((".", "!", "?", "…", "”", '"'))
