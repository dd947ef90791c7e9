"""Names in prose: which words of a sentence are names, whether a source has them, and who is said to have spoken."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

_TOKEN = re.compile(r"[^\W_](?:[\w’'.&-]*[^\W_])?\.?")
_HONORIFICS = set("mr mrs ms miss dr sir dame lord lady i".split())
TITLES = set(
    "president vice prime minister premier chancellor king queen prince princess pope senator sen representative rep "
    "governor gov mayor secretary deputy assistant general gen colonel col major maj captain capt lieutenant lt "
    "sergeant sgt admiral adm judge justice chief chairman chairwoman chair director professor prof reverend rev "
    "bishop cardinal ambassador minister spokesman spokeswoman spokesperson officer detective sheriff coach".split()
)
_LONG = dict(
    pair.split("=")
    for pair in (
        "gov=governor sen=senator rep=representative gen=general col=colonel maj=major capt=captain lt=lieutenant "
        "sgt=sergeant adm=admiral prof=professor rev=reverend"
    ).split()
)
_NOT_NAMES = TITLES | set(
    "the a an in on at by for from with as of to and or but is was were are it its this that these those he she "
    "they we you his her their our my one two three some many most several all both each every no not none nothing "
    "nobody another other others such according after before during since until while when where why how who what "
    "which whose although though because if unless however meanwhile moreover instead also still yet then there "
    "here now today yesterday tomorrow officials official police authorities government experts critics supporters "
    "opponents residents researchers scientists analysts investigators prosecutors lawyers doctors teachers "
    "students workers people soldiers troops leaders lawmakers voters protesters witnesses families women men "
    "children local early late earlier later last next recent recently about around over under more less fewer "
    "nearly almost up only just even despite amid among between within without through throughout into onto than "
    "so too very can could may might must shall should will would do does did has have had been being new old "
    "first second third former current reports reportedly it's there's that's once again asked speaking following "
    "given based overall additionally further furthermore finally eventually initially previously currently "
    "construction officers members state its sources either neither nor plus per via well yes dozens hundreds "
    "thousands millions separately similarly roughly approximately some at least additionally overall generally "
    "specifically therefore thus hence consequently nevertheless nonetheless ultimately clearly notably".split()
)
_ALIASES = (
    {"us", "usa", "america", "american", "americans", "united states"},
    {"uk", "britain", "british", "britons", "united kingdom"},
    {"eu", "european union"},
    {"un", "united nations"},
    {"france", "french"},
    {"germany", "german", "germans"},
    {"spain", "spanish"},
    {"netherlands", "dutch", "holland"},
    {"china", "chinese"},
    {"switzerland", "swiss"},
    {"turkey", "turkish", "türkiye", "turkiye"},
    {"poland", "polish"},
    {"ireland", "irish"},
    {"greece", "greek", "greeks"},
    {"denmark", "danish"},
    {"sweden", "swedish"},
    {"finland", "finnish"},
    {"scotland", "scottish"},
    {"wales", "welsh"},
    {"niger", "nigerien", "nigeriens"},
    {"nigeria", "nigerian", "nigerians"},
    {"russia", "russian", "russians"},
    {"ukraine", "ukrainian", "ukrainians"},
    {"congress", "congressional"},
    {"democrat", "democrats", "democratic"},
)
_ENDINGS_OF_NOUNS = ("tion", "tions", "ness", "ility", "ities", "ment", "ments", "ship", "ance", "ence")
_ADJECTIVE_ENDINGS = ("n", "an", "ian", "ese", "i", "ish", "ns", "ans", "ians", "s")
_SAYS = (
    r"(?:said|says|told|tells|added|adds|argued|argues|claimed|claims|stated|states|noted|notes|warned|warns|insisted|"
    r"explained|announced|tweeted|wrote|writes|called|calls|declared|replied|asked|testified|acknowledged|admitted)"
)
_NAME = r"(?:[A-Z][\w’'.-]*[ ]?(?:de |van |von |al-|bin )?){1,4}"
_LEADING_UP = r"(?:(?:the|a|an|(?!(?:in|on|at|to|that|by|of|from|with|for|as)\b)[a-z-]+) ){0,4}"
_SPEAKERS = (
    re.compile(rf"(?P<who>{_NAME})(?:,[^,“”\"]{{1,80}},)?\s*(?:has |had |also |later |then |once )?\b{_SAYS}\b"),
    re.compile(rf"[,”\"’?!] (?:said|says|added|argued|wrote|explained|warned|insisted) {_LEADING_UP}(?P<who>{_NAME})"),
    re.compile(rf"\b[Aa]ccording to {_LEADING_UP}(?P<who>{_NAME})"),
)
_NO_SPEAKERS = set(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december".split()
)


class Name(NamedTuple):
    """A capitalised word that is taken for a name: as written, folded, where it stands, whether it opens a sentence."""

    text: str
    folded: str
    start: int
    end: int
    opens: bool


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """A word without case, accents, dots and possessive."""
    plain = word
    if not word.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    return re.sub(r"[’']s?\Z", "", plain.lower()).replace(".", "").replace("’", "'")


@lru_cache(maxsize=4096)
def names(text: str) -> tuple[Name, ...]:
    """The names of a sentence, word by word. A first word counts unless it is one that often opens sentences."""
    found = []
    for at, token in enumerate(_TOKEN.finditer(text)):
        word, folded = token[0], fold(token[0])
        named = any(c.isupper() for c in word) and folded not in _HONORIFICS
        opening = at == 0 or text[: token.start()].rstrip()[-1:] in '“"‘:'
        if (
            named
            and not (folded in _NOT_NAMES and (opening or folded not in TITLES))
            and not (opening and folded.endswith(_ENDINGS_OF_NOUNS))
        ):
            found.append(Name(word, folded, token.start(), token.end(), opening))
    return tuple(found)


@lru_cache(maxsize=4096)
def known_names(text: str) -> frozenset[str]:
    """What a source offers to be named by: its words, the parts of compounds, aliases, the initials of its names."""
    words: set[str] = set()
    for token in _TOKEN.finditer(text):
        folded = fold(token[0])
        words |= {folded, *folded.split("-")}
    words |= {part for alias in aliases(text) for part in (alias, *alias.split())}
    words |= {initials for initials, _ in _initials(text)}
    return frozenset(words)


@lru_cache(maxsize=4096)
def aliases(text: str) -> frozenset[str]:
    """The other names of the countries and bodies that a text names."""
    words, lower = {fold(token[0]) for token in _TOKEN.finditer(text)}, text.lower()
    named = [group for group in _ALIASES if group & words or any(each in lower for each in group if " " in each)]
    return frozenset().union(*named)


def is_known(name: Name, known: frozenset[str], claim: str) -> bool:
    """Whether a source has this name, also as an adjective ("Russian" of Russia) or written out."""
    folded = name.folded
    if folded in known or all(part in known for part in folded.split("-")):
        return True
    if any(folded.endswith(end) and folded.removesuffix(end) in known for end in _ADJECTIVE_ENDINGS if len(folded) > 4):
        return True
    if any(folded + end in known for end in _ADJECTIVE_ENDINGS if len(folded) > 3):
        return True
    return any(initials in known and name.text in run for initials, run in _initials(claim))


def mixed_up(claim: str, source: str) -> str | None:
    """Two names that stand side by side in a claim and nowhere near each other in the source: "Kurt Zeine"."""
    found = names(claim)
    if len(found) < 2:
        return None
    words = [fold(token[0]) for token in _TOKEN.finditer(source)]
    lower = {fold(token[0]) for token in _TOKEN.finditer(source) if not any(c.isupper() for c in token[0])}
    for one, other in pairwise(found):
        plain = not ({one.folded, other.folded} & (TITLES | lower)) and one.text.isalpha() and other.text.isalpha()
        aliases = any({one.folded, other.folded} & group for group in _ALIASES)
        if plain and not aliases and claim[one.end : other.start] == " ":
            places = [at for at, word in enumerate(words) if word == one.folded]
            there = one.folded in words and other.folded in words
            if there and not any(other.folded in words[at + 1 : at + 4] for at in places):
                return f"{one.text} {other.text}"
    return None


def wrong_post(claim: str, source: str) -> str | None:
    """A name with a title or a club that is another's in the source: "Prime Minister Campbell", "Rome coach Finch"."""
    there, said = set(_posts(source)), set(_posts(claim))
    words = {_LONG.get(word, word) for word in map(fold, _WORDS.findall(source))}
    for post, holder in _posts(claim):
        others = {other for other, of in there if of == holder}
        if not others or post in others:
            continue
        if post.club:
            wrong = any(other.club and other.title == post.title for other in others)
        else:
            right = any((other, holder) in said for other in others)
            wrong = any(other == post for other, _ in there) or (post.title not in words and not right)
        if wrong:
            return f"{post.club or post.title} {holder}".title()
    return None


