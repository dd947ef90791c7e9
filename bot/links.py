"""Links that open an article at a quote."""

from pathlib import Path
from urllib.parse import quote, urldefrag, urlsplit

from index import Article

LONG_QUOTE = 12  # words; a longer one is named by its first and last words, as browsers do
ENDS = 5


def highlight_url(article: Article, text: str) -> str | None:
    """The article's page with a text fragment that scrolls to the quote and marks it.

    Text fragments: https://wicg.github.io/scroll-to-text-fragment/. An article without a URL is linked as the file
    it was read from; None when there is neither.
    """
    if article.url and urlsplit(article.url).scheme in ("http", "https"):
        return f"{urldefrag(article.url).url}#:~:text={_fragment(text)}"
    path = Path(article.source.partition("#")[0])
    return path.as_uri() if path.is_absolute() else None


def _fragment(text: str) -> str:
    words = text.split()
    if len(words) <= LONG_QUOTE:
        return _escape(" ".join(words))
    return f"{_escape(' '.join(words[:ENDS]))},{_escape(' '.join(words[-ENDS:]))}"


def _escape(text: str) -> str:
    # A hyphen, a comma and an ampersand have meanings of their own in a text fragment.
    return quote(text, safe="").replace("-", "%2D")
