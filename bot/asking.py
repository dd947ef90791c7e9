"""What a question asks for: a number, a date, a person, a place, some other name; and whether a sentence offers one."""

import re
from typing import Literal

from bot.figures import Figure, figures
from bot.units import UNITS

Wanted = Literal["number", "date", "person", "place", "name"]

# "How many died when it sank?" asks for a number: the earliest match in the question decides.
_ASKS: tuple[tuple[Wanted, re.Pattern[str]], ...] = (
    ("date", re.compile(r"\bwhen\b|\b(what|which|whose) (year|date|day|month|decade|century|time|week)\b", re.I)),
    (
        "number",
        re.compile(
            r"\bhow (many|much|old|long|far|tall|large|big|high|fast|often|few|wide|deep|heavy)\b|"
            r"\b(what|which) (percent|percentage|number|amount|proportion|share|price|cost|score|sum|age)\b|"
            r"\bwhat (is|was|were|are) the (\w+ ){0,2}(cost|price|number|population|death toll|toll|score|budget)\b|"
            r"\b(cost|priced?) (of|at)\b|\bwhat (\w+ ){0,6}costs?\b",
            re.I,
        ),
    ),
    (
        "person",
        re.compile(
            r"\bwho(m|se)?\b|\b(what|which) (person|man|woman|minister|president|mayor|official|officer|king|queen|"
            r"scientist|author|player|coach|leader)\b|\bname of the (man|woman|person|minister|president|mayor)\b",
            re.I,
        ),
    ),
    (
        "place",
        re.compile(
            r"\bwhere\b|\b(what|which) (\w+ )?(city|country|countries|state|place|region|town|county|continent|village|"
            r"street|district|port|neighbou?rs?|neighbou?ring)\b",
            re.I,
        ),
    ),
)

# Asked last: "which" and a thing with a name of its own.
_ASKS_NAME = re.compile(
    r"\bwhich\b|\bwhat is (its|the|his|her) name\b|\bwhat (\w+ ){0,2}(agency|airline|automaker|band|book|brand|company|"
    r"event|film|game|group|language|movie|organi[sz]ation|party|religion|school|show|singer|song|store|storm|team|"
    r"union|university)\b",
    re.I,
)

# "What did she say about it?" asks for somebody's own words.
_ASKS_WORDS = re.compile(
    r"\b(?:what|how) (?:did|does|do|has|have|was|were)\b.*\b(?:say|said|tell|told|call|called|reply|replied|describe|"
    r"described|comment|commented|respond|responded|react|reacted)\b",
    re.I,
)
_WORDS = re.compile(r"[“\"][^“”\"]{12,}[,.?!…”\"]")

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_NUMBER = re.compile(
    r"\d[\d,.]*|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|millions?|"
    r"billions?|half|twice|third|quarter)\b",
    re.I,
)
_DATE = re.compile(
    rf"\b(\d{{3,4}}s?|\d{{1,2}}(st|nd|rd|th)|{_MONTHS}|(Jan|Feb|Aug|Sept|Oct|Nov|Dec)\.|{_DAYS}|"
    r"\d{1,2}(:\d\d)? ?[ap]\.?m\b|noon|midnight|today|yesterday|tomorrow|century|"
    r"(next|last) (week|month|year|spring|summer|autumn|fall|winter))\b"
)
# What "how fast" can be answered with: dimensions of units, "" for a number without a unit.
_MEASURED = {
    "fast": {"speed"},
    "far": {"length"},
    "tall": {"length"},
    "deep": {"length"},
    "wide": {"length"},
    "long": {"length", "time"},
    "old": {"time", ""},
    "heavy": {"mass"},
    "hot": {"temperature"},
    "cold": {"temperature"},
    "warm": {"temperature"},
    "much": {"mass", "volume", "area", ""},
}
_HOW = re.compile(rf"\bhow ({'|'.join(_MEASURED)})\b", re.I)
# A capitalised word that does not merely open the sentence or a quotation.
_NAME = re.compile(r"(?<=[\w,;:)’”\"] )(?:[A-Z][\w’'.-]*)")
# Two or more capitalised words in a row, or one behind a title, are most likely a person unless they name a body.
_PERSON = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Sen|Rep|Gov|Col|Capt|Sgt|Lt|Rev|Sir|Dame|Lord|Lady|Judge|Justice|King|Queen|Prince|"
    r"Princess|President|Minister|Mayor|Secretary|Senator|Governor|Chancellor|Captain|Pope|Saint|St)\.? "
    r"(?P<surname>[A-Z][\w’'-]+)|"
    r"(?P<full>[A-Z][\w’'-]+(?: (?:[A-Z]\.|de|da|del|di|van|von|bin|al|el))*(?: [A-Z][\w’'-]+)+)"
)
_BODIES = re.compile(
    r"\b(Department|Ministry|State|States|University|College|School|Company|Corp|Inc|Bank|Union|Party|Council|Court|"
    r"Committee|Agency|Office|Association|Institute|Group|City|County|Republic|Kingdom|Street|Avenue|River|Lake|Bay|"
    r"North|South|East|West|Church|Museum|Hospital|House|Times|Post|News|League|Cup|Act|War|Street|Hall|Bridge|Port|"
    r"January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b"
)


def wanted(question: str) -> Wanted | None:
    """The kind of thing a question asks for first, None when its form does not say."""
    found = [(match.start(), kind) for kind, pattern in _ASKS if (match := pattern.search(question))]
    if not found and _ASKS_NAME.search(question):
        return "name"
    return min(found, key=lambda each: each[0])[1] if found else None


def offers(kind: Wanted, sentence: str, question: str) -> bool:
    """Whether a sentence holds a thing of that kind which the question does not already name."""
    known = question.lower()
    match kind:
        case "number":
            if _HOW.search(question) and not any(measures(question, figure) for figure in figures(sentence)):
                return False
            found = [number.group() for number in _NUMBER.finditer(sentence)]
        case "date":
            found = [date.group() for date in _DATE.finditer(sentence)]
        case "person":
            people = [person for person in _PERSON.finditer(sentence) if not _BODIES.search(person.group())]
            found = [person["surname"] or person["full"].split()[-1] for person in people]
        case "place" | "name":
            found = [name.rstrip(".").removesuffix("’s") for name in _NAME.findall(sentence)]
    return any(each.lower() not in known for each in found)


def asks_for_words(question: str) -> bool:
    """Whether a question asks what somebody said."""
    return bool(_ASKS_WORDS.search(question))


def offers_words(sentence: str) -> bool:
    """Whether a sentence quotes somebody at some length."""
    return bool(_WORDS.search(sentence))


def measures(question: str, figure: Figure) -> bool:
    """Whether a number has a unit, or none, as "how fast" or "how much" in the question asks for."""
    how = _HOW.search(question)
    dimension = UNITS[figure.kind].dimension if figure.kind in UNITS else ""
    return how is None or dimension in _MEASURED[how[1].lower()]
