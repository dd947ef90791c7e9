"""Which sentences of the evidence answer a question: each is scored, the best are chosen.

A sentence's score adds what it shares with the question to how well its passage was found. The weights were chosen
on half of the development questions and hold on the other half (eval/LOG.md).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import log

from bot.asking import Wanted, asks_for_words, offers, offers_words, wanted
from bot.parts import parts
from bot.planted import is_planted
from bot.publishers import named
from bot.words import same
from index import Article, Evidence, Recency, Span, header, recency_weight, stems

SENTENCES = 3
COSINE, COVERAGE, COVERAGE_IN_CONTEXT, PASSAGE, TYPE = 1.0, 0.4, 0.8, 0.3, 0.3
SAME_MEANING = 0.7  # "died" for "death toll"
CONTEXT_CREDIT = 0.4  # a question's word in the sentence before, or in the header, counts this much
WORDS = 0.3  # what somebody's own words are ahead, where the question asks what was said; in the order alone, too
RECENCY = 0.3  # what the newest article is ahead of a very old one, in the order but not against the bar
RELEVANCE = 0.14  # what the log odds that a sentence answers count for, in the order
JOINED = 3  # things: what a question joins of so many no sentence answers alone
SUREST = 0.995  # nothing is likelier than this to answer, or not to
HALF_LIFE_DAYS = 30.0
NEAR_BEST = 0.6  # a further sentence's fit must come within this of the best one's
NEAR_JUDGED = 1.0  # the same where relevance is part of it
ASKS, HEADS = 0.5, 0.3  # what a question and a heading lose
BEFORE = 2  # sentences before that may say who or what a sentence is about
SAME_SAYING = 0.8  # share of stems above which two sentences say the same

_ENDS = re.compile(r"[.!…][”\"'’)]*$")
_LEANS = re.compile(
    r"[“\"‘']?(But |And |So |Yet |Still, |However, )?"
    r"(He|She|They|It|His|Her|Their|Its|This|That|These|Those|Both|The (former|latter|two|pair|duo))\b"
    r"|[A-Z][\w ’'-]{0,40}, (he|she|they|his|her|their)\b"
)
# "…," she said: who speaks is told before.
_SPOKEN = re.compile(
    r"[,.?!…—-][”\"’'] (?:(?:he|she|they) (?:said|says|added|told|wrote|asked|explained|warned|argued|insisted|joked)"
    r"|(?:said|says|added) (?:he|she|they))\b"
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """One sentence of the evidence with its score.

    `fit` adds to it what makes one of two such sentences the better answer: newer, somebody's own words, likelier to
    answer. `relevance` is how likely it answers, where the reranker has judged it.
    """

    evidence: Evidence
    place: int
    score: float
    stems: frozenset[str]
    fit: float = 0.0
    relevance: float | None = None

    @property
    def span(self) -> Span:
        """Where it stands in the body."""
        return self.evidence.passage.sentences[self.place]

    @property
    def text(self) -> str:
        """Its characters, as stored."""
        return self.evidence.passage.quote(self.span)


def rank(
    question: str, evidence: Sequence[Evidence], weights: Mapping[str, float], recency: Recency | None = None
) -> list[Ranked]:
    """Every sentence of the evidence, the one that fits best first.

    With `recency`, of two that are alike the newer article's is ahead; where the question asks what somebody said, the
    one that quotes. Sentences that were not judged count as likely to answer as those that were do in the mean.

    `weights` has the question's stems, each weighted by its rarity. Ties keep the order of the evidence.
    """
    kind = wanted(question)
    ranked = [each for found in evidence for each in _rank_passage(question, kind, found, weights)]
    said = [each for each in ranked if not is_planted(each.text)]
    of_words = WORDS * asks_for_words(question)
    others = mean_relevance(evidence)
    of_relevance = RELEVANCE if answered_by_one(question) else 0.0

    def fitting(each: Ranked) -> Ranked:
        article = each.evidence.article
        newer = RECENCY * _newer(article.published_at, recency)
        relevance = timely(others if each.relevance is None else each.relevance, article, recency)
        likely = of_relevance * log_odds(relevance)
        return replace(each, fit=each.score + newer + likely + (of_words and of_words * offers_words(each.text)))

    return sorted(map(fitting, said), key=lambda each: -each.fit)


def answered_by_one(question: str) -> bool:
    """Whether one sentence can be the answer: else what the reranker says of each alone puts them in no order."""
    return len(parts(question)) < JOINED


def mean_relevance(evidence: Sequence[Evidence]) -> float:
    """Of the sentences that the reranker has judged; 0 when it has judged none."""
    judged = [number for found in evidence for number in found.relevance if number is not None]
    return sum(judged) / len(judged) if judged else 0.0


def timely(relevance: float, article: Article, recency: Recency | None) -> float:
    """How likely a sentence answers and still holds: with `recency`, half as likely for each half-life of age."""
    return relevance * recency_weight(article.published_at, recency) if recency else relevance


def choose(ranked: Sequence[Ranked], names: frozenset[str] = frozenset()) -> list[Ranked]:
    """The first sentence and up to two more whose fit is near the best and that say something else, in their order.

    `names` are stems of the names in the question: where the best sentence is about one, no other is about another.
    """
    chosen: list[Ranked] = []
    near = NEAR_JUDGED if ranked and ranked[0].relevance is not None else NEAR_BEST
    named = names & context(ranked[0]) if ranked else frozenset()
    for sentence in ranked:
        if len(chosen) == SENTENCES or sentence.fit < ranked[0].fit - near:
            break
        of_another = named and names_in(sentence.text) and not names & context(sentence)
        if of_another or any(_says_the_same(sentence, other) for other in chosen):
            continue
        if any(_covers(other, sentence) for other in chosen):
            continue
        chosen = [other for other in chosen if not _covers(sentence, other)] + [sentence]
    return chosen


def names_in(text: str) -> frozenset[str]:
    """The stems of words that are capitalised inside of a question or a sentence."""
    return frozenset(stem for word in re.findall(r"(?<=\s)[A-Z][\w’'-]*", text) for stem in stems(word))


def context(sentence: Ranked) -> frozenset[str]:
    """The stems of a sentence, of those right before it, and of its article's title and day."""
    passage = sentence.evidence.passage
    before = passage.sentences[max(0, sentence.place - BEFORE) : sentence.place]
    texts = [passage.quote(span) for span in before]
    return sentence.stems | frozenset(stems(" ".join([heading(sentence.evidence.article), *texts])))