class _Post(NamedTuple):
    """A title, and whose coach or minister it is when a name stands right before it."""

    title: str
    club: str = ""


_WORDS = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=4096)
def _posts(text: str) -> tuple[tuple[_Post, str], ...]:
    return tuple(_find_posts(text))


def _find_posts(text: str) -> Iterator[tuple[_Post, str]]:
    """Each title with the surname that follows it, also behind a comma: "the director, Imogen Sarrat, said"."""
    tokens = list(_TOKEN.finditer(text))
    folded = [fold(token[0]) for token in tokens]
    at = 0
    while at < len(tokens):
        first = at
        while at < len(tokens) and (folded[at] in TITLES or (at > first and folded[at] == "of")):
            at += 2 if folded[at] == "of" else 1
        if at == first:
            at += 1
            continue
        last = at
        while last < len(tokens) and tokens[last][0][0].isupper() and folded[last] not in _NOT_NAMES:
            last += 1
            if text[tokens[last - 1].end() :][:1] in _STOPS:
                break
        apposed = at < len(tokens) and text[tokens[at].start() - 2] == ","
        if last > at and (not apposed or text[tokens[last - 1].end() :][:1] in (",", "")):
            titles = [_LONG.get(word, word) for word in folded[first:at] if word in TITLES]
            yield from ((_Post(title), folded[last - 1]) for title in titles)
            before = tokens[first - 1] if first else None
            if before and before[0][0].isupper() and tokens[first][0][0].islower() and not apposed:
                yield _Post(titles[-1], folded[first - 1]), folded[last - 1]
        at = max(last, at)


_STOPS = (",", ".", ";", ":")


@lru_cache(maxsize=4096)
def speakers(text: str) -> tuple[frozenset[str], ...]:
    """Who is said to have spoken, each as the folded words of a name."""
    found = []
    for pattern in _SPEAKERS:
        for match in pattern.finditer(text):
            words = {fold(token[0]) for token in _TOKEN.finditer(match["who"])}
            words |= {initials for initials, _ in _initials(match["who"])}
            if kept := frozenset(words - _NOT_NAMES - _HONORIFICS - _NO_SPEAKERS):
                found.append(kept)
    return tuple(found)


def _initials(text: str) -> Iterator[tuple[str, str]]:
    """The initials of each run of capitalised words, with the run: ("who", "World Health Organization")."""
    for run in re.findall(r"[A-Z][\w-]+(?: (?:of |and |for |the |in )*[A-Z][\w-]+)+", text):
        yield "".join(word[0] for word in run.split() if word[0].isupper()).lower(), run


def same_person(one: frozenset[str], others: Sequence[frozenset[str]]) -> bool:
    """Whether a speaker shares a name with one of the others."""
    return any(one & other for other in others)
