"""Whether a source's words carry a sentence: shared stems, and nothing turned around by "not", "may" or an antonym.

A lexical check. It does not understand; it finds the ways in which models most often bend what they cite.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from bot.words import family, is_form, word_stems, words

ENOUGH = 0.7  # share of a sentence's content stems that its sources must have together
ENOUGH_ALONE = 0.6  # and share of each clause's that one of them must have alone: what is stitched together has less
SCOPE = 3  # content words that a "not" or a "may" reaches

_NEGATIONS = "not no never none nobody nothing neither nor without cannot deny denied denies false falsely".split()
_ALMOST_NEGATIONS = (
    "refuse refused reject rejected fail failed failure decline declined unable lack unlikely hardly ruled".split()
)
_HEDGES = (
    "may might could allegedly alleged alleges accused accuses suspected reportedly possibly possible perhaps if "
    "whether plans planned proposed proposes threatened threatens considering expected rumored unconfirmed "
    "attempted"
).split()
_CLAIMED_HEDGES = "will would should claim claimed likely intends intended aims wants seeks hopes apparently".split()
_OPPOSITES = (
    ("rise rose risen increase increased grow grew grown gain gained climb climbed jump jumped soar soared up higher",
     "fall fell fallen decrease decreased drop dropped decline declined shrink shrank plunge plunged down lower"),
    ("win won victory defeat defeated beat", "lose lost loss"),
    ("support supports supported back backed favor favored endorse endorsed", "oppose opposes opposed opposition"),
    ("accept accepted approve approved approval agree agreed", "reject rejected refuse refused disagreed veto vetoed"),
    ("guilty convicted", "innocent acquitted cleared"),
    ("before", "after"),
    ("more", "less fewer"),
    ("open opened opens reopen reopened", "close closed closes shut"),
    ("arrive arrived join joined enter entered", "leave left departed withdrew withdraw exit exited"),
    ("buy bought acquire acquired", "sell sold"),
    ("largest biggest highest most", "smallest lowest least"),
    ("legal lawful", "illegal unlawful"),
    ("start started begin began", "end ended stop stopped finish finished"),
    ("male man men", "female woman women"),
    ("alive survived", "dead died killed"),
    ("hired appointed", "fired dismissed sacked resigned"),
    ("welcomed praised", "condemned criticized criticised"),
)  # fmt: skip
_BOTH_WAYS = (
    "meet meeting met talk talked talks speak spoke marry married play played share shared agree agreed debate".split()
)
_NOT_A_NEGATION = re.compile(r"\bnot only\b|\bNo\. ?\d|\bno doubt\b", re.I)
_SHORT_NOT = re.compile(r"(?:n['’]t|\bcannot)\b")
_CLAUSE = re.compile(r"[;:]|,? (?:and|but|while|although|after|before) |, (?:which|who|where|with) ")
_CLAUSE_END = re.compile(r"[,;:.!?…–—()“”\"]+|\bbut\b|\bwhich\b|\bwho\b")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a "not" or a "may" of a text reaches: the next content stems of its clause."""

    word: str
    scope: tuple[str, ...]


def contradiction(claim: str, sources: Sequence[str]) -> str | None:
    """How a sentence turns around what its sources say, None when it is not seen to."""
    return _negation(claim, sources) or _hedge(claim, sources) or _opposite(claim, sources)


def carried(claim: str, sources: Sequence[str], metadata: str, question: str = "") -> bool:
    """Whether the sources together have most of the sentence's words, and one of them half of each clause's."""
    if coverage(claim, [*sources, metadata], question) < ENOUGH:
        return False
    clauses = [clause for clause in _CLAUSE.split(claim) if len(words(clause)) > 2] or [claim]
    return all(
        any(coverage(clause, [source, metadata], question) >= ENOUGH_ALONE for source in sources) for clause in clauses
    )


