"""What an article says of its own or of another article's mistakes, and which of their words it takes back."""

import re
from collections.abc import Sequence
from typing import NamedTuple

LONGEST_NOTE = 1200  # characters of a note that are kept
LEFT_OUT = "[…]"

_WHEN = r"(?: ?\([^)\n]{1,40}\)|,? (?:on )?[A-Z]?[a-z]{2,8}\.? \d{1,2}(?:, \d{4})?)?\s*(?::|–|—|-{1,2}\s|\n|$)"
_HEADED = re.compile(
    rf"\W{{0,2}}(?:corrections?|clarifications?|erratum)(?:(?: ?(?:and|&|/) ?)clarifications?)?\b{_WHEN}", re.IGNORECASE
)
_EDITORS_NOTE = re.compile(rf"\W{{0,2}}editors?['’]?s?['’]? note\b{_WHEN}", re.IGNORECASE)
_OF_A_MISTAKE = re.compile(
    r"\b(?:correct(?:ed|s|ion|ly)?|amend\w*|clarif\w+|misstat\w+|misspel\w+|misidentif\w+|incorrect\w*|inaccura\w+|"
    r"errors?|erroneous\w*|mistak\w+|wrong\w*)\b",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(
    r"\b(?:this|the) (?:article|story|report|post|page|piece|headline)(?: \w+){0,3}? (?:was|has been|have been|is)"
    r"(?: \w+)? (?:amended|corrected|clarified)\b"
    r"|\b(?:an?|the) (?:earlier|previous|prior|original) version of (?:this|the|our) (?:article|story|report|post|page|"
    r"piece|headline)\b[^.]*\b(?:said|stated|gave|reported|mis\w+|wrongly|incorrectly|mistakenly|erroneously)\b",
    re.IGNORECASE,
)
_ABOUT_ANOTHER = re.compile(
    r"\b(?:an?|our|the) (?:earlier |previous )?(?:article|story|report|column|review|headline|graphic|caption)\b"
    r"[^.]{0,120}?\b(?:published|printed|posted|on (?:page|\w+day|\d))",
    re.IGNORECASE,
)
_CORRECTION_TITLE = re.compile(r"(?:corrections?|clarifications?|erratum)\b", re.IGNORECASE)

_FIGURE = r"(?:[$£€¥]\s?)?\d[\d.,]*(?<![.,])(?:[kmb]n?\b)?(?: ?%)?(?: [^\W\d_]+)?"
_NAME = r"[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*"
_INSTEAD_OF = re.compile(
    r"(?:,? and not|, not|\bnot|\brather than|\binstead of)"
    r"(?: (?:by|at|to|in|on|of|from|about|the|an?|as|called)){0,3} "
    rf"(?P<value>{_FIGURE}|(?<=, not ){_NAME}|(?<=rather than ){_NAME}|(?<=instead of ){_NAME})"
)
_WAS_SAID = re.compile(
    r"(?:\bwe\b|\b(?:earlier|previous|prior|original) version\b|\b(?:article|story|report|headline|caption|graphic)\b)"
    r"[^.;]*?\b(?:wrote|said|stated|reported|gave|misstated|misreported|put|claimed|described)\b"
    r"|\b(?:incorrectly|wrongly|mistakenly|erroneously)\b",
    re.IGNORECASE,
)
_NOW_RIGHT = re.compile(
    r";|\. |\n|,? but\b|,? when\b|,? while\b|,? whereas\b|\bin fact\b|\bactually\b|[,:–—-] ?(?:and )?it (?:was|is)\b"
    r"|\b(?:correct|actual|right|true)\b|\brather than\b|\binstead of\b|\bnot\b",
    re.IGNORECASE,
)
_WAS_WRONG = re.compile(
    r"\W*(?:that|this|it|which|the \w+) (?:was|is|were) (?:\w+ )?(?:wrong|incorrect|inaccurate|erroneous|false|"
    r"mistaken|not (?:right|correct|true|so)|an? (?:\w+ )?(?:error|mistake))[\s.!]*",
    re.IGNORECASE,
)
_SETS_RIGHT = re.compile(r"\W*(?:It|He|She|They|In fact|Actually|Instead|The (?:correct|actual|right|true))\b")
_DAY = re.compile(
    r"\b(?:(?P<day>\d{1,2})(?:st|nd|rd|th)? (?P<month>[A-Z][a-z]{2,8})|"
    r"(?P<month2>[A-Z][a-z]{2,8})\.? (?P<day2>\d{1,2}))\b"
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


class DayOfYear(NamedTuple):
    """A day a notice names without its year."""

    month: int
    day: int


def find_note(body: str) -> str | None:
    """The paragraphs in which an article tells of a correction to itself or to another; None when it has none."""
    paragraphs = [each.strip() for each in re.split(r"\n\s*\n", body)]
    noted = [
        number
        for number, each in enumerate(paragraphs)
        if _HEADED.match(each)
        or (_EDITORS_NOTE.match(each) and _OF_A_MISTAKE.search(each))
        or (_SAYS_SO.search(each) and len(each) < LONGEST_NOTE)
    ]
    kept = [
        f"{paragraphs[number]} {paragraphs[number + 1]}"
        if len(paragraphs[number]) < 40 and number + 1 < len(paragraphs)
        else paragraphs[number]
        for number in noted
    ]
    return "\n".join(kept)[:LONGEST_NOTE] or None


def is_notice(title: str, body: str) -> bool:
    """Whether an article is itself a correction of another one."""
    opening = body[:600]
    return bool(_CORRECTION_TITLE.match(title) or _HEADED.match(opening)) and bool(_ABOUT_ANOTHER.search(opening))


def is_of_note(sentence: str, title: str, note: str | None) -> bool:
    """Whether a sentence stands in an article's note of its mistakes, or the whole article is a notice."""
    return bool(_CORRECTION_TITLE.match(title)) or (note is not None and sentence.strip() in note)


def taken_back(text: str) -> tuple[str, ...]:
    """The wrong figures and names that a note or a notice names, each with the word after it: "148 million"."""
    found = [each["value"] for each in _INSTEAD_OF.finditer(text)]
    for said in _WAS_SAID.finditer(text):
        rest = text[said.end() : said.end() + 300]
        end = _NOW_RIGHT.search(rest)
        found += re.findall(_FIGURE, rest[: end.start() if end else len(rest)])
    return tuple(dict.fromkeys(value.strip() for value in found if _tells(value)))


def quotable(sentences: Sequence[str]) -> list[tuple[int, int]]:
    """Which sentences of a note can be quoted, as the first and the last of each run that is quoted as one.

    A sentence that tells only what was wrong is quoted with the one that sets it right, if that comes next, or not.
    """
    runs, at = [], 0
    while at < len(sentences):
        last = at
        while last < len(sentences) and _repeats_mistake(sentences[last]):
            last += 1
        if last == at or (last < len(sentences) and _SETS_RIGHT.match(sentences[last])):
            runs.append((at, last))
        else:
            last -= 1
        at = last + 1
    return runs


def _repeats_mistake(sentence: str) -> bool:
    """Whether a sentence tells what was wrong without what is right."""
    return bool(_WAS_WRONG.fullmatch(sentence)) or any(
        not _NOW_RIGHT.search(sentence, said.end()) for said in _WAS_SAID.finditer(sentence)
    )


def says(text: str, value: str) -> bool:
    """Whether a text holds a value as words of its own."""
    return re.search(_as_words(value), text) is not None


def without(text: str, value: str) -> str:
    """The text with a value it says left out, and marked as left out."""
    return re.sub(_as_words(value), LEFT_OUT, text)


def days_named(text: str) -> tuple[DayOfYear, ...]:
    """The days of the year that a text names, in order."""
    named = []
    for found in _DAY.finditer(text):
        month = (found["month"] or found["month2"])[:3].lower()
        day = int(found["day"] or found["day2"])
        if month in _MONTHS and 1 <= day <= 31:
            named.append(DayOfYear(_MONTHS.index(month) + 1, day))
    return tuple(named)


def _as_words(value: str) -> str:
    return rf"(?<![\w.,]){re.escape(value)}(?!\w|[.,]\d)"


def _tells(value: str) -> bool:
    """Whether a value is telling enough to be looked for: a bare digit stands everywhere."""
    return not value[0].isdigit() or " " in value or "%" in value or sum(map(str.isdigit, value)) > 1
