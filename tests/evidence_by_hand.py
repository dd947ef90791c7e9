"""Evidence made from small bodies, as a search would find it: one passage an article, cut into its sentences."""

from datetime import UTC, datetime

from index import Article, Evidence, Passage, sentences


def evidence(
    body: str,
    place: int = 1,
    *,
    title: str = "Troops to leave",
    publisher: str | None = "The Sahel Post",
    byline: str | None = "Ama Diallo",
    published: datetime | None = datetime(2023, 10, 4, 12, tzinfo=UTC),
) -> Evidence:
    """One found passage that is the whole body of an article; `place` tells articles apart."""
    article = Article(
        id=f"article-{place}",
        source=f"articles.jsonl#{place}",
        title=title,
        body="",
        url=f"https://news.example/{place}",
        publisher=publisher,
        byline=byline,
        published_at=published,
    )
    spans = sentences(body)
    passage = Passage(place, place, 0, 0, len(body), body, spans)
    return Evidence(passage, article, 1.0 / place, ("dense",), (0.5,) * len(spans))
