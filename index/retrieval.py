"""Which passages answer a question: words and vectors bring candidates up, their best sentence ranks them.

score = BM25 / best BM25 of the question + cosine of the passage's best sentence (+ a bonus for a named publisher).
The weights were measured on questions of two kinds, long and full of names (multihop_rag) and short (squad2), where
equal-weight rank fusion helps one and hurts the other: see eval/LOG.md.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from math import log

import numpy as np
from sqlalchemy import Engine

from index.article import Evidence, Filter
from index.derived import Derived
from index.evidence import Candidate, load
from index.words import query_words

CANDIDATES = 60  # from each of the two indexes
SENTENCE_WEIGHT = 1.0
NAMED_PUBLISHER_BONUS = 0.3
PASSAGES_PER_ARTICLE = 3
OVERFETCH = 200  # asked of Chroma when a filter lets enough of them pass; else what passes is scored exactly

FAR_FUTURE = datetime.max.replace(tzinfo=UTC)


def retrieve(
    truth: Engine,
    derived: Derived,
    model: str,
    question: str,
    vector: np.ndarray,
    k: int,
    chosen: Filter,
    named_publishers: Sequence[str] = (),
) -> list[Evidence]:
    """The k best passages for a question and its vector, best first.

    At most PASSAGES_PER_ARTICLE come from one article, and of identical texts only the earliest is kept.
    """
    with truth.connect() as connection:
        among = derived.flat().matching(chosen) if chosen else None
        by_words = dict(derived.words.search(question, CANDIDATES, among))
        by_vector = [passage_id for passage_id, _ in _nearest(derived, vector, among)]
        candidates = load(connection, list(dict.fromkeys([*by_words, *by_vector])), model)
    top = max(by_words.values(), default=1.0)
    found: list[Evidence] = []
    for passage_id, candidate in candidates.items():
        similarities = candidate.sentence_vectors @ vector
        score = by_words.get(passage_id, 0.0) / top + SENTENCE_WEIGHT * float(similarities.max())
        if candidate.article.publisher in named_publishers:
            score += NAMED_PUBLISHER_BONUS
        signals = (("words",) if passage_id in by_words else ()) + (("vectors",) if passage_id in by_vector else ())
        found.append(Evidence(candidate.passage, candidate.article, score, signals, tuple(map(float, similarities))))
    found.sort(key=lambda evidence: (-evidence.score, evidence.passage.id))
    return _spread(_without_copies(found, candidates), k)


def word_weights(derived: Derived, question: str) -> dict[str, float]:
    """The question's stems, each with how much it tells apart: a smoothed inverse document frequency.

    ln(1 + (N + 50) / (n + 1)) for a word in n of N passages. The 50 keeps the weights of an archive of one article
    from being decided by two or three passages.
    """
    count = derived.words.count()
    return {word: log(1 + (count + 50) / (derived.words.rarity(word) + 1)) for word in query_words(question)}


def _nearest(derived: Derived, vector: np.ndarray, among: np.ndarray | None) -> list[tuple[int, float]]:
    """The nearest passages: from Chroma, or scored one by one when a filter leaves too few of what Chroma gives."""
    if among is None:
        return derived.dense.nearest(vector, CANDIDATES)
    if CANDIDATES * derived.words.count() <= OVERFETCH * len(among):
        allowed = set(among.tolist())
        found = [pair for pair in derived.dense.nearest(vector, OVERFETCH) if pair[0] in allowed]
        if len(found) >= CANDIDATES:
            return found[:CANDIDATES]
    return derived.flat().nearest(vector, CANDIDATES, among)


def _without_copies(found: list[Evidence], candidates: dict[int, Candidate]) -> list[Evidence]:
    """Of articles with the very same text, the one published first stays."""
    first: dict[str, tuple[datetime, str]] = {}
    for evidence in found:
        digest = candidates[evidence.passage.id].body_digest
        own = (evidence.article.published_at or FAR_FUTURE, evidence.article.id)
        first[digest] = min(first.get(digest, own), own)
    kept = {article_id for _, article_id in first.values()}
    return [evidence for evidence in found if evidence.article.id in kept]


def _spread(found: list[Evidence], k: int) -> list[Evidence]:
    taken: Counter[str] = Counter()
    spread: list[Evidence] = []
    for evidence in found:
        if len(spread) < k and taken[evidence.article.id] < PASSAGES_PER_ARTICLE:
            taken[evidence.article.id] += 1
            spread.append(evidence)
    return spread
