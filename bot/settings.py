"""Dateline's settings: read once, at the edge, from the environment, `.env` and `dateline.toml`; then passed in."""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.dialects import Api, Effort
from index import BadConfiguration

PREFIX = "DATELINE_"
EMBEDDED_MODEL = "all-MiniLM-L6-v2-int8"


class Settings(BaseSettings):
    """Every setting, with its default and what it does. The README's table is made from this class."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        toml_file="dateline.toml",
        extra="ignore",
        env_ignore_empty=True,
        frozen=True,
        populate_by_name=True,
    )

    home: Path = Field(
        Path(".dateline"), description="The data directory. One process owns it, unless the next setting is set."
    )
    chroma_url: HttpUrl | None = Field(
        None,
        description="A Chroma server that holds the vectors instead of the data directory; several processes may then "
        "share the archive.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL (`postgresql://user:password@host/name`) as the truth instead of a file, for several "
        "hosts; needs `DATELINE_CHROMA_URL`.",
    )
    embedding_model: str = Field(
        EMBEDDED_MODEL, description="The embedded model, or an OpenAI one such as `text-embedding-3-small`."
    )
    embedding_base_url: HttpUrl = Field(
        HttpUrl("https://api.openai.com/v1"), description="The server that embeds, when the embedded model does not."
    )
    writer: Literal["auto", "extractive", "llm"] = Field(
        "auto", description="Who writes answers: `auto` takes an LLM when a key or a server is set."
    )
    llm_base_url: HttpUrl | None = Field(None, description="Any OpenAI-compatible server: vLLM, Ollama, llama.cpp.")
    llm_model: str = Field("gpt-6-luna", description="The model that writes answers.")
    llm_api: Api = Field(
        "auto", description="`auto` takes the Responses API, and chat completions where a server has only those."
    )
    llm_reasoning_effort: Effort = Field(
        "auto", description="How much the model is to reason. `auto` is low for OpenAI's models, unsaid for others."
    )
    llm_daily_usd: float | None = Field(
        None, gt=0, description="US dollars that answers may cost a day (UTC); then they are refused until the next."
    )
    llm_price: str | None = Field(
        None, description="What the model costs, if it is not in `bot/prices.toml`: dollars a million tokens, `in out`."
    )
    llm_context_tokens: int = Field(16_000, ge=1_000, description="Tokens a prompt and its reply may take together.")
    llm_timeout_s: float = Field(120, gt=0, description="Seconds after which a model's answer is broken off.")
    llm_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("DATELINE_LLM_API_KEY", "OPENAI_API_KEY"),
        description="The key for both models; `OPENAI_API_KEY` is read as well.",
    )
    sources: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Feeds, sitemaps, article addresses and folders that are polled; a list in `dateline.toml`."
    )
    poll_interval_s: float = Field(900, ge=60, description="Seconds between two polls of a feed or sitemap.")
    claim_s: float = Field(
        300, ge=5, description="Seconds after which others take over what an ingest worker has claimed and not settled."
    )
    fetch_delay_s: float = Field(1, ge=0, description="Least seconds between two requests to one host.")
    fetch_allow_private: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Hosts and networks (`10.1.0.0/16`) that may be fetched from although they are not public."
    )
    answers_at_once: int = Field(256, ge=1, description="Answers a server writes at once; more are told to come back.")
    key_requests_per_minute: int = Field(60, ge=1, description="Questions and searches a key may make in a minute.")
    key_answers_at_once: int = Field(8, ge=1, description="Answers that are written for a key at once.")
    key_tokens_per_day: int | None = Field(
        None, ge=1, description="Tokens a model may be sent and write for a key in 24 hours; no limit without it."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Other sites (`https://news.example`) whose pages may ask from the browser."
    )
    drain_delay_s: float = Field(
        0, ge=0, description="Seconds a server that is told to end goes on while `/readyz` says no."
    )
    judge_model: str | None = Field(
        None, description="The model that judges answers in `dateline eval`; another than the one that writes them."
    )
    judge_base_url: HttpUrl | None = Field(None, description="The judge's server, when it is not the answers' one.")
    judge_api_key: SecretStr | None = Field(None, description="The key for `DATELINE_JUDGE_BASE_URL`.")
    slack_signing_secret: SecretStr | None = Field(
        None, description="Slack's signing secret for the app; with it the server answers `POST /slack/events`."
    )
    slack_bot_token: SecretStr | None = Field(None, description="The bot's token (`xoxb-…`) in one Slack workspace.")
    slack_app_token: SecretStr | None = Field(
        None, description="The app's token (`xapp-…`) for Socket Mode, `dateline slack`."
    )
    slack_client_id: str | None = Field(None, description="For several workspaces: the app's client id.")
    slack_client_secret: SecretStr | None = Field(None, description="The client secret that belongs to it.")
    slack_token_keys: SecretStr | None = Field(
        None, description="Seals workspaces' tokens; of several, separated by blanks, the first seals and all open."
    )
    slack_threads: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Channel ids, or `all`, where replies in Dateline's threads need no mention."
    )
    slack_api_url: HttpUrl = Field(HttpUrl("https://slack.com/api/"), description="Where Slack's Web API is.")
    traces: bool = Field(False, description="Send traces of a server to `OTEL_EXPORTER_OTLP_ENDPOINT` (OTLP, gRPC).")
    log_format: Literal["text", "json"] = Field("text", description="Log lines for people, or a JSON object a line.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="How much is logged to stderr."
    )

    @field_validator("home")
    @classmethod
    def _expanded(cls, home: Path) -> Path:
        return home.expanduser()

    @field_validator("sources", "fetch_allow_private", "slack_threads", "cors_origins", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """Environment variables separate with blanks what `dateline.toml` has as a list."""
        return tuple(value.split()) if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then `.env`, then `dateline.toml`."""
        return init_settings, env_settings, dotenv_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def uses_llm(self) -> bool:
        """Whether an LLM writes the answers."""
        configured = self.llm_base_url is not None or self.llm_api_key is not None
        return self.writer == "llm" or (self.writer == "auto" and configured)


