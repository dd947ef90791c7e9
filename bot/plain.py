"""Text of an article as plain text of an answer: nothing in it can become a link, an image, a tag or a citation."""

import re

_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\([^()\s]*\))?[^()]*\)")
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
_NUMBER = re.compile(r"\[(\d[\d.,\s–-]*)\]")
_ADDRESS = re.compile(r"\b(?:https?|ftp|file|data|javascript|mailto):(?://)?\S+", re.IGNORECASE)


def plain(text: str) -> str:
    """One line without markup: a link becomes its words, a tag nothing, an address its mention, [2] becomes (2)."""
    bare = _NUMBER.sub(r"(\1)", _TAG.sub("", _LINK.sub(r"\1", text)))
    return " ".join(_ADDRESS.sub("(link)", bare).split())
