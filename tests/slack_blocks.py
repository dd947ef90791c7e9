"""What Slack's Block Kit allows, as far as Dateline uses it: what is wrong with some blocks or a view."""

import re
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

MOST_BLOCKS, MOST_CHARACTERS = 50, 13_200
IN_A_CONTAINER = {"section", "context", "divider"}
LONGEST = {"section": 3000, "context": 3000, "header": 150, "markdown": 12_000, "actions": 75}
_BROKEN_LINK = re.compile(r"<(?:https?:)[^>]*\n|<https?:[^<>|]*\|[^<>|]*[|<]")


def wrong_with(blocks: Any, most: int = MOST_BLOCKS) -> str | None:
    """Slack's error for blocks, None when they are fine. The SDK's own models check their shapes and keys."""
    if not isinstance(blocks, list) or not blocks or len(blocks) > most:
        return f"invalid_blocks: {len(blocks)} blocks" if isinstance(blocks, list) else "invalid_blocks_format"
    for block in blocks:
        if wrong := _wrong_shape(block) or _wrong_inside(block):
            return f"invalid_blocks: {wrong}"
    if _characters(blocks) > MOST_CHARACTERS:
        return f"msg_blocks_too_long: {_characters(blocks)} characters"
    return None


def _wrong_shape(block: dict[str, Any]) -> str | None:
    parsed = Block.parse(block)
    if parsed is None:
        return f"unknown type {block.get('type')}"
    try:
        lost = set(block) - set(parsed.to_dict())
    except SlackObjectFormationError as error:
        return str(error)
    return f"{block['type']} has unknown {lost}" if lost else None


def wrong_with_view(view: Any) -> str | None:
    """Slack's error for a modal or a home tab."""
    if view.get("type") not in {"modal", "home"}:
        return "invalid_arguments: view type"
    if view["type"] == "modal":
        if lacking := {"title", "callback_id", "blocks"} - set(view):
            return f"invalid_arguments: a modal without {lacking}"
        for name in ("title", "submit", "close"):
            if len(view.get(name, {}).get("text", "")) > 24:
                return f"invalid_arguments: {name} is too long"
        if len(view.get("private_metadata", "")) > 3000:
            return "invalid_arguments: private_metadata is too long"
    return wrong_with(view["blocks"], most=100)


def texts(value: Any, key: str = "") -> list[tuple[str, str]]:
    """Every text that Slack would render, with the kind of its place; what is typed into a field is none."""
    if isinstance(value, dict):
        if value.get("type") in {"mrkdwn", "plain_text", "markdown", "markdown_text"} and isinstance(
            value.get("text"), str
        ):
            return [(value["type"], value["text"])]
        return [found for name, each in value.items() if name != "initial_value" for found in texts(each, name)]
    if isinstance(value, list):
        return [found for each in value for found in texts(each, key)]
    return [(key, value)] if isinstance(value, str) and key in {"text", "markdown_text", "status", "title"} else []


def _wrong_inside(block: dict[str, Any]) -> str | None:
    kind = block["type"]
    if kind == "container":
        children = block["child_blocks"]
        if len(children) > 10 or {each["type"] for each in children} - IN_A_CONTAINER:
            return "a container's children"
        return next((wrong for each in children if (wrong := _wrong_inside(each))), None)
    if kind == "actions" and any(len(button["value"]) > 2000 for button in block["elements"]):
        return "a button's value is too long"
    for place, text in texts(block):
        if not text or len(text) > LONGEST.get(kind, 3000):
            return f"a text of {len(text)} characters in a {kind}"
        if place in {"mrkdwn", "markdown"} and _BROKEN_LINK.search(text):
            return f"a broken link in {text[:80]!r}"
    return None


def _characters(value: Any) -> int:
    return sum(len(text) for _, text in texts(value))
