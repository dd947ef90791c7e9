"""What an OpenAI-compatible server's refusal or silence means to the person who asked, in one sentence."""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from index.errors import ModelRefused, ModelUnavailable

if TYPE_CHECKING:
    import openai

_TOO_LONG = re.compile(r"context|too (long|large|many tokens)|maximum .*(length|tokens)|exceed", re.I)
_KEYS = "OPENAI_API_KEY or DATELINE_LLM_API_KEY"
_MODELS = "DATELINE_LLM_MODEL or DATELINE_EMBEDDING_MODEL"
_URLS = "DATELINE_LLM_BASE_URL or DATELINE_EMBEDDING_BASE_URL"


def model_error(error: "openai.OpenAIError", url: str, model: str) -> ModelUnavailable:
    """The error to raise `from` a vendor's: ModelRefused when asking again is no use, else ModelUnavailable.

    The vendor's own message is only read, never repeated: servers put keys and prompts into it.
    """
    import openai

    server = shown(url)
    if isinstance(error, openai.APITimeoutError):
        return ModelUnavailable(f"The model's server at {server} did not answer in time. Try again later.")
    if isinstance(error, openai.APIConnectionError):
        return ModelUnavailable(f"No server answers at {server}. Is it running, and is {_URLS} right?")
    if isinstance(error, openai.APIStatusError):
        return _refusal(error, server, model) or _trouble(error, server)
    return ModelUnavailable(f"The model's server at {server} sent something that is no answer. Try again later.")


def shown(url: str) -> str:
    """The server's address as a message may show it: without a user name, password or query."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether a server runs on this machine: an HTTP proxy of the environment must not catch its requests."""
    host = (urlsplit(url).hostname or "").lower()
    return host in ("localhost", "::1") or host.startswith("127.")


def _refusal(error: "openai.APIStatusError", server: str, model: str) -> ModelRefused | None:
    status = error.status_code
    if status == 413 or (status in (400, 422) and _TOO_LONG.search(str(error))):
        reason = (
            f"What was sent is too long for the model {model!r}: lower DATELINE_LLM_CONTEXT_TOKENS, or ask for less"
        )
    elif status == 401:
        reason = f"It does not accept the key: set {_KEYS} to a valid one"
    elif status == 403:
        reason = f"The key may not use the model {model!r}: check {_KEYS}, and {_MODELS}"
    elif status == 404:
        reason = f"It does not have the model {model!r}, or the address is wrong: check {_MODELS}, and {_URLS}"
    elif status in (400, 422):
        reason = f"It rejects the request ({status}): check that {_MODELS} names a model that can do this"
    else:
        return None
    return ModelRefused(f"The model's server at {server} refuses. {reason}.")


def _trouble(error: "openai.APIStatusError", server: str) -> ModelUnavailable:
    if error.status_code == 429:
        return ModelUnavailable(f"The model's server at {server} is busy or your quota is spent. Try again later.")
    return ModelUnavailable(f"The model's server at {server} failed with status {error.status_code}. Try again later.")
