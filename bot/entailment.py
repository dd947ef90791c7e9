"""Whether a source's words carry a sentence: enough of them, those of each clause at one place.

A lexical check. It does not understand; it finds the ways in which models most often bend what they cite.
"""

from collections.abc import Sequence
from functools import lru_cache

from bot.figures import bare, figures, same_figure
from bot.names import aliases
from bot.roles import CLAUSE
from bot.words import family, sides, word_stems, words

ENOUGH = 0.65  # share of a sentence's content stems that its sources must have together
ENOUGH_ALONE = 0.6  # and share of each clause's that one of them must have alone: what is stitched together has less
FEW = 2  # content words of a short clause,
ENOUGH_OF_FEW = 0.5  # of which one must have this share


def carried(
    claim: str, sources: Sequence[str], homes: Sequence[Sequence[str]], metadata: str, question: str = ""
) -> str | None:
    """Why the sources do not have the sentence's words, None when they do.

    Together they must have most of them, and for each clause one of `homes` must: a source with its metadata and with
    what it leans on. Numbers and dates are left out of account; they are checked by themselves.
    """
    if coverage(bare(claim), [*sources, metadata], question) < ENOUGH:
        return "the cited sentences do not say this"
    for clause in [each for each in CLAUSE.split(claim) if words(bare(each))] or [claim]:
        plain = bare(clause)
        enough = ENOUGH_ALONE if len(words(plain)) > FEW else ENOUGH_OF_FEW
        fitting = [home for home in homes if coverage(plain, home, question) >= enough]
        if not fitting:
            return "no one of the cited sentences says this"
        if all(_borrows(clause, home, sources) for home in fitting):
            return "it says of one what the cited sentences say of another"
    return None


def coverage(claim: str, sources: Sequence[str], question: str = "") -> float:
    """The share of the sentence's content stems that the sources have. The question's own words count half."""
    offered = frozenset().union(*map(_offer, sources))
    asked = words(question)
    total = covered = 0.0
    for stem in words(claim):
        has = _has(offered, stem)
        weight = 0.5 if stem in asked and not has else 1.0
        total += weight
        covered += weight * has
    return covered / total if total else 1.0


def _borrows(clause: str, home: Sequence[str], sources: Sequence[str]) -> bool:
    """Whether a clause takes its first content word or a number, or if it is short any word, from another source."""
    said, row = words(bare(clause)), word_stems(bare(clause))
    must = [stem for stem in row if stem in said]
    offered = frozenset().union(*map(_offer, home))
    for stem in must if len(said) <= FEW else must[:1]:
        if not _has(offered, stem) and any(_has(_offer(source), stem) for source in sources):
            return True
    here = [figure for text in home for figure in figures(text)]
    there = [figure for source in sources for figure in figures(source)]
    return any(
        not any(same_figure(figure, other) for other in here) and any(same_figure(figure, other) for other in there)
        for figure in figures(clause)
    )


@lru_cache(maxsize=4096)
def _offer(text: str) -> frozenset[str]:
    """What a source offers to be said with: its content stems, their families and groups of one meaning, aliases."""
    stems = words(text) | words(" ".join(aliases(text)))
    return stems | {f"{start}…" for stem in stems if (start := family(stem))} | sides(stems)


def _has(offered: frozenset[str], stem: str) -> bool:
    return stem in offered or f"{family(stem)}…" in offered or not sides((stem,)).isdisjoint(offered)
