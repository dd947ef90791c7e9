"""A conversation with an OpenAI-compatible server: the reply as it streams, and what it cost in tokens.

Whatever the server does, a reply ends: in time, in length, with a ModelUnavailable where it cannot be used.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.answer import Usage
from index import ModelUnavailable, is_loopback, model_error

if TYPE_CHECKING:
    import openai

OPENAI_HOST = "api.openai.com"
RETRIES = 2  # the one layer that retries; it honours Retry-After
REASONING_TOKENS = 4000  # what OpenAI's models may think before they write
LONGEST_TOKEN = 8  # characters; a reply longer than this allows for is cut off
_OPEN, _CLOSE = "<think>", "</think>"


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


class Chat:
    """One model behind one server. `reply_tokens` bounds a reply."""

    def __init__(self, base_url: str, api_key: str, model: str, reply_tokens: int, timeouts: Timeouts) -> None:
        self.model = model
        self._base_url = base_url
        self._api_key = api_key
        self._reply_tokens = reply_tokens
        self._timeouts = timeouts
        self._asks_usage = True
        self.is_openai = urlsplit(base_url).hostname == OPENAI_HOST

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str | Usage]:
        """The reply in pieces, without the model's reasoning; the usage when the server tells it.

        Closing the generator closes the request. Raises ModelUnavailable, also when the reply breaks off.
        """
        started = time.monotonic()
        visible = Visible()
        begun, length = False, 0
        async with AsyncExitStack() as stack:
            chunks = await self._open(messages, stack, started)
            while (chunk := await self._next(chunks, started, begun=begun)) is not None:
                begun = begun or bool(_choices(chunk))
                if text := visible.feed(_text(chunk)):
                    yield text
                if (usage := _usage(chunk)) is not None:
                    yield usage
                length += len(_text(chunk))
                if length > self._reply_tokens * LONGEST_TOKEN:
                    break
            if rest := visible.close():
                yield rest
        if not begun:
            raise ModelUnavailable(f"The model {self.model!r} sent no answer. Is {self._shown} a chat server?")

    def request(self, messages: Sequence[Message]) -> dict[str, Any]:
        """What decides the reply: the model, its parameters, the whole prompt."""
        turns = [{"role": each.role, "content": each.text} for each in messages]
        return {"model": self.model, "messages": turns, **self._limits()}

    async def _open(self, messages: Sequence[Message], stack: AsyncExitStack, started: float) -> AsyncIterator[Any]:
        import openai

        client = await stack.enter_async_context(self._client())
        try:
            async with asyncio.timeout(self._left(started, begun=False)):
                reply = await self._create(client, messages)
        except openai.OpenAIError as error:
            raise model_error(error, self._base_url, self.model) from error
        except TimeoutError as error:
            raise self._late(begun=False) from error
        except ValueError as error:
            raise self._broken() from error
        stack.push_async_callback(reply.close)
        return aiter(reply)

    async def _create(self, client: "openai.AsyncOpenAI", messages: Sequence[Message]) -> Any:
        import openai

        request = {**self.request(messages), "stream": True}
        if not self._asks_usage:
            return await client.chat.completions.create(**request)
        try:
            return await client.chat.completions.create(**request, stream_options={"include_usage": True})
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            if "stream_options" not in str(error) and "include_usage" not in str(error):
                raise
            self._asks_usage = False  # some servers do not know it; the tokens are then counted by us
            return await client.chat.completions.create(**request)

    def _limits(self) -> dict[str, Any]:
        if not self.is_openai:
            return {"max_tokens": self._reply_tokens, "temperature": 0}
        limits: dict[str, Any] = {"max_completion_tokens": self._reply_tokens + REASONING_TOKENS}
        if self.model.startswith(("gpt-5", "o1", "o3", "o4")):
            limits["reasoning_effort"] = "low"  # the first words are waited for
        else:
            limits["temperature"] = 0  # the reasoning models refuse it
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
            http_client=openai.DefaultAsyncHttpxClient(trust_env=not is_loopback(self._base_url)),
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


ChatMaker = Callable[[str, str, str, int, Timeouts], Chat]  # what Chat itself takes


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


def _choices(chunk: Any) -> list[Any]:
    found = getattr(chunk, "choices", None)
    return found if isinstance(found, list) else []


def _text(chunk: Any) -> str:
    """The visible text of a chunk. A server may send anything: what is not text is nothing."""
    pieces = (getattr(getattr(choice, "delta", None), "content", None) for choice in _choices(chunk)[:1])
    return "".join(piece for piece in pieces if isinstance(piece, str))


def _usage(chunk: Any) -> Usage | None:
    usage = getattr(chunk, "usage", None)
    sent, written = getattr(usage, "prompt_tokens", None), getattr(usage, "completion_tokens", None)
    return Usage(sent, written) if isinstance(sent, int) and isinstance(written, int) else None
