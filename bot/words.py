"""The words of a sentence as proofs compare them: stems, told apart into those that say something and those of form."""

from functools import cache, lru_cache

from index import stems

SHARED_START = 5  # letters that two stems of one word family have in common

# Words that carry a sentence's form and not what it says; "not" and its like are judged by themselves.
_FORM = (
    "a an the of to in on at by for from with as and or but is was were are be been being it its this that these "
    "those do does did has have had who whom whose which what when where why how not no he she they his her their "
    "him them we our you your i my me there here than then so such also about into over after before during "
    "between both all any some more most other one which while because said say says told according reported "
    "reports report stated added noted would will can should been mr mrs ms s t u"
)
_SAME = {"dead": "die", "death": "die"}  # of one meaning in news, joined by no stemmer


@lru_cache(maxsize=4096)
def word_stems(text: str) -> tuple[str, ...]:
    """All stems of a text, in order."""
    return tuple(_SAME.get(stem, stem) for stem in stems(text.replace("’", "'")))


@lru_cache(maxsize=4096)
def words(text: str) -> frozenset[str]:
    """The stems that say something, numbers left out: they are checked by themselves."""
    return frozenset(stem for stem in word_stems(text) if not is_form(stem) and not stem[0].isdigit())


def is_form(stem: str) -> bool:
    """Whether a stem carries a sentence's form and not what it says."""
    return stem in _form_stems()


def family(stem: str) -> str | None:
    """What a stem has in common with others of its family ("negotiat" and "negotiator"), None when it is too short."""
    return stem[:SHARED_START] if len(stem) >= SHARED_START else None


@cache
def _form_stems() -> frozenset[str]:
    return frozenset(stems(_FORM)) | frozenset(_FORM.split())
