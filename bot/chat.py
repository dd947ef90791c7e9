"""A conversation with an OpenAI-compatible server: the reply as it streams, and what it cost in tokens.

Whatever the server does, a reply ends: in time, in length, with a ModelUnavailable where it cannot be used. One layer
retries, the client's: twice, as the server's Retry-After says, and within the time that a reply may take to begin.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.answer import Usage
from bot.dialects import Api, Dialect, Effort, spoken, unknown, without
from index import ModelUnavailable, is_loopback, model_error

if TYPE_CHECKING:
    import ssl

    import openai

OPENAI_HOST = "api.openai.com"
RETRIES = 2
REASONING_TOKENS = 4000  # what a model that reasons may think before it writes
LONGEST_TOKEN = 8  # characters; a reply longer than this allows for is cut off
_OPEN, _CLOSE = "<think>", "</think>"
_REASONING = ("gpt-5", "gpt-6", "o1", "o3", "o4")  # OpenAI's models that reason, by how their names begin
_NOT_SPOKEN = (400, 404, 405, 422, 501)  # what a server may say to a dialect that it does not speak


@dataclass(frozen=True, slots=True)
class Message:
    """A turn of the conversation: the role is system, user or assistant."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to reach the server, until its reply begins, and until it has ended."""

    connect: float = 5.0
    first_token: float = 30.0
    total: float = 120.0


class SaidNothing(ModelUnavailable):
    """A server's reply had nothing in it that is a reply."""


