"""An article from named fields, as records, front matter and page metadata give them."""

import hashlib
import re
import reprlib
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from index.article import Article
from index.errors import BadArticle
from index.normalise import normalise
from index.reading.corrections import find_note
from index.reading.dates import RIGHT_DATES, parse_date
from index.reading.decoding import LARGEST_ARTICLE

LONGEST_TITLE = 120  # characters of a title made from the first sentence

# The names a field goes by; the first that is there and not empty counts.
ALIASES = {
    "id": ("id",),
    "body": ("body", "text", "content"),
    "title": ("title", "headline"),
    "url": ("url", "link"),
    "byline": ("byline", "author", "authors"),
    "publisher": ("publisher", "source"),
    "section": ("section", "category"),
    "language": ("language", "lang"),
    "published_at": ("published_at", "date", "published", "publishedAt"),
    "modified_at": ("modified_at", "modified", "updated"),
}

_CAPITALS = "A-ZÀ-ÖØ-Þ"
_DATELINE = re.compile(
    rf"(?P<place>[{_CAPITALS}](?:[{_CAPITALS}.'’/-]| (?=[{_CAPITALS}]))*[{_CAPITALS}.]"
    rf"(?:, (?!(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)\b)[{_CAPITALS}][^\W\d_]*\.?"
    rf"(?:[ .][{_CAPITALS}][^\W\d_]*\.?){{0,3}})?)"
    r"(?:,? (?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.? \d{1,2}(?:, \d{4})?)?"
    r"(?: \([^()\n]{1,40}\))?"
    r"(?: (?:--?|–|—) | ?[–—] ?(?=\S))"
)
_NO_PLACES = frozenset(
    "BREAKING UPDATE UPDATED WATCH EXCLUSIVE OPINION VIDEO LIVE ANALYSIS CORRECTION NEWS REVIEW PHOTOS LISTEN".split()
)


def article_from_fields(fields: Mapping[str, object], source: str) -> Article:
    """The article that these fields describe; `source` is where they were read, for errors and identity.

    The names in ALIASES are understood and others ignored; None and empty text count as missing. The id is the
    one given, else it is made from the URL, else from `source`. Raises BadArticle naming the field at fault.
    """
    body = _body(fields, source)
    url = _url(fields, source)
    given = _value(fields, "id")
    if given is not None and (isinstance(given[1], bool) or not isinstance(given[1], str | int)):
        raise _wrong_type(source, *given, "text or a whole number")
    title = _line(fields, "title", source) or title_from(body)
    published_at, modified_at = _moment(fields, "published_at", source), _moment(fields, "modified_at", source)
    return Article(
        id=(" ".join(normalise(str(given[1])).split()) if given else "") or made_id(url or source),
        source=source.encode("utf-8", "replace").decode(),  # a file's name need not be text
        title=title,
        body=body,
        url=url,
        byline=_line(fields, "byline", source),
        publisher=_line(fields, "publisher", source),
        section=_line(fields, "section", source),
        language=_line(fields, "language", source),
        dateline=find_dateline(body),
        published_at=published_at,
        modified_at=modified_at,
        published_origin="fields" if published_at else None,
        modified_origin="fields" if modified_at else None,
        correction=find_note(body),
    )


def made_id(identity: str) -> str:
    """The id of an article that was given none: stable for the same URL or path."""
    return "a-" + hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def title_from(body: str) -> str:
    """The first sentence of a body, shortened at a word to LONGEST_TITLE characters."""
    from index.segmenter import sentences

    opening = body.lstrip()[: 10 * LONGEST_TITLE]
    start, end = sentences(opening)[0]
    title = " ".join(opening[start:end].split())
    if len(title) <= LONGEST_TITLE:
        return title
    cut = title.rfind(" ", LONGEST_TITLE // 2, LONGEST_TITLE)
    return title[: cut if cut > 0 else LONGEST_TITLE - 1].rstrip(" ,;:–—-") + "…"


def find_dateline(body: str) -> str | None:
    """The place a wire-style opening names ("NAPLES, Italy – The troops" gives "NAPLES, Italy"), else None."""
    found = _DATELINE.match(body[:200])
    if found is None or found["place"].split()[0] in _NO_PLACES or len(found["place"].split()) > 6:
        return None
    return found["place"]


def _value(fields: Mapping[str, object], name: str) -> tuple[str, object] | None:
    """The alias under which a field is given, and its value; None if it is missing or empty."""
    for alias in ALIASES[name]:
        value = fields.get(alias)
        if value is not None and value not in ([], {}) and not (isinstance(value, str) and not value.strip()):
            return alias, value
    return None


def _body(fields: Mapping[str, object], source: str) -> str:
    found = _value(fields, "body")
    if found is None:
        raise BadArticle(source, f"It has no text: one of the fields {', '.join(ALIASES['body'])} must be given.")
    alias, value = found
    if not isinstance(value, str):
        raise _wrong_type(source, alias, value, "text")
    if len(value) > LARGEST_ARTICLE:
        raise BadArticle(source, f"The field {alias!r} has {len(value)} characters; {LARGEST_ARTICLE} are allowed.")
    body = normalise(value)
    if not body.strip():
        raise BadArticle(source, f"The field {alias!r} holds no visible text.")
    return body


def _line(fields: Mapping[str, object], name: str, source: str) -> str | None:
    """A field of one line; lists become "a, b", and {"name": …} is its name."""
    found = _value(fields, name)
    if found is None:
        return None
    alias, value = found
    parts = value if isinstance(value, list | tuple) else [value]
    names = [part.get("name") if isinstance(part, Mapping) else part for part in parts]
    texts = [text for text in names if isinstance(text, str)]
    if len(texts) != len(names) or (name in ("title", "language") and not isinstance(value, str)):
        raise _wrong_type(source, alias, value, "text")
    return ", ".join(filter(None, (" ".join(normalise(text).split()) for text in texts))) or None


def _url(fields: Mapping[str, object], source: str) -> str | None:
    found = _value(fields, "url")
    if found is None:
        return None
    alias, value = found
    if not isinstance(value, str):
        raise _wrong_type(source, alias, value, "text")
    url = value.strip()
    # Answers link to it, so it must be nothing but a web address.
    if not _is_web_address(url):
        raise BadArticle(
            source,
            f"The field {alias!r} is {_shown(value)}, which is no web address; "
            "write it like https://example.com/story or leave it out.",
        )
    return url


def _is_web_address(url: str) -> bool:
    if not re.fullmatch(r"https?://[^\s<>\"\x00-\x1f\ud800-\udfff]+", url, re.IGNORECASE):
        return False
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _moment(fields: Mapping[str, object], name: str, source: str) -> datetime | None:
    found = _value(fields, name)
    if found is None:
        return None
    alias, value = found
    try:
        return parse_date(value)
    except ValueError as error:
        raise BadArticle(
            source,
            f"The field {alias!r} is {_shown(value)}, which cannot be read as a date: {error}. "
            f"Write it like {RIGHT_DATES}, or leave it out.",
        ) from None


def _wrong_type(source: str, alias: str, value: object, wanted: str) -> BadArticle:
    return BadArticle(source, f"The field {alias!r} must be {wanted}, not {type(value).__name__} ({_shown(value)}).")


def _shown(value: object) -> str:
    shown = reprlib.repr(value)  # bounded: a value may be nested to any size
    return shown if len(shown) <= 60 else shown[:57] + "…"
