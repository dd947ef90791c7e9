"""The words of a sentence as proofs compare them: stems, told apart into those that say something and those of form."""

from collections.abc import Iterable
from functools import cache, lru_cache

from index import stems

SHARED_START = 5  # letters that two stems of one word family have in common

# Words that carry a sentence's form and not what it says; "not" and its like are judged by themselves.
_FORM = (
    "a an the of to in on at by for from with as and or but is was were are be been being it its this that these "
    "those do does did has have had who whom whose which what when where why how not no he she they his her their "
    "him them we our you your i my me there here than then so such also about into over after before during "
    "between both all any some more most other one which while because said say says told according reported "
    "reports report stated added noted would will can should been go went gone get got mr mrs ms s t u"
)
# Words of one meaning in news that no stemmer joins.
_SAME = (
    "pay paid payment payments",
    "announce announced announcement present presented publish published unveil unveiled",
    "theft thefts thief thieves steal stole stolen rob robbed robbery",
    "toll dead death deaths die died killed kill",
    "vote votes voted ballot ballots",
    "firm company business",
    "lawmaker lawmakers legislator legislators",
    "strike strikes walkout walkouts",
)
# The same, each group beside its opposite.
_OPPOSITES = (
    ("rise rose risen increase increased grow grew grown gain gained climb climbed jump jumped soar soared up higher "
     "raise raised raises lift lifted hike hiked",
     "fall fell fallen decrease decreased drop dropped decline declined shrink shrank plunge plunged down lower "
     "lowered cut cuts reduce reduced slow slowed lose lost loses"),
    ("win won victory defeat defeated beat", "lose lost loss"),
    ("support supports supported back backed favor favored endorse endorsed", "oppose opposes opposed opposition"),
    ("accept accepted approve approved approval agree agreed grant granted grants allow allowed",
     "reject rejected refuse refused disagreed veto vetoed"),
    ("guilty convicted", "innocent acquitted cleared"),
    ("before", "after"),
    ("more", "less fewer"),
    ("open opened opens reopen reopened", "close closed closes shut"),
    ("arrive arrived join joined enter entered", "leave left departed withdrew withdraw exit exited pull pulled"),
    ("buy bought acquire acquired", "sell sold"),
    ("largest biggest highest most", "smallest lowest least"),
    ("legal lawful", "illegal unlawful"),
    ("start started begin began", "end ended stop stopped finish finished"),
    ("male man men", "female woman women"),
    ("alive survived", "dead died death killed kill die"),
    ("hired appointed", "fired dismissed sacked resigned"),
    ("create created creates", "cut cuts abolish abolished scrap scrapped"),
    ("welcomed praised", "condemned criticized criticised"),
    ("hurt injured injure wounded wound", "unhurt unharmed"),
    ("arrested detained", "released freed"),
)  # fmt: skip


@lru_cache(maxsize=4096)
def word_stems(text: str) -> tuple[str, ...]:
    """All stems of a text, in order."""
    return tuple(stems(text.replace("’", "'")))


@lru_cache(maxsize=4096)
def words(text: str) -> frozenset[str]:
    """The stems that say something, numbers left out: they are checked by themselves."""
    return frozenset(stem for stem in word_stems(text) if not is_form(stem) and not stem[0].isdigit())


def is_form(stem: str) -> bool:
    """Whether a stem carries a sentence's form and not what it says."""
    return stem in _form_stems()


@lru_cache(maxsize=4096)
def families(text: str) -> frozenset[str]:
    """The families of the words that a text has in small letters."""
    small = " ".join(word for word in text.split() if word[:1].islower() or word.endswith("ing"))
    return frozenset(filter(None, map(family, word_stems(small))))


def family(stem: str) -> str | None:
    """What a stem has in common with others of its family ("negotiat" and "negotiator"), None when it is too short."""
    return stem[:SHARED_START] if len(stem) >= SHARED_START else None


def sides(of: Iterable[str]) -> frozenset[str]:
    """The groups of one meaning that stems belong to, each by a name of its own."""
    return frozenset().union(*(_sides().get(stem, frozenset()) for stem in of))


def same(of: Iterable[str]) -> frozenset[str]:
    """Those of these groups that have no opposite: words that mean the same whatever is said of them."""
    return frozenset(each for each in sides(of) if "." not in each)


@cache
def opposites() -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """Words that turn what is said around, each group beside its opposite."""
    return tuple((frozenset(one.split()), frozenset(other.split())) for one, other in _OPPOSITES)


@cache
def _sides() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for number, pair in enumerate(_OPPOSITES):
        for side, group in enumerate(pair):
            for stem in stems(group):
                found[stem] = found.get(stem, frozenset()) | {f"={number}.{side}"}
    for number, group in enumerate(_SAME):
        for stem in stems(group):
            found[stem] = found.get(stem, frozenset()) | {f"={number}"}
    return found


@cache
def _form_stems() -> frozenset[str]:
    return frozenset(stems(_FORM)) | frozenset(_FORM.split())