class Chat:
    """One model behind one server. `reply_tokens` bounds a reply, beside what the model thinks.

    `api` is the dialect; `auto` takes the Responses API, and chat completions from a server that does not speak it.
    `effort` is how much a model is to reason; `auto` is low for OpenAI's, and nothing said to any other.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        reply_tokens: int,
        timeouts: Timeouts,
        *,
        api: Api = "chat",
        effort: Effort = "auto",
    ) -> None:
        self.model = model
        self._base_url = base_url
        self._api_key = api_key
        self._reply_tokens = reply_tokens
        self._timeouts = timeouts
        self._dialects = spoken(api)  # the one that worked alone, once one has
        self._effort = effort
        self._unknown: tuple[str, ...] = ()  # parameters that the server does not know
        self.is_openai = urlsplit(base_url).hostname == OPENAI_HOST

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str | Usage]:
        """The reply in pieces, without the model's reasoning; the usage when the server tells it.

        Closing the generator closes the request. Raises ModelUnavailable, also when the reply breaks off.
        """
        started = time.monotonic()
        for dialect in (dialects := self._dialects):
            replied = False  # of this reply alone: others at the same time may have found the dialect out
            try:
                async with aclosing(self._reply(dialect, messages, started)) as pieces:
                    async for piece in pieces:
                        replied = True
                        self._found_out(dialect, dialects)
                        yield piece
            except ModelUnavailable as error:
                if replied or dialect is dialects[-1] or not _is_not_spoken(error):
                    raise
            else:
                self._found_out(dialect, dialects)
                return

    def _found_out(self, dialect: Dialect, tried: tuple[Dialect, ...]) -> None:
        if self._dialects is tried:  # else another reply has found it out
            self._dialects = (dialect,)

    def request(self, messages: Sequence[Message]) -> dict[str, Any]:
        """What decides the reply: the model, its parameters, the whole prompt."""
        turns = [{"role": each.role, "content": each.text} for each in messages]
        return {"model": self.model, "messages": turns, **self._limits()}

    async def _reply(
        self, dialect: Dialect, messages: Sequence[Message], started: float
    ) -> AsyncGenerator[str | Usage]:
        """The reply as one dialect has it. Raises SaidNothing when there is none."""
        visible = Visible()
        begun, length = False, 0
        async with AsyncExitStack() as stack:
            chunks = await self._open(dialect, messages, stack, started)
            while (chunk := await self._next(chunks, started, begun=begun)) is not None:
                if dialect.fails(chunk):
                    raise self._broken()
                begun = begun or dialect.begins(chunk)
                piece = dialect.text(chunk)
                if text := visible.feed(piece):
                    yield text
                if (usage := dialect.usage(chunk)) is not None:
                    yield usage
                length += len(piece)
                if length > self._reply_tokens * LONGEST_TOKEN:
                    break
            if rest := visible.close():
                yield rest
        if not begun:
            raise SaidNothing(f"The model {self.model!r} sent no answer. Is {self._shown} a chat server?")

    async def _open(
        self, dialect: Dialect, messages: Sequence[Message], stack: AsyncExitStack, started: float
    ) -> AsyncIterator[Any]:
        import openai

        client = await stack.enter_async_context(self._client())
        try:
            async with asyncio.timeout(self._left(started, begun=False)):
                reply = await self._create(dialect, client, messages)
        except openai.OpenAIError as error:
            raise model_error(error, self._base_url, self.model) from error
        except TimeoutError as error:
            raise self._late(begun=False) from error
        except ValueError as error:
            raise self._broken() from error
        stack.push_async_callback(reply.close)
        return aiter(reply)

    async def _create(self, dialect: Dialect, client: "openai.AsyncOpenAI", messages: Sequence[Message]) -> Any:
        """The open stream. A parameter that the server does not know is left out, now and later."""
        import openai

        request = {**self.request(messages), "stream_options": {"include_usage": True}}
        for known in self._unknown:
            request = without(request, known)
        refused: list[str] = []
        while True:
            try:
                reply = await dialect.create(client, request)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                name = unknown(request, str(error))
                if name is None or name in refused:
                    raise
                refused.append(name)
                request = without(request, name)
            else:
                self._unknown += tuple(name for name in refused if name not in self._unknown)
                return reply

    def _limits(self) -> dict[str, Any]:
        reasons = self.is_openai and self.model.startswith(_REASONING)
        effort = self._effort if self._effort != "auto" else "low" if reasons else None
        longest = self._reply_tokens + (REASONING_TOKENS if reasons or effort not in (None, "none") else 0)
        limits: dict[str, Any] = {"max_completion_tokens" if self.is_openai else "max_tokens": longest}
        if effort is not None:
            limits["reasoning_effort"] = effort
        if not reasons:
            limits["temperature"] = 0  # OpenAI's models that reason refuse it
        return limits

    async def _next(self, chunks: AsyncIterator[Any], started: float, *, begun: bool) -> Any:
        """The next chunk, None at the end."""
        import openai

        try:
            async with asyncio.timeout(self._left(started, begun=begun)):
                return await anext(chunks, None)
        except TimeoutError as error:
            raise self._late(begun=begun) from error
        except openai.APIConnectionError as error:
            raise self._broken() from error
        except openai.OpenAIError as error:
            raise model_error(error, self._base_url, self.model) from error
        except ValueError as error:  # neither JSON nor UTF-8
            raise self._broken() from error

    def _client(self) -> "openai.AsyncOpenAI":
        import openai

        total, connect = self._timeouts.total, self._timeouts.connect
        return openai.AsyncOpenAI(
            base_url=self._base_url,
            api_key=self._api_key,
            max_retries=RETRIES,
            timeout=openai.Timeout(total, connect=connect),
            http_client=openai.DefaultAsyncHttpxClient(
                trust_env=not is_loopback(self._base_url), verify=_certificates()
            ),
        )

    def _left(self, started: float, *, begun: bool) -> float:
        whole = self._timeouts.total if begun else min(self._timeouts.first_token, self._timeouts.total)
        return max(0.0, started + whole - time.monotonic())

    def _late(self, *, begun: bool) -> ModelUnavailable:
        did, limit = ("finish", self._timeouts.total) if begun else ("begin to answer", self._timeouts.first_token)
        return ModelUnavailable(
            f"The model {self.model!r} at {self._shown} did not {did} within {limit:g} seconds. Try again later, "
            "or take a faster model with DATELINE_LLM_MODEL."
        )

    def _broken(self) -> ModelUnavailable:
        return ModelUnavailable(f"The model's server at {self._shown} broke off. Try again later.")

    @property
    def _shown(self) -> str:
        parts = urlsplit(self._base_url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


ChatMaker = Callable[..., Chat]  # what Chat itself takes


class Visible:
    """Takes out what stands between <think> and </think>, in whatever pieces it arrives."""

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False

    def feed(self, text: str) -> str:
        """The part of the text that may be shown now."""
        self._held += text
        shown = ""
        while True:
            tag = _CLOSE if self._thinking else _OPEN
            before, found, after = self._held.partition(tag)
            if not found:
                break
            shown += "" if self._thinking else before
            self._held, self._thinking = after, not self._thinking
        keep = next((n for n in range(len(tag) - 1, 0, -1) if self._held.endswith(tag[:n])), 0)
        ready = self._held[: len(self._held) - keep]
        self._held = self._held[len(ready) :]
        return shown if self._thinking else shown + ready

    def close(self) -> str:
        """What was held back because it looked like the beginning of a tag."""
        return "" if self._thinking else self._held


def _is_not_spoken(error: ModelUnavailable) -> bool:
    """Whether a server may have failed because it does not speak the dialect."""
    return isinstance(error, SaidNothing) or getattr(error.__cause__, "status_code", None) in _NOT_SPOKEN


@cache
def _certificates() -> "ssl.SSLContext":
    """What servers are trusted by, read once: it takes 30 ms, and each question has a client of its own."""
    import httpx

    return httpx.create_ssl_context()