def read_settings() -> Settings:
    """The settings of this process. Raises BadConfiguration naming the setting that is unknown or wrong."""
    _refuse_unknown()
    try:
        settings = Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "?"
        shown = name if name.isupper() else f"{PREFIX}{name.upper()}"
        raise BadConfiguration(f"The setting {shown} is wrong: {first['msg']}, not {first['input']!r}.") from error
    except ValueError as error:  # tomllib's own
        raise BadConfiguration(f"dateline.toml cannot be read: {error}.") from error
    if settings.writer == "llm" and settings.llm_base_url is None and settings.llm_api_key is None:
        raise BadConfiguration("DATELINE_WRITER is llm, but neither OPENAI_API_KEY nor DATELINE_LLM_BASE_URL is set.")
    return settings


def _refuse_unknown() -> None:
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    for where, name in _given():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(known)}."
            raise BadConfiguration(f"The setting {name} ({where}) is unknown. {hint}")


def _given() -> list[tuple[str, str]]:
    """Where and under what name our settings are set, whether or not we know them."""
    import tomllib

    given = [("environment", name.upper()) for name in os.environ if name.upper().startswith(PREFIX)]
    dotenv, toml = Path(".env"), Path("dateline.toml")
    if dotenv.is_file():
        from dotenv import dotenv_values

        try:
            names = dotenv_values(dotenv, encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadConfiguration(f".env cannot be read: {error}.") from error
        given += [(".env", name.upper()) for name in names if name.upper().startswith(PREFIX)]
    if toml.is_file():
        try:
            given += [("dateline.toml", f"{PREFIX}{name.upper()}") for name in tomllib.loads(toml.read_text("utf-8"))]
        except ValueError as error:
            raise BadConfiguration(f"dateline.toml cannot be read: {error}.") from error
    return given
