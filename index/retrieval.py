"""Which passages answer a question: words and vectors bring candidates up, the best sentence of each ranks them.

A question may join several things ("did A say …, while B …?"). The whole of it and each of its parts is searched; a
part that names publishers is searched in their articles. A passage's score is

    whole + PART * best part, where both are words + best sentence (BM25 / best BM25 of that search, cosine)

and what is added for a named publisher, a named day and recency. Passages are then taken one by one; each lowers the
others of its article by REPEATED, so that the sides of a comparison are all heard. The weights were fitted on one half
of the multihop_rag questions, by article, and hold on the other half and on questions of one part: see eval/LOG.md.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from math import log
from typing import NamedTuple

import numpy as np
from sqlalchemy import Engine

from index.article import Copy, Correction, Evidence, Filter
from index.correcting import corrected, own_note
from index.derived import Derived
from index.evidence import Candidate, load
from index.passages import header
from index.query import Part, Query
from index.reading.corrections import says
from index.recency import recency_weight
from index.reports import carriers
from index.words import query_words

CANDIDATES = 60  # of each search, by words and by vectors
READ = 80  # of all candidates together, those whose sentences are looked at
SCORED_BY_WORDS = 200  # a candidate beyond these has no words in common worth counting
WHOLE_WORDS, WHOLE_SENTENCE, PART = 0.2, 0.4, 0.6  # add up to 1.2: 1 for the cosine, less for the words of the whole
OTHER_PUBLISHER = 0.5  # what a part's score is worth in an article of another publisher than it names
NAMED_PUBLISHER, NAMED_DAY = 0.16, 0.16
RECENCY = 0.4  # what the newest article is ahead of a very old one, where the question wants news
REPEATED = 0.1
REPEATS = 0.72  # mean cosine of a copy's sentences with their likes in the report it copies
OVERFETCH = 200  # asked of Chroma when a filter lets enough of them pass; else what passes is scored exactly


class Found(NamedTuple):
    """What one search brought up: passages with BM25 as a share of the best, and the nearest ones."""

    part: Part
    words: dict[int, float]
    best: float
    ids: list[int]
    replaced: list[int]


def retrieve(
    truth: Engine, derived: Derived, model: str, query: Query, vectors: np.ndarray, k: int, chosen: Filter
) -> list[Evidence]:
    """The k best passages for a query, in the order they were taken; what copies of a report repeat is left out.

    `vectors` (1 + parts, dimension): the question's, then each part's. Only the candidates that look best by words and
    by their own vectors are read from the truth, and ranked by their best sentences.
    """
    searched = [
        _search(derived, part, vector, chosen)
        for part, vector in zip((Part(query.text), *query.parts), vectors, strict=True)
    ]
    ids = _promising(derived, query, searched, vectors)[: max(READ, k)]
    if chosen.as_of is not None:
        ids += [passage_id for found in searched for passage_id in found.replaced]
    with truth.connect() as connection:
        candidates = load(connection, ids, model, replaced=chosen.as_of is not None)
        _find_words(derived, [each for each in candidates.values() if not each.current], searched)
        notices = corrected(connection, {each.article.id for each in candidates.values()}, chosen.as_of)
        quotable = (_without_taken_back(each, notices.get(each.article.id)) for each in candidates.values())
        candidates = {each.passage.id: each for each in quotable if each is not None}
        evidence = _evidence(list(candidates.values()), query, searched, vectors)
        evidence.sort(key=lambda each: (-each.score, each.passage.id))
        taken = _take(_without_copies(evidence, candidates, query), k)
        reports = {each.passage.id: candidates[each.passage.id].report for each in taken}
        copies = carriers(connection, set(reports.values()), chosen.as_of)
    return [
        replace(
            each,
            copies=copies.get(reports[each.passage.id], ()),
            correction=notices.get(each.article.id) or own_note(each.article),
        )
        for each in taken
    ]


def word_weights(derived: Derived, question: str) -> dict[str, float]:
    """The question's stems, each with how much it tells apart: a smoothed inverse document frequency.

    ln(1 + (N + 50) / (n + 1)) for a word in n of N passages. The 50 keeps the weights of an archive of one article
    from being decided by two or three passages.
    """
    count = derived.words.count()
    return {word: log(1 + (count + 50) / (derived.words.rarity(word) + 1)) for word in query_words(question)}


def _search(derived: Derived, part: Part, vector: np.ndarray, chosen: Filter) -> Found:
    if part.publishers and not chosen.publishers:
        chosen = replace(chosen, publishers=part.publishers)
    among = derived.flat().matching(chosen) if chosen else None
    by_words = derived.words.search(part.text, SCORED_BY_WORDS, among)
    best = by_words[0][1] if by_words else 1.0
    nearest = _nearest(derived, vector, among)
    ids = [passage_id for passage_id, _ in (*by_words[:CANDIDATES], *nearest)]
    replaced = [passage_id for passage_id, _ in _nearest_replaced(derived, vector, chosen)]
    return Found(part, {passage_id: score / best for passage_id, score in by_words}, best, ids, replaced)


def _promising(derived: Derived, query: Query, searched: Sequence[Found], vectors: np.ndarray) -> list[int]:
    """Ids of the candidates, those first whose words and own vectors fit best."""
    known = derived.flat().described(passage_id for found in searched for passage_id in found.ids)
    ids = known.ids.tolist()
    scores = _scores(query, searched, ids, known.publishers, known.published, known.vectors @ vectors.T)
    return [ids[at] for at in np.argsort(-scores, kind="stable").tolist()]


def _nearest_replaced(derived: Derived, vector: np.ndarray, chosen: Filter) -> list[tuple[int, float]]:
    """The nearest passages of versions that stood as of an earlier moment and have been replaced since."""
    if chosen.as_of is None:
        return []
    replaced = derived.replaced()
    return replaced.nearest(vector, CANDIDATES, replaced.matching(chosen))


def _find_words(derived: Derived, replaced: Sequence[Candidate], searched: Sequence[Found]) -> None:
    """Add BM25 of passages that Tantivy does not hold: those of replaced versions."""
    texts = [f"{header(each.article)}\n{each.passage.text}" for each in replaced]
    for found in searched if texts else ():
        for each, score in zip(replaced, derived.words.score(found.part.text, texts), strict=True):
            found.words[each.passage.id] = score / found.best


def _without_taken_back(candidate: Candidate, notice: Correction | None) -> Candidate | None:
    """A passage without the sentences that a notice has taken back, for they cannot be quoted; None if none is left."""
    if notice is None:
        return candidate
    passage, spans = candidate.passage, candidate.passage.sentences
    kept = [
        place
        for place, span in enumerate(spans)
        if not any(says(passage.quote(span), value) for value in notice.taken_back)
    ]
    if not kept:
        return None
    passage = replace(passage, sentences=tuple(spans[place] for place in kept))
    return candidate._replace(passage=passage, sentence_vectors=candidate.sentence_vectors[kept])


def _evidence(
    candidates: Sequence[Candidate], query: Query, searched: Sequence[Found], vectors: np.ndarray
) -> list[Evidence]:
    """The candidates with the scores that their best sentences give them."""
    similarities = [candidate.sentence_vectors @ vectors.T for candidate in candidates]
    scores = _scores(
        query,
        searched,
        [candidate.passage.id for candidate in candidates],
        [candidate.article.publisher for candidate in candidates],
        [candidate.article.published_at for candidate in candidates],
        np.array([each.max(axis=0) for each in similarities]).reshape(-1, len(vectors)),
    )
    return [
        Evidence(
            candidate.passage,
            candidate.article,
            score,
            ("words", "vectors") if any(candidate.passage.id in found.words for found in searched) else ("vectors",),
            tuple(each[:, 0].tolist()),
        )
        for candidate, score, each in zip(candidates, scores.tolist(), similarities, strict=True)
    ]


def _scores(
    query: Query,
    searched: Sequence[Found],
    ids: Sequence[int],
    publishers: Sequence[str | None],
    published: Sequence[datetime | None],
    nearest: np.ndarray,
) -> np.ndarray:
    """The scores (n,) of n passages; `nearest` (n, 1 + parts) is their cosine with the question and each part."""
    words = np.array([[found.words.get(each, 0.0) for found in searched] for each in ids]).reshape(nearest.shape)
    worth = np.array([[_worth(found.part, each) for found in searched] for each in publishers]).reshape(nearest.shape)
    of_parts = (worth * (words + nearest))[:, 1 if query.parts else 0 :]
    return np.asarray(
        WHOLE_WORDS * words[:, 0]
        + WHOLE_SENTENCE * nearest[:, 0]
        + PART * of_parts.max(axis=1)
        + NAMED_PUBLISHER * np.array([each in query.publishers for each in publishers], bool)
        + NAMED_DAY * np.array([each is not None and each.date() in query.days for each in published], bool)
        + RECENCY * np.array([recency_weight(each, query.recency) for each in published])
    )


def _worth(part: Part, publisher: str | None) -> float:
    return 1.0 if not part.publishers or publisher in part.publishers else OTHER_PUBLISHER


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


def _without_copies(found: list[Evidence], candidates: dict[int, Candidate], query: Query) -> list[Evidence]:
    """Of the articles that carry one report, the passages of the one that stands for it, and what others add to it.

    The one published first stands for the report, or the first by a publisher that the question names.
    """
    first: dict[str, tuple[bool, bool, datetime, str]] = {}
    for evidence in found:
        report, article = candidates[evidence.passage.id].report, evidence.article
        own = (article.publisher not in query.publishers, *Copy.of(article).order)
        first[report] = min(first.get(report, own), own)
    standing = {article_id for *_, article_id in first.values()}
    said: dict[str, list[np.ndarray]] = {}
    for evidence in found:
        if evidence.article.id in standing:
            candidate = candidates[evidence.passage.id]
            said.setdefault(candidate.report, []).append(candidate.sentence_vectors)
    kept: list[Evidence] = []
    for evidence in found:
        candidate = candidates[evidence.passage.id]
        if evidence.article.id in standing:
            kept.append(evidence)
        elif not _repeats(candidate.sentence_vectors, said.get(candidate.report, [])):
            kept.append(evidence)
            said.setdefault(candidate.report, []).append(candidate.sentence_vectors)
    return kept


def _repeats(vectors: np.ndarray, said: Sequence[np.ndarray]) -> bool:
    """Whether the sentences of a passage have their likes in passages that were kept; vectors are (n, dimension)."""
    return bool(said) and float((vectors @ np.vstack(said).T).max(axis=1).mean()) >= REPEATS


def _take(found: list[Evidence], k: int) -> list[Evidence]:
    """The k best, each lowering what is left of its own article."""
    left = list(found)
    taken: list[Evidence] = []
    while left and len(taken) < k:
        best = max(left, key=lambda each: each.score)
        left = [
            replace(each, score=each.score - REPEATED) if each.article.id == best.article.id else each
            for each in left
            if each is not best
        ]
        taken.append(best)
    return taken
