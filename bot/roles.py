"""Who does what to whom: names that keep their place around a verb or a preposition, as far as words tell."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from bot.ground import LEANS
from bot.names import Name, is_known, known_names, names
from bot.words import is_form, word_stems

CLAUSE = re.compile(
    r"[;:]|,? (?:and|but|while|although|after|before|as|because|since|when|if) |, (?:which|who|where|with) "
)
_BOTH_WAYS = (
    "meet meeting met talk talked talks speak spoke marry married play played share shared agree agreed debate".split()
)
_DOES = re.compile(
    r"(?:\s+(?:has|had|have|will|would|may|might|could|did|does|do|also|then|later|once|again|not|never))*"
    r"\s+(?!was\b|were\b|is\b|are\b|be\b|been\b)([a-z][\w-]+)"
)
_WHOM = re.compile(r"\b(from|against|by|than|over)\s+(?:[a-z]+\s+){0,2}?((?:[A-Z][\w’'-]*\s?)+)")


def other_roles(claim: str, sources: Sequence[str], stems: Sequence[str]) -> str | None:
    """Names with another part than in the sources, None when none is seen; `stems` are those of the claim's names."""
    for each in sources:
        if pair := _swapped(claim, each, stems):
            return f"{pair} changed places"
    return _other_subject(claim, sources) or _other_object(claim, sources)


def _swapped(claim: str, source: str, names_: Sequence[str]) -> str | None:
    """Two names that changed places around the same verb: "Rome beat Paris" of "Paris beat Rome"."""
    said, there = word_stems(claim), word_stems(source)
    single = [name for name in names_ if said.count(name) == 1 and there.count(name) == 1]
    for at, one in enumerate(single):
        for other in single[at + 1 :]:
            first, second = sorted((one, other), key=said.index)
            if there.index(first) < there.index(second):
                continue
            between = said[said.index(first) : said.index(second)]
            source_between = there[there.index(second) : there.index(first)]
            same = {stem for stem in set(between) & set(source_between) - set(names_) if not is_form(stem)}
            if same - _both_ways() and ("by" in between) == ("by" in source_between) and "and" not in between:
                return f"{first} and {second}"
    return None


def _other_subject(claim: str, sources: Sequence[str]) -> str | None:
    """A name right before a verb that in every clause of the sources has another name before it."""
    clauses = [clause for source in sources for clause in _clauses(source)]
    for name, verb in _doers(claim):
        having = [clause for clause in clauses if verb in word_stems(clause)]
        doers = [doer for clause in having for doer, of in _doers(clause) if of == verb]
        here = any(LEANS.search(clause) or is_known(name, known_names(clause), claim) for clause in having)
        if doers and not here:
            return f"the cited sentences say it of {doers[0].text}, not of {name.text}"
    return None


def _other_object(claim: str, sources: Sequence[str]) -> str | None:
    """ "Smith takes over from Jones" of "she takes over from Smith"."""
    said, there = set(_whom(claim)), {pair for source in sources for pair in _whom(source)}
    own = {name.folded for name in names(claim)}
    for word, whom in said - there:
        for other, instead in there:
            if other == word and instead in own and (word, instead) not in said and whom != instead:
                return f"the cited sentences have “{word} {instead.title()}”"
    return None


@lru_cache(maxsize=4096)
def _clauses(text: str) -> tuple[str, ...]:
    return tuple(CLAUSE.split(text))


@lru_cache(maxsize=4096)
def _doers(text: str) -> tuple[tuple[Name, str], ...]:
    """Each name that stands right before a verb, or what may be one, with the verb's stem."""
    found = []
    for name in names(text):
        behind = _DOES.match(text[name.end :])
        stem = next(iter(word_stems(behind[1])), "") if behind else ""
        if stem and not is_form(stem):
            found.append((name, stem))
    return tuple(found)


@lru_cache(maxsize=4096)
def _whom(text: str) -> tuple[tuple[str, str], ...]:
    """Each preposition with the last word of the name behind it."""
    pairs = []
    for found in _WHOM.finditer(text):
        inside = names(found[2].strip())
        if inside:
            pairs.append((found[1], inside[-1].folded))
    return tuple(pairs)


@cache
def _both_ways() -> frozenset[str]:
    return frozenset(word_stems(" ".join(_BOTH_WAYS)))
