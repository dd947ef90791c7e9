"""An answer as it appears in a thread: streamed while Slack streams, else posted and edited, ended exactly once.

Slack ends a stream five minutes after it began, fed or not, with `message_not_in_streaming_state`, and the text that
was not yet sent is lost unless we bring it: https://docs.slack.dev/reference/methods/chat.appendStream
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.blocks import Block, markdown, size
from bot.slack.text import cut, open_fence

MESSAGE = 11_000  # characters; Slack takes 12,000 in one text
MESSAGE_WITH_BLOCKS = 12_500  # characters; all blocks of a message together fail from about 13,200
STREAM_S = 240.0  # Slack ends a stream at 300
SEND_CHARS, SEND_S = 256, 0.75  # an append carries so much text, or waits so long
EDIT_S = 1.0  # chat.update is allowed about once a second

REFUSED = {"unknown_method", "feature_not_enabled", "method_deprecated", "not_allowed_token_type", "missing_scope"}
GONE = {"message_not_found", "cant_update_message", "edit_window_closed"}
BAD_BLOCKS = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_arguments"}
NOTIFIED = 3_000  # characters of an answer that a notification has
# What a call raises that may have arrived or not: the connection broke, or no answer came in time.
UNREACHED = (ClientError, TimeoutError, OSError)
TRIES = 3  # of an edit, which says the same however often it arrives

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a reply goes, and to whom; a stream in a channel must name its reader."""

    channel: str
    thread: str
    team: str
    user: str


