"""Sentences that give other numbers for what is asked, or deny what another one says: both belong into an answer.

Nothing is understood here, only compared. Two sentences give a number for the same thing when the question's words that
stand in or right before the one stand in or right before the other, and what they count has the same name, or none.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.answer import ProvenSentence, Question, Quote
from bot.asking import measures, wanted
from bot.figures import Figure, figures
from bot.moments import moments, without_dates
from bot.publishers import without_names
from bot.ranking import Ranked, context, heading, names_in, with_antecedent
from bot.units import UNITS
from bot.wording import by_whom, sources_differ
from bot.words import same
from index import mistakes, stems

ONE_STATE = timedelta(days=1)  # what two reports say that are further apart may have changed: a toll rises
SAME_TIME = timedelta(days=7)  # of statements further apart the newer one tells what has changed
SAME_MATTER = timedelta(days=60)  # between two numbers for one thing; what is further apart has changed meanwhile
SAME_NUMBER = 0.02  # two numbers that are this near are one, rounded
MUCH_THE_SAME = 0.5  # share of stems; to give other amounts of money or other sizes, two sentences must be as alike
NEAR_FIRST = 0.6  # the score of a sentence that may be a side must come within this of the first one's
MOST = 0.5  # share of the weight of the words asked about
OF_A_KIND = 10  # two numbers that are this many times apart are of different things
REACH = 5  # words over which a "no" reaches
LONG_AGO = datetime.min.replace(tzinfo=UTC)

_COUNTED = re.compile(r"\bhow many (?:more |other |of the )?([a-z][\w-]*)", re.I)
_TOLL = re.compile(r"\b(?:death toll|number of (?:deaths|dead|victims|fatalities))\b", re.I)
_DO_THEY_AGREE = re.compile(r"\b(?:dis)?agree|\bdiffer|\bcontradict|\bconflict", re.I)
_YES_OR_NO = re.compile(
    r"\W*(?:is|are|was|were|has|have|had|did|does|do|will|can|could|would|should)\b(?!.*\b(?:or|agree|differ))", re.I
)
_NO = re.compile(
    r"(?:no|not|never|none|nobody|nothing|without|denied|denies|deny|cannot|neither|nor|\w+n['’]t)\Z", re.I
)
_NOT_COUNTING = re.compile(
    r"(?:\b(?:No|Nos|Number|Section|Article|Chapter|Page|Room|Flight|Route|Line|[A-Z]\w+s)\.? )\Z"
)


@dataclass(frozen=True, slots=True)
class Side:
    """One sentence of a conflict: what it says differently, and the quote it stands in."""

    sentence: Ranked
    said: str

    @property
    def quote(self) -> Quote:
        """The sentence with what it leans on."""
        return Quote(self.sentence.evidence, with_antecedent(self.sentence))


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sentences that cannot both be the answer, the newer one first. `of_numbers`: they give other numbers."""

    sides: tuple[Side, Side]
    of_numbers: bool


def conflict(question: str, ranked: Sequence[Ranked], weights: Mapping[str, float]) -> Conflict | None:
    """The conflict that an answer to the question has to tell, None when there is none to be seen.

    `ranked` has the sentences of the evidence, best first; `weights` the question's stems.
    """
    published = {each.evidence.article.publisher for each in ranked} - {None}
    plain = without_names(question, [each for each in published if each])
    weights = {stem: weights[stem] for stem in weights if stem in stems(plain)}  # who reports it is not what is asked
    numbers = frozenset(stem for figure in figures(plain) for stem in stems(figure.text))
    asked = frozenset(weights) - names_in(plain) - numbers
    confirms = bool(_YES_OR_NO.match(question))  # "Did it lose 148 million?" asks whether another number is right
    if wanted(plain) == "number" or (confirms and figures(question)):
        return _of_numbers(plain, ranked, asked, weights, confirms=confirms)
    if confirms:
        return _of_statements(ranked, asked)
    return None


