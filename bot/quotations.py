"""Words inside quotation marks: verbatim in the source, not put together from several places, by the one named."""

import re
from collections.abc import Sequence
from functools import lru_cache

from bot.names import known_names, same_person, speakers

_QUOTED = re.compile(r"“([^“”]+)”|\"([^\"]+)\"|(?<!\w)‘([^‘]+?)’(?!\w)|(?<!\w)'([^']+)'(?!\w)")
_MARKS = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "\u00a0": " "})
_PRONOUN_SAYS = re.compile(
    r"\b(?:he|she|they)\b[^.“”\"]{0,30}\b(?:said|says|told|added|wrote|argued|explained)\b", re.I
)
SCARE_QUOTES = 3  # words; so few may be quoted of the source's own prose as well


@lru_cache(maxsize=4096)
def quoted(text: str) -> tuple[str, ...]:
    """What stands inside quotation marks."""
    return tuple(next(filter(None, found.groups())) for found in _QUOTED.finditer(text))


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """One form of quotation marks, dashes, white space and case, to compare wording only."""
    return " ".join(text.translate(_MARKS).replace("…", "...").split()).casefold()


def misquoted(claim: str, stretches: Sequence[str], paragraphs: Sequence[str]) -> str | None:
    """A quotation of the claim that no one stretch of the source has, None when all are verbatim.

    Words that somebody is said to have said must stand inside quotation marks in the source too.
    """
    sources = [folded(stretch) for stretch in stretches]
    attributed = bool(speakers(claim))
    inside = [folded(words) for paragraph in paragraphs for words in quoted(paragraph)]
    for words in quoted(claim):
        plain = folded(words).strip(" .,;!?")
        if plain and not any(_has(source, plain) for source in sources):
            return f"“{words}” is not verbatim in the cited sentences"
        if attributed and len(plain.split()) > SCARE_QUOTES and not any(plain in said for said in inside):
            return f"“{words}” is nobody's words in the cited sentences"
    return None


def misattributed(claim: str, sentences: Sequence[str], around: Sequence[Sequence[str]]) -> str | None:
    """A speaker of the claim who is not the one in the source, None when all are.

    `around` is what stands next to each of the cited sentences: "he said" is read from there. Who is quoted must be
    the speaker of a sentence that has the quotation.
    """
    if not (said := speakers(claim)):
        return None
    quotations = [folded(words).strip(" .,;!?") for words in quoted(claim)]
    having = [at for at, each in enumerate(sentences) if any(_has(folded(each), words) for words in quotations)]
    chosen = having or range(len(sentences))
    actual = [speaker for at in chosen for speaker in speakers(sentences[at])]
    known = known_names(" ".join(text for at in chosen for text in (sentences[at], *around[at])))
    leans = any(_PRONOUN_SAYS.search(sentences[at]) for at in chosen) or not actual
    for speaker in said:
        if not same_person(speaker, actual) and not (leans and speaker & known):
            return f"the cited sentences do not say it was {' '.join(sorted(speaker)).title()} who said it"
    return None


def _has(source: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", source) is not None
