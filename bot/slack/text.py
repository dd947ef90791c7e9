"""Text to and from Slack: nothing that somebody wrote can become a mention, a link or a marker of ours.

Slack reads `<…>` as a mention or a link in every kind of message text; with & < > escaped, nothing of it is left.
https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Mapping
from html import unescape
from itertools import takewhile
from urllib.parse import quote

_MARKER = re.compile(r"\[(\d+)\]")
_ANGLED = re.compile(r"<([^<>]*)>")
# What must stay in one piece: a link of either form, a code span, a citation marker.
_WHOLE = re.compile(r"<[^<>\n]*>|!?\[[^\[\]\n]*\]\([^()\n]*\)|(?<!`)`[^`\n]+`(?!`)|\[\d+\]|&(?:amp|lt|gt);")
_NOT_IN_A_LINK = re.compile(r"[<>|\s\x00-\x1f\x7f]")
_FENCE = re.compile(r"^```(.*)$", re.MULTILINE)
# Where a text may be cut, the best first: behind a paragraph, a line, a sentence, a word.
_CUTS = (re.compile(r"\n\n+"), re.compile(r"\n"), re.compile(r"[.!?…][”\"’')\]>]* "), re.compile(r" "))


def escape(text: str) -> str:
    """Text of others as it may stand in a message."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def readable(text: str, bot_user: str | None = None) -> str:
    """A message's text as a person reads it: mentions and links become their names, ours is left out."""

    def named(angled: re.Match[str]) -> str:
        target, _, label = angled[1].partition("|")
        if target == f"@{bot_user}":
            return ""
        if target.startswith("!"):
            return label or f"@{target[1:].partition('^')[0]}"
        if target.startswith(("@", "#")):
            return f"{target[0]}{label.lstrip('@#')}" if label else ""
        return label or target

    return " ".join(unescape(_ANGLED.sub(named, text)).split(" ")).strip()


def link(url: str | None, label: str) -> str:
    """A link that no label or address can break out of; the label alone where there is no web address."""
    shown = escape(" ".join(label.replace("|", "¦").split()))
    if url is None or not url.lower().startswith(("http://", "https://")):
        return shown
    safe = _NOT_IN_A_LINK.sub(lambda found: quote(found[0]), url)
    return f"<{escape(safe)}|{shown}>"


def linked(text: str, urls: Mapping[int, str | None]) -> str:
    """A stretch of an answer, escaped, each of its citation numbers a link."""

    def marker(found: re.Match[str]) -> str:
        return link(urls.get(int(found[1])), found[0])

    return _MARKER.sub(marker, escape(text))


def cut(text: str, room: int) -> int:
    """Where to cut a text so that the first part fits: behind the last paragraph, line, sentence or word, or anywhere.

    Never within a link, a code span, a marker or an entity, unless one is longer than `room`; 0 when nothing fits.
    """
    if len(text) <= room:
        return len(text)
    whole = [match.span() for match in takewhile(lambda match: match.start() < room, _WHOLE.finditer(text))]

    def within(at: int) -> bool:
        return any(start < at < end for start, end in whole)

    for pattern in _CUTS:
        ends = [match.end() for match in pattern.finditer(text, 0, room) if not within(match.end())]
        if ends and ends[-1] > room // 4:
            return ends[-1]
    at = room
    while at > 0 and within(at):
        at -= 1
    return at


def open_fence(text: str) -> str | None:
    """The line that opened the code block which a text ends in, None outside of one."""
    fences = _FENCE.findall(text)
    return f"```{fences[-1]}" if len(fences) % 2 else None
