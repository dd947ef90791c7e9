"""Publishers that a question names ("according to The Verge"): their articles are favoured, not required."""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from index import BadRequest

# Names that, without their article, are ordinary words: they need a sign that a publisher is meant.
_ORDINARY = set(
    "age atlantic bell business capital chronicle citizen conversation courier daily dispatch economist echo "
    "enterprise express financial fortune forum gazette globe guardian herald hill independent intercept journal "
    "ledger local mail metro mirror monitor nation nature news observer people politico politics post polygon "
    "press quartz record register reporter republic review rivals roar science scotsman slate spectator sport "
    "sporting standard star state sun telegraph time times today tribune variety verge vice voice week wire wired "
    "world".split()
)
# What shows it: "according to Time", "what about The Sun?", "The Sun's report", "did Time report", "'The Age'".
_BEFORE = (
    r"(?:\b(?:according to|(?:article|stor(?:y|ies)|report|coverage|piece|review|interview|published|reported|written|"
    r"said)s? (?:by|from|in|on|of)|what about|how about|what (?:did|does|do|has)|per|told|cited by|read in)"
    r" (?:an? |both )?['‘\"“]?|(?<!\w)['‘\"“])"
)
_AFTER = (
    r"(?:['’\"”](?!\w)|(?:['’]s?)? (?:has |have |also |then )?(?:report|sa(?:y|id)|writ|wrote|claim|suggest|"
    r"articles?\b|stor(?:y|ies)\b|coverage|review|editorial|newspaper|magazine|publish|cover(?:s|ed)\b|mention|"
    r"describ|stat(?:es?|ed)\b))"
)


def named(question: str, publishers: Iterable[str]) -> tuple[str, ...]:
    """Those of the archive's publishers that the question names, in the archive's order.

    A name counts in any case, with or without its "The", its ".com" and what follows a bar or dash. One that is an
    ordinary word ("Time", "The Sun") counts only capitalised, and where something shows that a publisher is meant, if
    only another publisher beside it.
    """
    known = tuple(publishers)
    whole = [each for each in known if _is_named(question, each)]
    # "The Independent" names all its sections, but not when one of them is named in full.
    in_full = {_called(each) for each in whole}
    found = {*whole, *(each for each in known if _called(each) not in in_full and _is_named(question, _called(each)))}
    found |= {each for each in known if (name := _short_name(each, known)) and _is_named(question, name)}
    if found:
        found |= {each for each in known if re.search(_spelt(each, exactly=True), question)}
    return tuple(each for each in known if each in found)


def without_names(text: str, publishers: Iterable[str]) -> str:
    """The text without the publishers it names, and without the "according to" before them."""
    for each in named(text, publishers):
        for name in (each, _called(each)):
            text = re.sub(rf"(?i)(?:\b(?:according to|reported by|by|from|in) )?{_spelt(name)}(?:['’]s)?", " ", text)
    return " ".join(text.split())


def as_known(asked: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The publishers asked for, as the archive spells them; upper and lower case count alike.

    Raises BadRequest, saying which there are, for one that the archive does not have.
    """
    spelt: dict[str, list[str]] = {}
    for publisher in known:
        spelt.setdefault(publisher.casefold(), []).append(publisher)
    for publisher in asked:
        if publisher.casefold() not in spelt:
            there = ", ".join(known) or "none"
            raise BadRequest("publisher", f"The archive has nothing by {publisher!r}. Its publishers are: {there}.")
    return tuple(spelling for publisher in asked for spelling in spelt[publisher.casefold()])


def _is_named(question: str, name: str) -> bool:
    return any(found.search(question) for found in _patterns(name))


@cache
def _patterns(name: str) -> tuple[re.Pattern[str], ...]:
    """How a question shows that it means the publisher of this name; any one is enough."""
    spelt = _spelt(name)
    if _without_article(name).lower() not in _ORDINARY:
        return (re.compile(spelt, re.I),)
    signs = [re.compile(rf"(?i:{_BEFORE}){spelt}"), re.compile(rf"{spelt}(?i:{_AFTER})")]
    if name.startswith("The "):
        signs.append(re.compile(rf"(?<=[\w,] ){_spelt(name, exactly=True)}"))  # the capital article is the sign
    return tuple(signs)


def _spelt(name: str, *, exactly: bool = False) -> str:
    bare = _without_article(name)
    if exactly:
        return rf"(?<!\w){re.escape(name)}(?!\w)"
    # An ordinary word keeps its article: "the Sun" is a paper or a star, "sun" is neither.
    needed = bare != name and bare.lower() in _ORDINARY
    return rf"(?<!\w)(?:[Tt]he ){'' if needed else '?'}{re.escape(bare)}(?!\w)"


def _short_name(publisher: str, known: Sequence[str]) -> str:
    """ "The Courier" for The Arlen Courier, where no other publisher ends so; empty where that is no name."""
    last = publisher.rsplit(maxsplit=1)[-1]
    alone = sum(each.split()[-1] == last for each in known) == 1
    return f"The {last}" if alone and last != publisher and last.lower() in _ORDINARY else ""


def _without_article(name: str) -> str:
    return name[4:] if name.startswith("The ") else name


def _called(publisher: str) -> str:
    """The name people use: what stands before a bar or dash, without a domain's ending."""
    return re.sub(r"(?i)\.(com|net|org)$", "", re.split(r" [|–-] ", publisher)[0]).strip() or publisher
