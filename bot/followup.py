"""A question of a conversation made to stand alone: what it leans on is carried over from the questions before it.

The question itself stays as it was asked. What is carried over stands behind it in brackets: the words of the question
before, without those that only asked, and without a time or publisher that the new question replaces. Measured on
mtrag: only a question that leans is given more, for one that does not is found better alone.
"""

import re
from collections.abc import Sequence

from bot.names import names
from bot.publishers import named, without_names
from bot.when import has_time, without_time
from index import query_words

SHORT = 2  # content words; a question that short says too little by itself

_OPENS = re.compile(
    r"\W*(and|but|or|so|then|also|what about|how about|what of|why|how come|really|(who|what|where|when|how) else)\b",
    re.I,
)
_POINTS_BACK = re.compile(
    r"\b(he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those|there|ones?|former|latter|same|"
    r"such)\b",
    re.I,
)
_WHY = re.compile(r"\W*(and |but |so )?(why|how come)\b", re.I)
# Words that ask, and say nothing of what is asked about.
_ASKS = set(
    "what who whom whose which when where why how is are was were do does did has have had can could will would should "
    "shall may might many much tell me please about the a an and but or so then also i you we my your our".split()
)


def standalone(question: str, earlier: Sequence[str], publishers: Sequence[str] = ()) -> str:
    """The question with what it leans on. `earlier` are the questions before it, newest last.

    `publishers` are the archive's: one that the question names takes the place of those named before.
    """
    if not earlier or not leans(question):
        return question
    *before, last = earlier
    carried = standalone(last, before, publishers)
    if has_time(question):
        carried = without_time(carried)
    if named(question, publishers):
        carried = without_names(carried, publishers)
    subject = _subject(carried)
    return f"{question} ({subject})" if subject else question


def leans(question: str) -> bool:
    """Whether a question needs the one before it to be understood."""
    words = len(query_words(question))
    return _points(question) or words <= 1 or (words <= SHORT and not names(question))


def _points(question: str) -> bool:
    return bool(_OPENS.match(question) or _POINTS_BACK.search(question))


def _subject(question: str) -> str:
    """The words of a question that say what it is about."""
    words = re.sub(r"[()?]", " ", question).split()
    return " ".join(word for word in words if _says(word)).strip(" ,;.")


def _says(word: str) -> bool:
    bare = word.strip('.,;:!"“”').lower()
    return bare not in _ASKS and not _POINTS_BACK.fullmatch(bare)
