"""Questions of what has changed in an article: its sentences that the version before did not have."""

import re
from collections.abc import Sequence
from dataclasses import replace

from index import Archive, Evidence, UnknownArticle, stems

_PIECE = r"\b(?:article|story|report|piece|page|text|wording|version|coverage)s?\b"
_CHANGE = r"\b(?:chang|correct|updat|revis|amend|edit|rewrit)\w*"
_ASKS = re.compile(rf"\b(?:what|how|which|where)\b.*(?:{_CHANGE}.*{_PIECE}|{_PIECE}.*{_CHANGE})", re.I)
_ITS_WORDS = frozenset(
    stems("change changed correct corrected correction update updated revise revised amend amended edit edited")
)
_OF_PIECES = frozenset(stems("article story report piece page text wording version coverage"))


def asks_what_changed(question: str) -> bool:
    """Whether a question is about the change of an article, and not of what it reports."""
    return bool(_ASKS.search(question))


def without_change(weights: dict[str, float]) -> dict[str, float]:
    """The stems of such a question that say what the article is about: no sentence need say that it was changed."""
    return {stem: weight for stem, weight in weights.items() if stem not in _ITS_WORDS | _OF_PIECES} or weights


def changed(found: Sequence[Evidence], archive: Archive) -> tuple[Evidence, ...]:
    """The evidence with only those sentences that the article's version before did not have; none without such."""
    kept = []
    for each in found:
        before = _before(each, archive)
        passage = each.passage
        new = [] if before is None else [
            place for place, span in enumerate(passage.sentences) if _flat(passage.quote(span)) not in before
        ]  # fmt: skip
        if new:
            spans = tuple(passage.sentences[place] for place in new)
            nearness = tuple(each.similarities[place] for place in new)
            relevance = tuple(each.relevance[place] for place in new if each.relevance)
            passage = replace(passage, sentences=spans)
            kept.append(replace(each, passage=passage, similarities=nearness, relevance=relevance))
    return tuple(kept)


def _before(found: Evidence, archive: Archive) -> str | None:
    """The body of the version before the one that was found, on one line; None when it is the first."""
    try:
        versions = {version.number: version for version in archive.versions(found.article.id)}
    except UnknownArticle:  # it was removed since it was found
        return None
    number = next((each.number for each in versions.values() if each.id == found.passage.version_id), 0)
    older = [versions[each] for each in sorted(versions) if each < number]
    return _flat(older[-1].article.body) if older else None


def _flat(text: str) -> str:
    return " ".join(text.split())