def coverage(claim: str, sources: Sequence[str], question: str = "") -> float:
    """The share of the sentence's content stems that the sources have. The question's own words count half."""
    offered = frozenset().union(*(words(source) for source in sources))
    asked = words(question)
    total = covered = 0.0
    for stem in words(claim):
        has = stem in offered or any(_one_family(stem, other) for other in offered)
        weight = 0.5 if stem in asked and not has else 1.0
        total += weight
        covered += weight * has
    return covered / total if total else 0.0


def swapped(claim: str, source: str, names: Sequence[str]) -> str | None:
    """Two names that changed places around the same verb: "Rome beat Paris" of "Paris beat Rome"."""
    said, there = word_stems(claim), word_stems(source)
    single = [name for name in names if said.count(name) == 1 and there.count(name) == 1]
    for at, one in enumerate(single):
        for other in single[at + 1 :]:
            first, second = sorted((one, other), key=said.index)
            if there.index(first) < there.index(second):
                continue
            between = said[said.index(first) : said.index(second)]
            source_between = there[there.index(second) : there.index(first)]
            same = {stem for stem in set(between) & set(source_between) - set(names) if not is_form(stem)}
            if same - _both_ways() and ("by" in between) == ("by" in source_between) and "and" not in between:
                return f"{first} and {second}"
    return None


def _one_family(one: str, other: str) -> bool:
    return family(one) is not None and family(one) == family(other)


def _negation(claim: str, sources: Sequence[str]) -> str | None:
    said = _turns(claim, "negations")
    there = [turn for source in sources for turn in _turns(source, "negations")]
    almost = [turn for source in sources for turn in _turns(source, "almost")]
    if said and not there and not almost:
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


def _hedge(claim: str, sources: Sequence[str]) -> str | None:
    if _turns(claim, "hedges") or _turns(claim, "claimed"):
        return None
    dropped = _keeps_scope(claim, [turn for source in sources for turn in _turns(source, "hedges")])
    return f"it states as a fact what is said with “{dropped}”" if dropped else None


def _keeps_scope(claim: str, turns: Sequence[Turn]) -> str | None:
    said = frozenset(word_stems(claim))
    for turn in turns:
        kept = sum(stem in said for stem in turn.scope)
        if kept and 2 * kept >= len(turn.scope):
            return turn.word
    return None


def _opposite(claim: str, sources: Sequence[str]) -> str | None:
    said = _raw_words(claim)
    there: set[str] = set().union(*(_raw_words(source) for source in sources))
    for pair in _opposites():
        for own, other in (pair, pair[::-1]):
            if (mine := said & own) and not there & own and there & other and not said & other:
                return f"it says “{min(mine)}” where the cited sentences say “{min(there & other)}”"
    return None


def _turns(text: str, kind: str) -> tuple[Turn, ...]:
    return tuple(_find_turns(text, kind))


def _find_turns(text: str, kind: str) -> Iterator[Turn]:
    marks = _marks(kind)
    if not any(mark in text.lower() for mark in marks) and not (kind == "negations" and _SHORT_NOT.search(text)):
        return
    plain = _SHORT_NOT.sub(" not", _NOT_A_NEGATION.sub(" ", text.replace("May", " ")))
    for clause in _CLAUSE_END.split(plain):
        found = re.findall(r"[\w’'-]+", clause)
        for at, word in enumerate(found):
            if word.lower() in marks:
                scope = [stem for stem in word_stems(" ".join(found[at + 1 :])) if not is_form(stem)]
                yield Turn(word.lower(), tuple(scope[:SCOPE]))


def _raw_words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


@cache
def _marks(kind: str) -> frozenset[str]:
    lists = {"negations": _NEGATIONS, "almost": _ALMOST_NEGATIONS, "hedges": _HEDGES, "claimed": _CLAIMED_HEDGES}
    return frozenset(lists[kind])


@cache
def _opposites() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    return tuple((frozenset(one.split()), frozenset(other.split())) for one, other in _OPPOSITES)


@cache
def _both_ways() -> frozenset[str]:
    return frozenset(word_stems(" ".join(_BOTH_WAYS)))