class Reply:
    """One reply in a thread. Text is added; it goes out in few calls; `finish`, `fail` or `stop` ends it."""

    def __init__(
        self,
        client: AsyncWebClient,
        address: Address,
        begun: Callable[[str], Awaitable[None]],
        *,
        stream: bool = True,
        goes_on: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`begun` hears the ts of each message. `goes_on` is a message of an earlier try, to be written anew."""
        self._client = client
        self._address = address
        self._begun = begun
        self._clock = clock
        self.may_stream = stream
        self._streaming = stream and goes_on is None
        self._ts = goes_on
        self._shown = ""  # what the present message says
        self._waiting = ""
        self._tasks: dict[str, Block] = {}
        self._opened = self._sent = 0.0
        self.visible = goes_on is not None

    async def task(self, name: str, title: str, *, done: bool) -> None:
        """Show a step of the work."""
        status = "complete" if done else "in_progress"
        self._tasks[name] = {"type": "task_update", "id": name, "title": title, "status": status}
        await self.send_if_due()

    async def add(self, text: str) -> None:
        """More text, escaped, in standard Markdown."""
        self._waiting += text
        await self.send_if_due()

    @property
    def due_in(self) -> float | None:
        """Seconds until what waits should go out; None when nothing waits."""
        if not self._waiting and not self._tasks:
            return None
        if not self.visible or (self._streaming and len(self._waiting) >= SEND_CHARS):
            return 0.0
        pause = SEND_S if self._streaming else EDIT_S
        return max(0.0, pause - (self._clock() - self._sent))

    async def send_if_due(self) -> None:
        """Send what waits, if enough does or it has waited long enough."""
        if self.due_in == 0.0:
            await self._send_all()

    async def finish(self, rungs: Sequence[Sequence[Block]]) -> None:
        """Send what waits and end with blocks below; of these, the first that Slack takes."""
        if self._ts is None or len(self._shown) + len(self._waiting) > MESSAGE:
            await self._send_all()
        for rung in rungs:
            try:
                await self._end(list(rung))
            except _Refused as refused:
                log.warning("Slack refused the blocks below an answer (%s)", refused)
            else:
                return
        await self._end([])

    async def fail(self, text: str) -> None:
        """End by saying what went wrong, below what was said before."""
        await self.add(f"\n\n{text}" if self._shown or self._waiting else text)
        await self.finish([])

    async def break_off(self, text: str) -> None:
        """End in the middle. What was being sent may have arrived or not, so the message is written anew."""
        await self.take_up()
        await self.fail(text)

    async def take_up(self) -> None:
        """Prepare a message for being written anew: it may still be streaming."""
        self._streaming = False
        if self._ts is not None:
            with suppress(SlackApiError, *UNREACHED):
                await self._client.chat_stopStream(channel=self._address.channel, ts=self._ts)

    async def _send_all(self) -> None:
        while True:
            if self._streaming and self._ts is not None and self._clock() - self._opened >= STREAM_S:
                await (self._turn_over() if self._shown else self.take_up())
            room = MESSAGE - len(self._shown)
            at = cut(self._waiting, room) or (0 if self._shown else room)
            if at or self._tasks:
                await self._send(self._waiting[:at])
            self._waiting = self._waiting[at:]
            if not self._waiting:
                return
            await self._turn_over()

    async def _turn_over(self) -> None:
        """End the present message; what comes next begins another one. A code block is closed and opened again."""
        fence = open_fence(self._shown)
        if fence:
            await self._send("\n```")
        if self._ts is not None and self._streaming:
            await self._stop_stream([], "")
        self._ts, self._shown, self._streaming = None, "", self.may_stream
        self._waiting = f"{fence}\n{self._waiting.lstrip()}" if fence else self._waiting.lstrip()

    async def _send(self, piece: str) -> None:
        if not (self._streaming and await self._stream(piece)):
            await self._edit(piece)
        self._sent = self._clock()

    async def _stream(self, piece: str) -> bool:
        """Stream a piece; whether that went well. When it did not, an edit brings the whole text, whatever arrived."""
        try:
            if self._ts is None:
                await self._start_stream(piece)
            else:
                channel = self._address.channel
                await self._client.chat_appendStream(channel=channel, ts=self._ts, chunks=self._chunks(piece))
        except (SlackApiError, *UNREACHED) as error:
            log.info("a stream went no further (%s); its message is edited from here", code(error))
            if self._ts is None and code(error) in REFUSED:
                self.may_stream = False
            self._streaming = False
            return False
        self._shown += piece
        self._tasks.clear()
        return True

    async def _start_stream(self, piece: str) -> None:
        address = self._address
        started = await self._client.chat_startStream(
            channel=address.channel,
            thread_ts=address.thread,
            recipient_team_id=address.team,
            recipient_user_id=address.user,
            task_display_mode="timeline",
            chunks=self._chunks(piece),
        )
        self._opened = self._clock()
        await self._opened_as(str(started["ts"]))

    def _chunks(self, piece: str) -> list[Block]:
        return [*self._tasks.values(), *([{"type": "markdown_text", "text": piece}] if piece else [])]

    async def _edit(self, piece: str) -> None:
        """The present message with a piece more; a new message for the piece where the present one is gone."""
        step = "".join(f"_{each['title']}…_" for each in list(self._tasks.values())[-1:])
        self._tasks.clear()
        text = self._shown + piece or step
        if self._ts is not None and text and not await self._update(markdown_text=text):
            self._ts, self._shown, text = None, "", piece or step
        self._shown += piece
        if self._ts is None and text:
            await self._opened_as(await self._post(markdown_text=text))

    async def _update(self, **content: Any) -> bool:
        """Make the present message say something else; False when it is gone."""
        for left in reversed(range(TRIES)):
            try:
                await self._client.chat_update(channel=self._address.channel, ts=str(self._ts), **content)
                break
            except SlackApiError as error:
                if code(error) in GONE:
                    return False
                raise
            except UNREACHED:
                if not left:
                    raise
                await asyncio.sleep(EDIT_S)
        return True

    async def _post(self, **content: Any) -> str:
        address = self._address
        posted = await self._client.chat_postMessage(
            channel=address.channel, thread_ts=address.thread, unfurl_links=False, unfurl_media=False, **content
        )
        return str(posted["ts"])

    async def _opened_as(self, ts: str) -> None:
        self._ts, self.visible = ts, True
        await self._begun(ts)

    async def _end(self, blocks: list[Block]) -> None:
        """Send what waits, end the message. Raises _Refused when the blocks are at fault; nothing was sent then."""
        apart = bool(blocks) and len(self._shown) + len(self._waiting) + size(blocks) > MESSAGE_WITH_BLOCKS
        below = [] if apart else blocks
        try:
            if self._streaming:
                await self._stop_stream(below, self._waiting)
            else:
                await self._close(below, self._waiting)
            self._waiting = ""
            if apart:
                await self._post(blocks=blocks, text="Sources")
        except SlackApiError as error:
            if not blocks or code(error) not in BAD_BLOCKS:
                raise
            raise _Refused(code(error)) from error

    async def _stop_stream(self, blocks: list[Block], piece: str) -> None:
        try:
            await self._client.chat_stopStream(
                channel=self._address.channel,
                ts=str(self._ts),
                chunks=self._chunks(piece) or None,
                blocks=blocks or None,
            )
        except (SlackApiError, *UNREACHED) as error:
            if blocks and code(error) in BAD_BLOCKS:
                raise
            self._streaming = False
            await self._close(blocks, piece)
        else:
            self._shown += piece
            self._tasks.clear()

    async def _close(self, blocks: list[Block], piece: str) -> None:
        """End a message that is not streamed, or no more."""
        self._tasks.clear()
        if not blocks:
            await self._edit(piece)
            return
        text = self._shown + piece
        said = text[: cut(text, NOTIFIED)] or "Sources"
        whole = [markdown(text), *blocks] if text else blocks
        if not await self._update(text=said, blocks=whole):
            whole = [markdown(piece), *blocks] if piece else blocks
            await self._opened_as(await self._post(text=said, blocks=whole))
        self._shown = text


class _Refused(Exception):
    """Slack does not take these blocks."""


def code(error: BaseException) -> str:
    """Slack's name for what went wrong, or ours."""
    response = getattr(error, "response", None)
    data = getattr(response, "data", response)
    return str(data.get("error", "")) if isinstance(data, dict) else type(error).__name__
