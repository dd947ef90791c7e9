"""The app's own place in Slack: the Home tab with the archive's state and one's questions, and what to ask first."""

import asyncio
from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext

from bot.engine import Writer
from bot.slack.asked import Asked
from bot.slack.blocks import Block
from bot.slack.text import escape
from bot.suggestions import suggestions
from index import Archive, Claim, Status

PROMPTS = 4  # Slack takes no more
QUESTIONS = 10
LONGEST_PROMPT_TITLE = 60
LONGEST_SHOWN = 300

ENDED = {
    "open": "being answered",
    "answered": "answered",
    "abstained": "no answer in the archive",
    "stopped": "stopped",
    "failed": "failed",
}


async def opened(event: dict[str, Any], context: AsyncBoltContext, archive: Archive, writer: Writer) -> None:
    """Fill the Home tab, or offer questions in the Messages tab."""
    assert context.client is not None
    if event.get("tab") == "messages":
        await context.client.assistant_threads_setSuggestedPrompts(
            channel_id=event["channel"], title="Ask the archive", prompts=await asyncio.to_thread(prompts, archive)
        )
        return
    team = context.team_id or context.enterprise_id or ""
    status = await asyncio.to_thread(archive.status)
    asked = await asyncio.to_thread(archive.slack.recent, team, event["user"], QUESTIONS)
    view = {"type": "home", "blocks": home(status, writer, asked)}
    await context.client.views_publish(user_id=event["user"], view=view)


def prompts(archive: Archive) -> list[dict[str, str]]:
    """Questions about the newest articles."""
    return [
        {"title": _short(each.article.title, LONGEST_PROMPT_TITLE), "message": each.question}
        for each in suggestions(archive, PROMPTS)
    ]


def home(status: Status, writer: Writer, asked: list[Claim]) -> list[Block]:
    """The blocks of the Home tab."""
    held = status.holdings
    dates = f"{held.oldest:%-d %B %Y} to {held.newest:%-d %B %Y}" if held.oldest and held.newest else "no dates"
    publishers = f"{len(status.publishers)} publishers" if len(status.publishers) != 1 else "1 publisher"
    written = f"written by {writer.model}, every sentence checked" if writer.model else "the articles' own sentences"
    return [
        _header("The archive"),
        _section(f"*{held.articles:,} articles* by {publishers}, {dates}.\nAnswers are {escape(written)}."),
        _header("Your questions"),
        *([_question(each) for each in asked] or [_section("None yet. Ask in the Messages tab, or mention me.")]),
    ]


def _question(claim: Claim) -> Block:
    asked = Asked.from_json(claim.asked)
    when = f"<!date^{int(claim.created_at.timestamp())}^{{date_short_pretty}}|{claim.created_at:%-d %B %Y}>"
    return _section(f"{escape(_short(' '.join(asked.text.split()), LONGEST_SHOWN))}\n_{ENDED[claim.state]}, {when}_")


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
