"""A file's bytes, and the text they stand for."""

import codecs
import re
from pathlib import Path

from index.errors import BadArticle

LARGEST_ARTICLE = 20_000_000  # bytes; a newspaper page has a few thousand, a book a million
_MOST_CONTROLS = 0.01  # share of control characters above which a file is no text
_MOST_ACCENTS = 0.15  # share of letters beyond ASCII above which a text is hardly Western European
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16's mark, so it is asked for first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DAMAGED_UTF8 = re.compile(rb"\xe2\x80[\x80-\xbf]|\xc3[\x80-\xbf]|\xc2[\xa0-\xbf]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def read_bytes(path: Path, limit: int = LARGEST_ARTICLE) -> bytes:
    """All bytes of a file that holds at most `limit` of them.

    Raises BadArticle for an empty file and for a larger one, OSError if it cannot be read.
    """
    size = path.stat().st_size
    if size > limit:
        raise BadArticle(
            str(path),
            f"The file has {size / 1e6:.1f} MB, more than the {limit / 1e6:.0f} MB one article may have; "
            "split it, or turn a collection into .jsonl, which may be of any size.",
        )
    content = path.read_bytes()
    if not content.strip():
        raise BadArticle(str(path), "The file is empty.")
    return content


def decode(content: bytes, source: str) -> str:
    """The text of these bytes: UTF-8, UTF-16 or UTF-32 with a byte order mark, or Windows-1252 when it is plain.

    Raises BadArticle for what is no text, and for an encoding that would have to be guessed.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _text(_decoded(content, encoding, source), source)
    if b"\0" in content:
        raise BadArticle(
            source,
            f"It is not a text file: byte {content.index(0)} is NUL. If it is UTF-16, save it as UTF-8.",
        )
    try:
        return _text(content.decode(), source)
    except UnicodeDecodeError as error:
        return _text(_guessed(content, error, source), source)


def _decoded(content: bytes, encoding: str, source: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        raise BadArticle(
            source, f"It begins as {name}, but byte {error.start} is not {name}; save it again as UTF-8."
        ) from None


def _guessed(content: bytes, error: UnicodeDecodeError, source: str) -> str:
    """Windows-1252 if the text looks like it, else what charset-normalizer is sure of."""
    if not _DAMAGED_UTF8.search(content):  # such pairs make UTF-8 with an error in it, not another encoding
        from charset_normalizer import from_bytes

        western = from_bytes(content, cp_isolation=["cp1252"]).best()
        if western is not None and _share_of_accents(str(western)) <= _MOST_ACCENTS:
            return str(western)
        best = from_bytes(content).best()
        if best is not None and best.percent_chaos < 5 and best.percent_coherence > 50:
            return str(best)
    raise BadArticle(
        source,
        f"Byte {error.start} is not UTF-8, and no other encoding is certain. Convert the file, for example with "
        "`iconv -f WINDOWS-1252 -t UTF-8`, naming the encoding it has.",
    )


def _share_of_accents(text: str) -> float:
    letters = [character for character in text if character.isalpha()]
    return sum(not letter.isascii() for letter in letters) / max(1, len(letters))


def _text(text: str, source: str) -> str:
    controls = len(_CONTROL.findall(text))
    if controls > max(2, len(text) * _MOST_CONTROLS):
        raise BadArticle(source, f"It is not a text file: {controls} of its {len(text)} characters are control codes.")
    return text
