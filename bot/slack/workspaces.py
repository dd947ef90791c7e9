"""The workspaces Dateline is installed in: one by its token, or many by OAuth with their tokens sealed in the truth."""

import asyncio
import base64
import hashlib
import json
import logging
import secrets
from collections.abc import Sequence
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.clerk import Clerk
from bot.slack.reply import code
from index import SlackRecords

WAITS = 10  # times that a call waits as long as Slack asks (Retry-After) before it gives up
CALL_S = 30
DEAD_TOKEN = {"invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed"}

log = logging.getLogger(__name__)


class Seal:
    """Encrypts what is stored of an installation. Of several keys the first seals, all open: so keys are changed."""

    def __init__(self, keys: Sequence[str]) -> None:
        ciphers = [Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())) for key in keys]
        self._cipher = MultiFernet(ciphers)

    def seal(self, text: str) -> str:
        """The text, unreadable."""
        return self._cipher.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """The text again; None when it was sealed with another key."""
        try:
            return self._cipher.decrypt(sealed).decode()
        except InvalidToken:
            return None


class Workspaces:
    """Who we are in a workspace, and a client to call it with. Nothing of one workspace reaches another."""

    def __init__(self, records: SlackRecords, clerk: Clerk, api_url: str, token: str | None, seal: Seal | None) -> None:
        self._records = records
        self._clerk = clerk
        self._api_url = api_url
        self._token = token
        self._seal = seal
        self._known: AuthorizeResult | None = None  # of the one token
        self.cannot_stream: set[str] = set()

    def client(self, token: str | None) -> AsyncWebClient:
        """A client that waits when Slack says it is called too often. It repeats no call that may have arrived."""
        waiting = AsyncRateLimitErrorRetryHandler(max_retry_count=WAITS)
        return AsyncWebClient(token, base_url=self._api_url, timeout=CALL_S, retry_handlers=[waiting])

    def hasty_client(self, token: str | None) -> AsyncWebClient:
        """A client for what is nice to have: it waits for nothing."""
        return AsyncWebClient(token, base_url=self._api_url, timeout=3, retry_handlers=[])

    async def authorize(self, team_id: str | None, enterprise_id: str | None) -> AuthorizeResult | None:
        """Who we are there, with the token; None where we are not installed any more.

        Raises when Slack cannot be asked, so that the event is delivered again.
        """
        if self._token is None:
            return await self._installed(team_id, enterprise_id)
        if self._known is None:
            try:
                tested = await self.client(self._token).auth_test()
            except SlackApiError as error:
                if code(error) in DEAD_TOKEN:
                    log.error("Slack refuses DATELINE_SLACK_BOT_TOKEN (%s)", code(error))
                    return None
                raise RuntimeError(f"Slack's auth.test failed ({code(error)})") from error
            self._known = AuthorizeResult.from_auth_test_response(auth_test_response=tested, bot_token=self._token)
        return self._known

    async def _installed(self, team_id: str | None, enterprise_id: str | None) -> AuthorizeResult | None:
        for name in (team_id, enterprise_id):
            sealed = name and await self._clerk.do(self._records.installation, name)
            if sealed and self._seal and (text := self._seal.open(sealed)) is not None:
                installed = json.loads(text)
                return AuthorizeResult(
                    enterprise_id=installed["enterprise_id"],
                    team_id=team_id or installed["team_id"],
                    bot_id=installed["bot_id"],
                    bot_user_id=installed["bot_user_id"],
                    bot_token=installed["bot_token"],
                )
        return None


class SealedStore(AsyncInstallationStore):
    """Where the OAuth flow puts a new installation: the bot's part of it, sealed, in the truth."""

    def __init__(self, records: SlackRecords, seal: Seal) -> None:
        self._records = records
        self._seal = seal
        self._log = log

    @property
    def logger(self) -> logging.Logger:
        """The module's."""
        return self._log

    async def async_save(self, installation: Installation) -> None:
        """Keep an installation, over an earlier one of the same workspace."""
        name = installation.enterprise_id if installation.is_enterprise_install else installation.team_id
        if name is None or installation.bot_token is None:
            raise ValueError("Slack sent an installation without a workspace or without a bot token")
        kept = {
            "enterprise_id": installation.enterprise_id,
            "team_id": installation.team_id,
            "bot_id": installation.bot_id,
            "bot_user_id": installation.bot_user_id,
            "bot_token": installation.bot_token,
        }
        await asyncio.to_thread(self._records.install, name, self._seal.seal(json.dumps(kept)))

    async def async_save_bot(self, bot: Bot) -> None:
        """The bot's part is kept by `async_save`."""


class States(AsyncOAuthStateStore):
    """The OAuth flow's states: each good once, for ten minutes."""

    MAX_AGE = timedelta(minutes=10)

    def __init__(self, records: SlackRecords) -> None:
        self._records = records
        self._log = log

    @property
    def logger(self) -> logging.Logger:
        """The module's."""
        return self._log

    async def async_issue(self, *_args: object, **_kwargs: object) -> str:
        """A new state."""
        state = secrets.token_urlsafe(32)
        await asyncio.to_thread(self._records.issue_state, state)
        return state

    async def async_consume(self, state: str) -> bool:
        """Whether a state is ours, fresh, and comes for the first time."""
        return await asyncio.to_thread(self._records.use_state, state, self.MAX_AGE)
