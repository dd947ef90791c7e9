"""Text made canonical before it is stored, so that offsets and quotes mean the same everywhere."""

import re
import sys
import unicodedata
from functools import cache

_NEWLINES = {"\r\n": "\n", "\r": "\n", "\v": "\n", "\f": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n\n"}
_NEWLINE = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Format characters that are seen on the page, unlike the rest of their category.
_VISIBLE_FORMAT = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")


def normalise(text: str) -> str:
    """NFC text with LF line ends, plain spaces, at most one blank line in a row and nothing invisible in it.

    Soft hyphens, zero-width, direction and tag characters go (hidden text is a way to smuggle instructions
    in), and so do control characters and lone surrogates. Quotation marks and dashes stay as they were
    written. Leading and trailing blank lines go. Idempotent: `normalise(normalise(x)) == normalise(x)`.
    """
    text = _NEWLINE.sub(lambda found: _NEWLINES[found[0]], text)
    text = text if text.isascii() and text.isprintable() else text.translate(_characters())
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"(?<! ) +\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).lstrip("\n").rstrip("\n ")


@cache
def _characters() -> dict[int, str | None]:
    """What becomes of each character that is a space, a control or invisible; the rest are not in the table."""
    table: dict[int, str | None] = {ord("\t"): " "}
    for code in (*range(0x3100), *range(0xD800, 0xE000), *range(0xFE00, 0x10000), *range(0x11000, 0x11100)):
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Zs":
            table[code] = " "
        elif category in ("Cc", "Cs", "Cf") and character not in _VISIBLE_FORMAT and character not in "\n\t":
            table[code] = None
    table.update(dict.fromkeys((0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0), " "))  # fillers: blank, though not spaces
    table.update(dict.fromkeys(range(0x1BCA0, 0x1BCA4)))
    table.update(dict.fromkeys(range(0x1D173, 0x1D17B)))
    table.update(dict.fromkeys(range(0xE0000, min(0xE1000, sys.maxunicode))))  # tags and unseen variation selectors
    return table