def _of_numbers(
    question: str, ranked: Sequence[Ranked], asked: frozenset[str], weights: Mapping[str, float], *, confirms: bool
) -> Conflict | None:
    counted = _COUNTED.search(_TOLL.sub("how many people died", question))
    noun = next(iter(stems(counted[1])), None) if counted else None
    open_to_any = noun is not None or bool(_DO_THEY_AGREE.search(question))
    given = [figure.value for figure in figures(question)]
    main = next(
        (
            (each, figure, of)
            for each in ranked
            if each.score >= ranked[0].score - NEAR_FIRST and _told(context(each), asked) - {noun}
            if open_to_any or _is_about(each, asked, names_in(question), weights)
            for figure, of in ([] if _of_another_year(each) else _counts(each))
            if of and of == (noun or of) and (figure.value in given) == confirms and measures(question, figure)
        ),
        None,
    )
    if main is None:
        return None
    first, figure, of = main
    about, named = _told(context(first), asked), _whole(first) & names_in(question)
    others = [
        Side(each, other.text)
        for each in ranked
        for other, name in (_counts(each)[:1] if _is_of(each, named) else ())
        # "Police put the crowd at 9,000" need not say of what, where it is asked how many there were.
        if ((name == of and _alike(first, each)) or (open_to_any and name in (of, None) and _tells(each, about)))
        and other.kind == figure.kind
        and _differ(other, figure)
        and not _has_both(first, figure, each, other)
        and _of_one_time(first, each)
        and not _of_another_year(each)
    ]
    if not others:
        return None
    other_side = max(
        others,
        key=lambda side: (
            _weight(side.sentence, about, weights),
            _is_of_another(side, first),
            _published(side.sentence),
        ),
    )
    return _newest_first(Side(first, figure.text), other_side, of_numbers=True)


def _has_both(one: Ranked, of_one: Figure, other: Ranked, of_other: Figure) -> bool:
    """Whether one article, or one of two sentences, has both numbers: it says itself how they fit together."""
    return (
        one.evidence.article.id == other.evidence.article.id
        or any(of_one.value == each.value for each in figures(other.text))
        or any(of_other.value == each.value for each in figures(one.text))
    )


def _is_about(sentence: Ranked, asked: frozenset[str], names: frozenset[str], weights: Mapping[str, float]) -> bool:
    """Whether a sentence and what stands before it have most of what is asked about, and its passage a name of it."""
    has = sum(weights[stem] for stem in _told(context(sentence), asked))
    return has >= MOST * sum(weights[stem] for stem in asked) and (not names or bool(names & _whole(sentence)))


def _of_statements(ranked: Sequence[Ranked], asked: frozenset[str]) -> Conflict | None:
    """Two sentences that share more than the question's words, of which one denies what the other says."""
    near = [each for each in ranked if each.score >= ranked[0].score - NEAR_FIRST]
    first = near[0]
    for other in near[1:]:
        shared = first.stems & other.stems
        apart = abs(_published(first) - _published(other))
        if (
            apart <= SAME_TIME
            and shared - asked
            and any(_is_denied(first.text, stem) != _is_denied(other.text, stem) for stem in shared & asked)
        ):
            return _newest_first(Side(first, ""), Side(other, ""), of_numbers=False)
    return None


def _newest_first(one: Side, other: Side, *, of_numbers: bool) -> Conflict:
    sides = sorted((one, other), key=lambda side: _published(side.sentence), reverse=True)
    return Conflict((sides[0], sides[1]), of_numbers)


def _weight(sentence: Ranked, about: frozenset[str], weights: Mapping[str, float]) -> float:
    return sum(weights[stem] for stem in _told(sentence.stems, about))


def _tells(sentence: Ranked, about: frozenset[str]) -> bool:
    """Whether a sentence and what stands before it say all that is asked about."""
    return about <= _told(context(sentence), about)


def _told(said: frozenset[str], asked: frozenset[str]) -> frozenset[str]:
    """Those of the stems asked about that are said, or others of the same meaning."""
    meant = said | same(said)
    return frozenset(stem for stem in asked if not meant.isdisjoint({stem, *same((stem,))}))


def _is_of_another(side: Side, sentence: Ranked) -> bool:
    """Whether a side is another publisher's."""
    return side.sentence.evidence.article.publisher != sentence.evidence.article.publisher


def _of_one_time(one: Ranked, other: Ranked) -> bool:
    """Whether two sentences were published so near each other that they tell of one state of things."""
    dates = [each.evidence.article.published_at for each in (one, other)]
    return None in dates or abs(_published(one) - _published(other)) <= SAME_MATTER


