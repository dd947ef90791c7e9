"""One claimed question answered where it was asked: in its thread, or to its asker alone."""

import asyncio
import logging
from collections.abc import Callable

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.answer import Question
from bot.engine import Writer
from bot.slack.answering import Shown, show
from bot.slack.asked import Asked
from bot.slack.memory import before, left_behind, remember
from bot.slack.reply import UNREACHED, Address, Reply, code
from bot.slack.whisper import Whisper
from bot.slack.workspaces import Workspaces
from index import Archive, Claim

NOT_IN_HERE = {"not_in_channel", "channel_not_found", "is_archived", "restricted_action"}
NOT_HERE = "I cannot write in that channel. Invite me with `/invite`, or ask for an answer to you alone."

log = logging.getLogger(__name__)


class Delivery:
    """The way of one question's answer."""

    def __init__(
        self,
        claim: Claim,
        asked: Asked,
        archive: Archive,
        writer: Writer,
        workspaces: Workspaces,
        clock: Callable[[], float],
    ) -> None:
        self._claim = claim
        self._asked = asked
        self._archive = archive
        self._writer = writer
        self._workspaces = workspaces
        self._clock = clock
        self._shown: Shown | None = None
        self._token: str | None = None
        self._bot_user: str | None = None

    async def sign(self, *, waits: bool) -> None:
        """Show at once that the question has arrived. Raises when we are no longer installed there."""
        who = await self._workspaces.authorize(self._claim.place.team, self._asked.enterprise)
        if who is None or who.bot_token is None:
            raise RuntimeError(f"Dateline is not installed in the workspace {self._claim.place.team}")
        self._token, self._bot_user = who.bot_token, who.bot_user_id
        if self._asked.private:
            return
        status = "answers other questions first…" if waits else "searches the archive…"
        place = self._claim.place
        try:
            await self._hasty().assistant_threads_setStatus(
                channel_id=place.channel, thread_ts=place.thread, status=status
            )
        except (SlackApiError, *UNREACHED) as error:
            log.info("no status can be shown (%s)", code(error))

    async def answer(self) -> tuple[str, str | None]:
        """Answer: how it ended, and the answer's id."""
        shown = self._shown = await self._where()
        conversation, said = await before(self._asked, self._archive, self._hasty())
        question = Question(self._asked.text, conversation_id=conversation, earlier=said, owner=self._asked.owner)
        value = await show(question, self._archive, self._writer, shown, share=self._asked.private)
        if isinstance(shown, Reply) and not shown.may_stream:
            self._workspaces.cannot_stream.add(self._claim.place.team)
        if value is None:
            return "failed", None
        await remember(self._asked, value["conversation_id"], self._archive)
        return ("abstained" if value["status"] == "abstained" else "answered"), value["answer_id"]

    async def break_off(self, text: str, error: BaseException | None = None) -> None:
        """Say that it goes no further."""
        if error is not None and code(error) in NOT_IN_HERE and self._asked.response_url:
            await Whisper(self._asked.response_url).fail(NOT_HERE)
            return
        shown = self._shown or await self._where()
        await shown.break_off(text)
        await self._settle_session()

    async def _where(self) -> Shown:
        if self._asked.private:
            assert self._asked.response_url is not None
            return Whisper(self._asked.response_url)
        place, goes_on = self._claim.place, self._claim.reply_ts
        if goes_on is None and self._claim.attempts > 1:
            goes_on = await left_behind(self._asked, self._bot_user, self._archive, self._hasty())
        reply = Reply(
            self._workspaces.client(self._token),
            Address(place.channel, place.thread, place.team, self._asked.user),
            self._begun,
            stream=place.team not in self._workspaces.cannot_stream,
            goes_on=goes_on,
            clock=self._clock,
        )
        if goes_on is not None:
            await reply.take_up()
        return reply

    async def _begun(self, ts: str) -> None:
        await asyncio.to_thread(self._archive.slack.begun, self._claim.id, ts)

    def _hasty(self) -> AsyncWebClient:
        return self._workspaces.hasty_client(self._token)

    async def _settle_session(self) -> None:
        """The session's spinner and its stop button go away; ending a stream does that by itself."""
        if self._asked.private:
            return
        place = self._claim.place
        try:
            await self._hasty().agents_sessions_setStatus(
                channel_id=place.channel, thread_ts=place.thread, status="active"
            )
        except (SlackApiError, *UNREACHED) as error:
            log.info("no session can be settled (%s)", code(error))
