"""What stands below an answer in Slack: its sources with their exact quotes, how it was written, the buttons.

Made of the public Answer as JSON, so that a stored answer is shown as the live one. Limits of Block Kit:
https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from bot.slack.text import escape, link
from bot.times import age

Block = dict[str, Any]

SOURCES_SHOWN = 10
SOURCES_IN_ONE = 5  # two blocks each; a container takes ten
LONGEST_QUOTE = 900  # characters as they are sent, escaped
LONGEST_TITLE = 150
LONGEST_LINK = 1500

FEEDBACK, SHARE = "feedback", "share"


def rungs(answer: dict[str, Any], *, share: bool = False) -> list[list[Block]]:
    """The blocks below an answer, the best first; further ones are for a Slack that refuses the one before."""
    entries = [_entry(each, _time(answer["as_of"])) for each in answer["citations"][:SOURCES_SHOWN]]
    left = len(answer["citations"]) - len(entries)
    more = [_context(f"{left} more quotes are not shown here.")] if left > 0 else []
    note = [_context(_note(answer))]
    buttons = [_share(answer["answer_id"])] if share else []
    return [
        [*_containers(entries), *more, *note, *buttons, _feedback(answer["answer_id"])],
        [*chain(*entries), *more, *note, *buttons, _plain_feedback(answer["answer_id"])],
        [*note],
    ]


def urls(citations: Sequence[dict[str, Any]]) -> dict[int, str | None]:
    """Where each citation's number leads."""
    return {each["index"]: _url(each) for each in citations}


def markdown(text: str) -> Block:
    """Text in standard Markdown as a block."""
    return {"type": "markdown", "text": text}


def size(blocks: Sequence[Block]) -> int:
    """Characters in blocks, as Slack adds them up for a message."""
    return sum(_size(block) for block in blocks)


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return sum(
            len(each) if key in ("text", "value", "url") and isinstance(each, str) else _size(each)
            for key, each in value.items()
        )
    return sum(map(_size, value)) if isinstance(value, list) else 0


def _containers(entries: Sequence[Sequence[Block]]) -> list[Block]:
    blocks = []
    for first in range(0, len(entries), SOURCES_IN_ONE):
        some = entries[first : first + SOURCES_IN_ONE]
        which = f"{first + 1}–{first + len(some)}" if len(entries) > SOURCES_IN_ONE else str(len(some))
        blocks.append(
            {
                "type": "container",
                "title": {"type": "plain_text", "text": f"Sources · {which}"},
                "is_collapsible": True,
                "default_collapsed": True,
                "child_blocks": [block for entry in some for block in entry],
            }
        )
    return blocks


def _entry(citation: dict[str, Any], as_of: datetime) -> list[Block]:
    title = citation["title"]
    title = title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"
    heading = link(_url(citation), f"[{citation['index']}] {title}")
    published = _time(citation["published_at"]) if citation["published_at"] else None
    when = f"{published:%-d %B %Y}, {age(published, as_of)}" if published else "no date"
    facts = [escape(" ".join(fact.split())) for fact in (citation["publisher"], citation["byline"], when) if fact]
    text = f"{heading}\n>{_quoted(citation['quote'])}"
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
    return [section, _context(" · ".join(facts))]


def _quoted(quote: str) -> str:
    """An exact quote, or its exact beginning, as a quotation that goes over lines."""
    shown = quote
    while len(escape(shown)) > LONGEST_QUOTE:
        shown = shown[: len(shown) * LONGEST_QUOTE // (len(escape(shown)) + 1)]
    return escape(shown).replace("\n", "\n>") + ("" if shown == quote else " …")


def _url(citation: dict[str, Any]) -> str | None:
    """The quote in its article, or the article where that address is too long."""
    for url in (citation["highlight_url"], citation["url"]):
        if url and url.startswith(("http://", "https://")) and len(url) <= LONGEST_LINK:
            return str(url)
    return None


def _note(answer: dict[str, Any]) -> str:
    if answer["status"] == "abstained":
        return "Try a narrower question: name a person, a place or a date."
    model = escape(answer["model"] or "a model")
    written = f"Written by {model}, every sentence checked"
    facts = ["Extracts of the articles" if answer["writer"] == "extractive" else written]
    facts.append(f"as of {_time(answer['as_of']):%-d %B %Y}")
    if answer["status"] == "partial":
        facts.append("something was left out: it could not be proven from the articles")
    return " · ".join(facts)


def _feedback(answer_id: str) -> Block:
    def button(label: str, rating: str) -> dict[str, Any]:
        text = {"type": "plain_text", "text": label}
        return {"text": text, "value": f"{answer_id}:{rating}", "accessibility_label": f"{label} answer"}

    element = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": button("Good", "up"),
        "negative_button": button("Bad", "down"),
    }
    return {"type": "context_actions", "elements": [element]}


def _plain_feedback(answer_id: str) -> Block:
    return {
        "type": "actions",
        "elements": [
            _button(f"{FEEDBACK}_{rating}", label, f"{answer_id}:{rating}")
            for label, rating in (("Good answer", "up"), ("Bad answer", "down"))
        ],
    }


def _share(answer_id: str) -> Block:
    return {"type": "actions", "elements": [_button(SHARE, "Share to channel", answer_id)]}


def _button(action_id: str, label: str, value: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": label}
    return {"type": "button", "action_id": action_id, "text": text, "value": value}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