def _published(sentence: Ranked) -> datetime:
    return sentence.evidence.article.published_at or LONG_AGO


def _whole(sentence: Ranked) -> frozenset[str]:
    """The stems of a sentence's whole passage and its article's heading: where a name may stand."""
    return frozenset(stems(f"{heading(sentence.evidence.article)}\n{sentence.evidence.passage.text}"))


def _counts(sentence: Ranked) -> list[tuple[Figure, str | None]]:
    """The numbers of a sentence that count or measure, each with the stem of what is counted, if that is said.

    Without those that the sentence itself takes back.
    """
    wrong = mistakes(sentence.evidence.article, sentence.text)
    found = _find_counts(sentence.text)
    return [
        (figure, of) for figure, of in found if not any(figure.text in value or value in figure.text for value in wrong)
    ]


def _find_counts(text: str) -> Iterator[tuple[Figure, str | None]]:
    plain = without_dates(text)
    for figure in figures(text):
        if figure.kind == "th" or (figure.value == "1" and not figure.text[:1].isdigit()) or ":" in figure.value:
            continue
        before, after = plain[: figure.start], plain[figure.end :]
        if _NOT_COUNTING.search(before) or (
            before.endswith(", ") and after.startswith(",")
        ):  # "Trams 3", "Inch, 52, said"
            continue
        if re.fullmatch(r"(1[5-9]|20)\d\d", figure.text):  # a year
            continue
        following = re.match(r"[\s-]+((?:[a-z’'-]+\s?){1,3})", after)
        noun = next((stem for word in (following[1].split() if following else ()) for stem in stems(word)), None)
        yield figure, figure.kind if figure.kind in UNITS else noun


def _of_another_year(sentence: Ranked) -> bool:
    """Whether a sentence names a year, and not the one it was published in: it tells of another occasion."""
    years = {moment.year for _, moment in moments(sentence.text) if moment.year}
    published = sentence.evidence.article.published_at
    return bool(years) and (published is None or published.year not in years)


def _alike(one: Ranked, other: Ranked) -> bool:
    """Whether two sentences say much the same, numbers and all."""
    return len(one.stems & other.stems) >= MUCH_THE_SAME * min(len(one.stems), len(other.stems))


def _differ(one: Figure, other: Figure) -> bool:
    try:
        first, second = float(one.value), float(other.value)
    except ValueError:
        return one.value != other.value
    small, large = sorted((abs(first), abs(second)))
    return SAME_NUMBER * large < large - small and large < OF_A_KIND * small


def _is_of(sentence: Ranked, named: frozenset[str]) -> bool:
    """Whether a sentence is about what has these names: they stand right before it, or it names nothing else."""
    return named <= context(sentence) or (named <= _whole(sentence) and not names_in(sentence.text))


def _is_denied(text: str, stem: str) -> bool:
    """Whether a "no" or "not" stands close before a word."""
    for clause in re.split(r"[,;:.!?…–—()]", text):
        found = re.findall(r"[\w’'-]+", clause)
        for at, word in enumerate(found):
            if stem in stems(word) and any(_NO.match(each) for each in found[max(0, at - REACH) : at]):
                return True
    return False


def tell(question: Question, conflict: Conflict) -> ProvenSentence | None:
    """One sentence that says what each side has, and who said it when.

    None where it is enough to let both be heard, and where nobody knows who said it.
    """
    if not conflict.of_numbers or any(side.quote.evidence.article.publisher is None for side in conflict.sides):
        return None
    sides = [f"{by_whom(question, side.quote.evidence.article)}: {side.said}" for side in conflict.sides]
    newer, older = (_published(side.sentence) for side in conflict.sides)
    said = sources_differ(question, sides, in_time=newer - older > ONE_STATE)
    return ProvenSentence(said, tuple(side.quote for side in conflict.sides), "supported")


def unheard(conflict: Conflict, quotes: Collection[Quote]) -> bool:
    """Whether the quotes let one side be heard and not the other."""
    heard = [any(_overlap(side.quote, quote) for quote in quotes) for side in conflict.sides]
    return heard[0] != heard[1]


def _overlap(one: Quote, other: Quote) -> bool:
    same = one.evidence.article.id == other.evidence.article.id
    return same and one.span.start < other.span.end and other.span.start < one.span.end
