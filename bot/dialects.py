"""The two ways OpenAI-compatible servers are spoken to: chat completions, and the Responses API.

A request is made once, as chat completions word it; each dialect words it its own way and reads its own chunks.
A server may send anything: what is not of the expected shape is nothing.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

from bot.answer import Usage

if TYPE_CHECKING:
    import openai

Api = Literal["auto", "responses", "chat"]
Effort = Literal["auto", "none", "minimal", "low", "medium", "high", "xhigh", "max"]

# Parameters a server may not know; it is then asked without, or by the other name.
_OPTIONAL = ("stream_options", "temperature", "reasoning_effort", "max_tokens", "max_completion_tokens")
_OTHER_NAME = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_SAID_AS = {"stream_options": "include_usage", "reasoning_effort": "reasoning"}
_NOT_KNOWN = re.compile(
    r"un(supported|known|recogni[sz]ed|expected)|not (support|permit|allow)|extra|\binvalid\b", re.I
)
_BEFORE_THE_REPLY = ("response.created", "response.queued", "response.in_progress")


class Dialect(Protocol):
    """How a reply is asked for, and what its chunks say."""

    async def create(self, client: "openai.AsyncOpenAI", request: Mapping[str, Any]) -> Any:
        """The stream of chunks. Raises the client's own errors."""
        ...

    def begins(self, chunk: Any) -> bool:
        """Whether a chunk shows that the model is at work on its reply."""
        ...

    def text(self, chunk: Any) -> str:
        """The visible text of a chunk."""
        ...

    def usage(self, chunk: Any) -> Usage | None:
        """The tokens, when a chunk tells them."""
        ...

    def fails(self, chunk: Any) -> bool:
        """Whether a chunk says that the reply came to nothing."""
        ...


class ChatCompletions:
    """`POST /chat/completions`, which every compatible server has."""

    async def create(self, client: "openai.AsyncOpenAI", request: Mapping[str, Any]) -> Any:
        """The stream of chunks."""
        return await client.chat.completions.create(**request, stream=True)

    def begins(self, chunk: Any) -> bool:
        """Its first choice, even an empty one."""
        return bool(_choices(chunk))

    def text(self, chunk: Any) -> str:
        """The content; a model's reasoning has a field of its own, and is not read."""
        pieces = (getattr(getattr(choice, "delta", None), "content", None) for choice in _choices(chunk)[:1])
        return "".join(piece for piece in pieces if isinstance(piece, str))

    def usage(self, chunk: Any) -> Usage | None:
        """In a chunk of its own, the last."""
        return _tokens(getattr(chunk, "usage", None), "prompt_tokens", "completion_tokens")

    def fails(self, chunk: Any) -> bool:
        """The client raises these itself."""
        return False


class Responses:
    """`POST /responses`, which OpenAI's newer models are made for. Nothing is kept on the server."""

    async def create(self, client: "openai.AsyncOpenAI", request: Mapping[str, Any]) -> Any:
        """The stream of events."""
        longest = request.get("max_completion_tokens", request.get("max_tokens"))
        worded: dict[str, Any] = {"model": request["model"], "input": request["messages"], "store": False}
        if longest is not None:
            worded["max_output_tokens"] = longest
        if "temperature" in request:
            worded["temperature"] = request["temperature"]
        if "reasoning_effort" in request:
            worded["reasoning"] = {"effort": request["reasoning_effort"]}
        return await client.responses.create(**worded, stream=True)

    def begins(self, chunk: Any) -> bool:
        """Its first event that is not about the request itself."""
        kind = _kind(chunk)
        return kind.startswith("response.") and kind not in _BEFORE_THE_REPLY and not self.fails(chunk)

    def text(self, chunk: Any) -> str:
        """The output text; reasoning and refusals come in other events."""
        delta = getattr(chunk, "delta", None) if _kind(chunk) == "response.output_text.delta" else None
        return delta if isinstance(delta, str) else ""

    def usage(self, chunk: Any) -> Usage | None:
        """In the event that ends the reply."""
        return _tokens(getattr(getattr(chunk, "response", None), "usage", None), "input_tokens", "output_tokens")

    def fails(self, chunk: Any) -> bool:
        """A reply cut short by its length is one; a failed one is not."""
        return _kind(chunk) in ("response.failed", "error")


CHAT, RESPONSES = ChatCompletions(), Responses()


def spoken(api: Api) -> tuple[Dialect, ...]:
    """The dialects to try, in order."""
    return {"auto": (RESPONSES, CHAT), "responses": (RESPONSES,), "chat": (CHAT,)}[api]


def unknown(request: Mapping[str, Any], said: str) -> str | None:
    """The parameter of the request that the server says it does not know; None when it says nothing of the kind."""
    if not _NOT_KNOWN.search(said):
        return None
    named = (name for name in _OPTIONAL if re.search(rf"\b({name}|{_SAID_AS.get(name, name)})\b", said))
    return next((name for name in named if name in request), None)


def without(request: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The request without a parameter. A bound of the reply's length is kept, under its other name."""
    left = {key: value for key, value in request.items() if key != name}
    return left | ({_OTHER_NAME[name]: request[name]} if name in request and name in _OTHER_NAME else {})


def _choices(chunk: Any) -> list[Any]:
    found = getattr(chunk, "choices", None)
    return found if isinstance(found, list) else []


def _kind(chunk: Any) -> str:
    kind = getattr(chunk, "type", None)
    return kind if isinstance(kind, str) else ""


def _tokens(usage: Any, sent_name: str, written_name: str) -> Usage | None:
    sent, written = getattr(usage, sent_name, None), getattr(usage, written_name, None)
    if not isinstance(sent, int) or not isinstance(written, int):
        return None
    details = getattr(usage, f"{sent_name}_details", None)
    cached, stored = getattr(details, "cached_tokens", None), getattr(details, "cache_write_tokens", None)
    return Usage(sent, written, cached_tokens=_count(cached, sent), stored_tokens=_count(stored, sent))


def _count(value: Any, most: int) -> int:
    return min(max(value, 0), most) if isinstance(value, int) else 0