def heading(article: Article) -> str:
    """What an article is about, its title and day: what the Kessary Post reports need not be of Kessary."""
    return header(replace(article, publisher=None))


def with_antecedent(sentence: Ranked) -> Span:
    """The sentence's span, begun earlier when it leans on the sentence before ("He said …", "…," she said)."""
    passage = sentence.evidence.passage
    first = sentence.place
    while first > 0 and sentence.place - first < 2 and _leans(passage.quote(passage.sentences[first])):
        before = passage.sentences[first - 1]
        taken_back = passage.quote(Span(before.end, passage.sentences[first].start)).strip()  # by a correction
        if taken_back or is_planted(passage.quote(before)):
            break
        first -= 1
    return Span(passage.sentences[first].start, sentence.span.end)


def _leans(text: str) -> bool:
    return bool(_LEANS.match(text) or _SPOKEN.search(text))


def log_odds(probability: float) -> float:
    """ln(p / (1 - p)), where nothing is surer than SUREST."""
    bounded = min(max(probability, 1 - SUREST), SUREST)
    return log(bounded / (1 - bounded))


def _newer(published: datetime | None, recency: Recency | None) -> float:
    """Sentences compete more closely than passages do: their half-life is at most HALF_LIFE_DAYS."""
    if recency is None:
        return 0.0
    return recency_weight(published, replace(recency, half_life_days=min(HALF_LIFE_DAYS, recency.half_life_days)))


def _rank_passage(question: str, kind: Wanted | None, found: Evidence, weights: Mapping[str, float]) -> list[Ranked]:
    total = sum(weights.values()) or 1.0
    meanings = {word: same((word,)) for word in weights}
    known = found.article.publisher
    asked = known is not None and bool(named(question, [known]))
    top = set(stems(header(found.article) if asked else heading(found.article)))
    before: set[str] = set()
    ranked: list[Ranked] = []
    for place, span in enumerate(found.passage.sentences):
        text = found.passage.quote(span)
        own = set(stems(text))
        meant = same(own)
        covered = sum(
            weight * (1.0 if word in own else SAME_MEANING)
            for word, weight in weights.items()
            if word in own or not meanings[word].isdisjoint(meant)
        )
        near = sum(weight for word, weight in weights.items() if word not in own and (word in before or word in top))
        fits = kind is None or offers(kind, text, question)
        score = (
            COSINE * found.similarities[place]
            + COVERAGE * covered / total
            + COVERAGE_IN_CONTEXT * (covered + CONTEXT_CREDIT * near) / total
            + PASSAGE * found.score
            + TYPE * fits
            - says_little(text.strip())
        )
        relevance = found.relevance[place] if found.relevance else None
        ranked.append(Ranked(found, place, score, frozenset(own), relevance=relevance))
        before = own
    return ranked


def says_little(text: str) -> float:
    """What a sentence loses by its shape: a question, a heading."""
    if text.rstrip("”\"'’)").endswith("?"):
        return ASKS
    return 0.0 if _ENDS.search(text) else HEADS


def _covers(one: Ranked, other: Ranked) -> bool:
    """Whether the quote of one sentence holds the whole quote of the other."""
    mine, theirs = with_antecedent(one), with_antecedent(other)
    same = one.evidence.article.id == other.evidence.article.id
    return same and mine.start <= theirs.start and theirs.end <= mine.end


def _says_the_same(one: Ranked, other: Ranked) -> bool:
    return len(one.stems & other.stems) > SAME_SAYING * max(1, min(len(one.stems), len(other.stems)))
