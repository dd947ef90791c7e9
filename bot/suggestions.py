"""Questions to begin with, taken from the newest articles: on the page, and as Slack's suggested prompts."""

from dataclasses import dataclass
from itertools import islice

from index import Archive, Article, UnknownArticle

LOOKED_AT = 40  # newest articles, so that several publishers have their turn
LONGEST_TITLE = 90  # characters; a longer one is no headline


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question about one article; the headline stands in quotation marks, so no time is read from its words."""

    article: Article
    question: str


def suggestions(archive: Archive, count: int) -> tuple[Suggestion, ...]:
    """Up to `count` questions about the newest articles, the newest of each publisher before any one's second."""
    newest = [each.article for each in archive.articles(LOOKED_AT) if 0 < len(each.article.title) <= LONGEST_TITLE]
    turns: dict[str | None, int] = {}
    ranked = []
    for place, article in enumerate(newest):
        turn = turns[article.publisher] = turns.get(article.publisher, -1) + 1
        ranked.append((turn, place, article))
    ranked.sort(key=lambda each: each[:2])
    sound = (each for _, _, each in ranked if _is_sound(each, archive))
    return tuple(Suggestion(each, f"What is the story behind “{each.title}”?") for each in islice(sound, count))


def _is_sound(article: Article, archive: Archive) -> bool:
    """Whether an article is still there, and uncorrected: its headline may be what was wrong."""
    try:
        return archive.correction(article.id) is None
    except UnknownArticle:
        return False
