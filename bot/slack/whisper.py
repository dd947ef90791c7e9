"""An answer that only its asker sees, sent whole to the address that a slash command or a shortcut brought.

Slack takes five messages there within thirty minutes: https://docs.slack.dev/interactivity/handling-user-interaction
"""

from collections.abc import Sequence
from typing import Any

from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.blocks import Block, markdown, size
from bot.slack.reply import BAD_BLOCKS, MESSAGE_WITH_BLOCKS, NOTIFIED
from bot.slack.text import cut


class Undelivered(Exception):
    """Slack does not take a message at this address any more."""


class Whisper:
    """One private answer. Text is collected; `finish` or `fail` sends it, in place of the notice that it is coming."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._text = ""

    async def task(self, name: str, title: str, *, done: bool) -> None:
        """Nothing: the command's own reply says that the archive is searched."""

    async def add(self, text: str) -> None:
        """More text, escaped, in standard Markdown."""
        self._text += text

    async def send_if_due(self) -> None:
        """Nothing: the answer is sent whole."""

    async def finish(self, rungs: Sequence[Sequence[Block]]) -> None:
        """Send the answer with the first of these blocks below that Slack takes. Raises Undelivered."""
        for rung in (*rungs, ()):
            text = self._text[: cut(self._text, MESSAGE_WITH_BLOCKS - min(size(rung), MESSAGE_WITH_BLOCKS // 2))]
            whole = [markdown(text), *rung] if text else list(rung)
            refused = await say(self._url, replace_original=True, text=text[: cut(text, NOTIFIED)], blocks=whole)
            if refused is None:
                return
            if refused not in BAD_BLOCKS:
                raise Undelivered(refused)

    async def fail(self, text: str) -> None:
        """Say what went wrong instead."""
        self._text += f"\n\n{text}" if self._text else text
        await self.finish([])

    async def break_off(self, text: str) -> None:
        """As `fail`: nothing was sent so far."""
        await self.fail(text)


async def say(url: str, **message: Any) -> str | None:
    """Send one message to a response address, to its asker alone unless it says otherwise; why Slack refused it."""
    sent = await AsyncWebhookClient(url).send_dict({"response_type": "ephemeral", **message})
    return None if sent.status_code == 200 else sent.body
