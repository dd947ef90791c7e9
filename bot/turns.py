"""Whether a sentence turns around what its sources say: a "not" or a "may" that came or went, an opposite word."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from bot.words import is_form, opposites, word_stems, words

SCOPE = 3  # content words that a "not" or a "may" reaches

_NEGATIONS = "not no never none nobody nothing neither nor without cannot deny denied denies false falsely".split()
_ALMOST_NEGATIONS = (
    "refuse refused reject rejected fail failed failure decline declined unable lack unlikely hardly ruled".split()
)
# What may be so, or is said to be so by somebody.
_DOUBTS = (
    "may might could allegedly alleged alleges allege accused accuses accuse charged suspected suspects reportedly "
    "possibly possible perhaps rumored rumoured unconfirmed if whether"
).split()
# What is not so yet.
_PLANS = ("plans planned plan proposed proposes threatened threatens considering expected attempted attempts").split()
_OTHER_DOUBTS = "claim claims claimed likely apparently prosecutors".split()
_OTHER_PLANS = "will would should intends intended aims wants wanted want seeks sought hopes hoped".split()
_OF_WHAT = {"accused": "of", "accuses": "of", "accuse": "of", "suspected": "of", "suspects": "of", "charged": "with"}
_NOT_A_NEGATION = re.compile(r"\bnot only\b|\bNo\. ?\d|\bno doubt\b", re.I)
_SHORT_NOT = re.compile(r"(?:n['’]t|\bcannot)\b")
_CLAUSE_END = re.compile(r"[,;:.!?…–—()“”\"]+|\bbut\b|\bwhich\b|\bwho\b")
_NOT_SINCE = re.compile(r"\b(?:not|never|n['’]t|no)\b.*\bsince\b", re.I)
_FIRST_SINCE = re.compile(r"\bfirst\b.*\bsince\b", re.I)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a "not" or a "may" of a text reaches: the next content stems of its clause."""

    word: str
    scope: tuple[str, ...]


def contradiction(claim: str, sources: Sequence[str]) -> str | None:
    """How a sentence turns around what its sources say, None when it is not seen to."""
    return _negation(claim, sources) or _hedge(claim, sources) or _opposite(claim, sources)


def _negation(claim: str, sources: Sequence[str]) -> str | None:
    said = _turns(claim, "negations")
    there = [turn for source in sources for turn in _turns(source, "negations")]
    almost = [turn for source in sources for turn in _turns(source, "almost")]
    refused = {stem for turn in almost for stem in word_stems(turn.word)}
    if any(refused & set(turn.scope) for turn in said) and not any(refused & set(turn.scope) for turn in there):
        return "it says “not” of what the cited sentences say was refused"
    if said and not there and not almost and not _first_since(claim, sources):
        return "it says “not” where the cited sentences do not"
    if said and there and not almost:
        reached = {stem for turn in there for stem in turn.scope}
        offered = frozenset().union(*(words(source) for source in sources))
        for turn in said:
            if turn.scope and not reached & set(turn.scope) and set(turn.scope) <= offered:
                return "it says “not” of something else than the cited sentences"
    if not said and not _turns(claim, "almost") and _keeps_scope(claim, there):
        return "it leaves out a “not” of the cited sentences"
    return None


def _first_since(claim: str, sources: Sequence[str]) -> bool:
    """ "Had not won since 1987" of "the first title since 1987"."""
    return bool(_NOT_SINCE.search(claim)) and any(_FIRST_SINCE.search(source) for source in sources)


def _hedge(claim: str, sources: Sequence[str]) -> str | None:
    doubted = bool(_turns(claim, "doubts") or _turns(claim, "other doubts"))
    if not doubted:
        planned = bool(_turns(claim, "plans"))
        kinds = ["doubts"] if planned or _turns(claim, "other plans") else ["doubts", "plans"]
        turns = [turn for source in sources for kind in kinds for turn in _turns(source, kind)]
        if dropped := _keeps_scope(claim, [turn for turn in turns if not (planned and turn.word in _MAY)]):
            return f"it states as a fact what is said with “{dropped}”"
    return None


_MAY = ("may", "might", "could", "possibly", "possible", "perhaps")


def _keeps_scope(claim: str, turns: Sequence[Turn]) -> str | None:
    said = frozenset(word_stems(claim))
    for turn in turns:
        kept = sum(stem in said for stem in turn.scope)
        if kept and 2 * kept >= len(turn.scope):
            return turn.word
    return None


def _opposite(claim: str, sources: Sequence[str]) -> str | None:
    denied = {stem for turn in _turns(claim, "negations") for stem in turn.scope}
    said = frozenset(word for word in _raw_words(claim) if denied.isdisjoint(word_stems(word)))
    there: frozenset[str] = frozenset().union(*(_raw_words(source) for source in sources))
    for pair in opposites():
        for own, other in (pair, pair[::-1]):
            if (mine := said & own) and not there & own and there & other and not said & other:
                return f"it says “{min(mine)}” where the cited sentences say “{min(there & other)}”"
    return None


@lru_cache(maxsize=4096)
def _turns(text: str, kind: str) -> tuple[Turn, ...]:
    return tuple(_find_turns(text, kind))


def _find_turns(text: str, kind: str) -> Iterator[Turn]:
    marks = _marks()[kind]
    if marks.isdisjoint(_raw_words(text)) and not (kind == "negations" and _SHORT_NOT.search(text)):
        return
    plain = _SHORT_NOT.sub(" not", _NOT_A_NEGATION.sub(" ", text.replace("May", " ")))
    for clause in _CLAUSE_END.split(plain):
        found = re.findall(r"[\w’'-]+", clause)
        for at, word in enumerate(map(str.lower, found)):
            if word in marks:
                behind = [each.lower() for each in found[at + 1 :]]
                if (opener := _OF_WHAT.get(word)) is not None:
                    if opener not in behind:
                        continue  # "charged 5 dollars", "the accused": nobody is said to have done anything
                    behind = behind[behind.index(opener) + 1 :]
                scope = [stem for stem in word_stems(" ".join(behind)) if not is_form(stem)]
                yield Turn(word, tuple(scope[:SCOPE]))


@lru_cache(maxsize=4096)
def _raw_words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower()))


@cache
def _marks() -> dict[str, frozenset[str]]:
    lists = {"negations": _NEGATIONS, "almost": _ALMOST_NEGATIONS, "doubts": _DOUBTS, "plans": _PLANS}
    lists |= {"other doubts": _OTHER_DOUBTS, "other plans": _OTHER_PLANS}
    return {kind: frozenset(marks) for kind, marks in lists.items()}
