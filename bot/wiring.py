"""The real parts, made from the settings: the one place that chooses them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.chat import Chat, ChatMaker
from bot.engine import Writer
from bot.settings import EMBEDDED_MODEL, Settings
from index import Archive, BadConfiguration, Embedder

if TYPE_CHECKING:
    from bot.spending import Purse
    from index import Fetcher


def open_archive(settings: Settings, home: Path | None = None, *, reembed: bool = False) -> Archive:
    """The archive the settings name, or one of its own in `home`. Raises what `Archive` and `embedder` raise."""
    from index import Reranker

    chroma_url = str(settings.chroma_url) if settings.chroma_url else None
    shared = settings.database_url if home is None else None  # a demo or a gate must not write into everybody's truth
    database_url = shared.get_secret_value() if shared else None
    return Archive(
        home or settings.home, embedder(settings), chroma_url, database_url, reranker=Reranker(), reembed=reembed
    )


def embedder(settings: Settings) -> Embedder:
    """The embedded model, or OpenAI's. Raises BadConfiguration when a key is missing."""
    if settings.embedding_model == EMBEDDED_MODEL:
        from index import MiniLM

        return MiniLM()
    from index import OpenAIEmbedder

    base_url = str(settings.embedding_base_url)
    if settings.llm_api_key is None and "api.openai.com" in base_url:
        raise BadConfiguration(
            f"DATELINE_EMBEDDING_MODEL is {settings.embedding_model}, which OpenAI serves: set OPENAI_API_KEY, or "
            f"DATELINE_EMBEDDING_BASE_URL for another server, or unset it to use {EMBEDDED_MODEL}."
        )
    return OpenAIEmbedder(settings.embedding_model, base_url, _key(settings))


def fetcher(settings: Settings, sleep: Callable[[float], object] = time.sleep) -> "Fetcher":
    """How articles are fetched, within the settings' bounds. `sleep` waits between requests to one host."""
    from index import Fetcher, Net, allowed_from

    return Fetcher(Net(allowed_from(settings.fetch_allow_private)), settings.fetch_delay_s, sleep)


def writer(settings: Settings, chat: ChatMaker | None = None) -> Writer:
    """The LLM when one is configured, else the extractive writer. `chat` makes another client than the usual one.

    Raises BadConfiguration when there is a spending limit and nobody knows what the model costs.
    """
    if not settings.uses_llm:
        from bot.extractive import ExtractiveWriter

        return ExtractiveWriter()
    from bot.llm import LLMWriter

    base_url = str(settings.llm_base_url) if settings.llm_base_url else "https://api.openai.com/v1"
    return LLMWriter(
        base_url,
        _key(settings),
        settings.llm_model,
        context_tokens=settings.llm_context_tokens,
        total_timeout=settings.llm_timeout_s,
        api=settings.llm_api,
        effort=settings.llm_reasoning_effort,
        purse=_purse(settings),
        chat=chat or Chat,
    )


def _purse(settings: Settings) -> "Purse":
    from bot.spending import Purse, parse_price, price

    known = parse_price(settings.llm_price) if settings.llm_price else price(settings.llm_model)
    if settings.llm_daily_usd is not None and known is None:
        raise BadConfiguration(
            f"DATELINE_LLM_DAILY_USD is set, but what {settings.llm_model} costs is not known. Set DATELINE_LLM_PRICE "
            "to the dollars for a million tokens sent and answered, for example: 0.10 0.50"
        )
    return Purse(known, settings.llm_daily_usd)


def _key(settings: Settings) -> str:
    # The client insists on a key; servers of one's own mostly ignore it.
    return settings.llm_api_key.get_secret_value() if settings.llm_api_key else "none"
