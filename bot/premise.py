"""What a question takes for granted: that somebody did something, that something happened to it.

"Why did A reject B?" and "… when A collapsed" say that B was rejected, that A collapsed. When articles are about A and
B and none of their passages says that verb, or one that means the same, the evidence tells another story, and there
is nothing to answer. Other forms ("Who designed B?", "When did A die?") were tried: on squad2 they refused 18 % of what
the articles answer in other words, for 34 % of what they do not.
"""

import re
from collections.abc import Sequence
from functools import cache

from bot.words import family, words
from index import Evidence, header, stems

_NAMED = r"(?:(?:the|an?) )?[A-Z][\w’'.-]*(?: (?:[A-Z][\w’'.-]*|of|and|&))*"
_WHY = re.compile(rf"\b[Ww]hy d(?:id|oes|o) {_NAMED}(?:(?<=['’]s) [a-z]+)? ([a-z]{{3,}})\b")
_WHEN = re.compile(rf".\bwhen {_NAMED} ([a-z]+ed)\b")
_VAGUE = frozenset(
    "happen happened happening did do going go come came get got make made take took give gave have had say said tell "
    "told want wanted need use used ask asked think know called decide decided mean call name believe claim refer "
    "describe really actually suddenly".split()
)
# Verbs of the news that say much the same: where one is said, the other may be asked.
_ALIKE = (
    "resign resignation quit depart departure",
    "reject rejection refuse veto dismiss",
    "approve approval accept endorse adopt",
    "sack fire dismiss oust",
    "die death killed perish",
    "arrest detain custody",
    "buy acquire purchase bought",
    "cut lower reduce slash",
    "raise increase hike rise rose",
    "close closure shut suspend",
    "start begin launch began begun",
    "end finish cease abandon scrap",
    "collapse fall crash fell buckle",
    "capsize sink overturn sank founder",
    "attack shell raid bomb",
    "win beat defeat won victory",
    "lose lost defeat",
    "delay postpone defer",
    "apologise apologize sorry apology",
    "withdraw withdrawal retreat",
    "criticise criticize condemn",
    "ban forbid outlaw prohibit",
    "protest demonstrate rally",
)


def unsaid(question: str, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """The words a question takes for granted that nothing says of what it names; none when nothing is seen amiss."""
    taken = _taken_for_granted(question)
    names = _names(question)
    about = [each for each in evidence if names <= _all_stems(each)]
    if not taken or not names or not about:
        return ()
    said = frozenset().union(*(words(f"{header(each.article)}\n{each.passage.text}") for each in about))
    families = {family(stem) for stem in said} - {None}
    return tuple(verb for verb in taken if not any(_is_said(stem, said, families) for stem in _meant(verb)))


def _is_said(stem: str, said: frozenset[str], families: set[str | None]) -> bool:
    return stem in said or family(stem) in families


def _meant(verb: str) -> frozenset[str]:
    """The stems of a verb and of those that say much the same."""
    own = words(verb)
    return own.union(*(group for group in _groups() if own & group))


@cache
def _groups() -> tuple[frozenset[str], ...]:
    return tuple(words(group) for group in _ALIKE)


def _taken_for_granted(question: str) -> list[str]:
    """The verbs of a question that presuppose something."""
    found = [match[1] for pattern in (_WHY, _WHEN) if (match := pattern.search(question)) is not None]
    return [verb for verb in found if words(verb) and verb not in _VAGUE]


def _names(question: str) -> frozenset[str]:
    """The stems of the words that are capitalised inside of the question."""
    inside = re.findall(r"(?<=[\s(“\"‘'])[A-Z][\w’'-]*", question)
    return frozenset(stem for word in inside for stem in stems(re.sub(r"['’]s\Z", "", word)))


def _all_stems(found: Evidence) -> frozenset[str]:
    return frozenset(stems(f"{header(found.article)}\n{found.passage.text}"))
