"""Which passages answer a question: words and vectors bring candidates up, the best sentence of each ranks them.

A question may join several things ("did A say …, while B …?"). The whole of it and each of its parts is searched; a
part that names publishers is searched in their articles. A passage's score is

    whole + PART * best part, where both are words + best sentence (BM25 / best BM25 of that search, cosine)

and what is added for a named publisher, a named day and recency. Passages are then taken one by one; each lowers the
others of its article by REPEATED, so that the sides of a comparison are all heard. The weights were fitted on one half
of the multihop_rag questions, by article, and hold on the other half and on questions of one part: see eval/LOG.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import log
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, Engine

from index.article import Copy, Correction, Evidence, Filter, Span, by_publication
from index.correcting import as_corrected, corrected, own_note, quoted_as_one
from index.derived import Derived
from index.evidence import Candidate, ReadPassage, load, read_passages
from index.flat import FlatIndex
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
LATEST = 400  # passages among which the first ones of the newest reports are looked for
OVERFETCH = 200  # asked of Chroma when a filter lets enough of them pass; else what passes is scored exactly


class Found(NamedTuple):
    """What one search brought up: passages with BM25 as a share of the best, and the nearest ones."""

    part: Part
    words: dict[int, float]
    best: float
    ids: list[int]
    replaced: list[int]


class Scored(NamedTuple):
    """A candidate with the score that its best sentences give it, and the cosine of each with the question."""

    candidate: Candidate
    score: float
    similarities: list[float]


def retrieve(
    truth: Engine, derived: Derived, model: str, query: Query, vectors: np.ndarray, k: int, chosen: Filter
) -> list[Evidence]:
    """The k best passages for a query, in the order they were taken; what copies of a report repeat is left out.

    `vectors` (1 + parts, dimension): the question's, then each part's. Of the candidates that look best by words and
    by their own vectors, the sentences' vectors are read from the truth, and of what is taken the text.
    """
    flat = derived.flat()
    searched = _search(derived, flat, (Part(query.text), *query.parts), vectors, chosen)
    ids = _promising(flat, query, searched, vectors)[: max(READ, k)]
    if chosen.as_of is not None:
        ids += [passage_id for found in searched for passage_id in found.replaced]
    with truth.connect() as connection:
        candidates = load(connection, ids, model, vectors.shape[1], replaced=chosen.as_of is not None)
        earlier = read_passages(connection, [each.passage_id for each in candidates if not each.current])
        _find_words(derived, earlier, searched)
        notices = corrected(connection, {each.article_id for each in candidates}, chosen.as_of)
        quotable = _quotable(connection, candidates, notices)
        ranked = _by_score(_quoting(candidates, quotable), query, searched, vectors)
        taken = _take(_without_copies(ranked, query), k)
        return _evidence(connection, taken, searched, quotable, notices, chosen)


def latest(truth: Engine, derived: Derived, model: str, dimension: int, k: int, chosen: Filter) -> list[Evidence]:
    """The first passages of the k newest reports that pass a filter, the newest first."""
    ids = derived.flat().newest(chosen, LATEST)
    with truth.connect() as connection:
        first = {each for each, read in read_passages(connection, ids).items() if not read.passage.ordinal}
        loaded = {
            each.passage_id: each
            for each in load(connection, [each for each in ids if each in first], model, dimension)
        }
        candidates = [loaded[each] for each in ids if each in loaded]
        notices = corrected(connection, {each.article_id for each in candidates}, chosen.as_of)
        quotable = _quotable(connection, candidates, notices)
        scored = [Scored(each, 0.0, [0.0] * len(each.sentence_vectors)) for each in _quoting(candidates, quotable)]
        return _evidence(connection, _without_copies(scored, Query(""))[:k], (), quotable, notices, chosen)


def _evidence(
    connection: Connection,
    taken: Sequence[Scored],
    searched: Sequence[Found],
    quotable: Mapping[int, list[int]],
    notices: Mapping[str, Correction],
    chosen: Filter,
) -> list[Evidence]:
    """What was taken, with its text, what of it can be quoted, and who else carries it."""
    read = read_passages(connection, [each.candidate.passage_id for each in taken])
    copies = carriers(connection, {each.candidate.report for each in taken}, chosen.as_of)
    found = []
    for each in taken:
        passage_id, report = each.candidate.passage_id, each.candidate.report
        if passage_id in read:  # it was there a moment ago; others may delete meanwhile
            one = _as_evidence(each, read[passage_id], searched, quotable.get(passage_id))
            found.append(_corrected(one, copies.get(report, ()), notices.get(one.article.id)))
    return [each for each in found if each.passage.sentences]


def _corrected(found: Evidence, copies: tuple[Copy, ...], notice: Correction | None) -> Evidence:
    """Evidence with its correction, and with what was taken back left out of its title."""
    correction = notice or own_note(found.article)
    article = as_corrected(found.article, correction)
    told = tuple(copy._replace(title=article.title) if copy.article_id == article.id else copy for copy in copies)
    return replace(found, article=article, copies=told, correction=correction)


def _as_evidence(
    ranked: Scored, read: ReadPassage, searched: Sequence[Found], quotable: Sequence[int] | None
) -> Evidence:
    """A ranked passage with its text and what of it can be quoted; `quotable` are places of sentences, or all."""
    passage, article = read
    spans = [passage.sentences[place] for place in (range(len(passage.sentences)) if quotable is None else quotable)]
    runs = quoted_as_one(article, [passage.quote(span) for span in spans])
    by_words = any(passage.id in found.words for found in searched)
    return Evidence(
        replace(passage, sentences=tuple(Span(spans[first].start, spans[last].end) for first, last in runs)),
        article,
        ranked.score,
        ("words", "vectors") if by_words else ("vectors",),
        tuple(max(ranked.similarities[first : last + 1]) for first, last in runs),
    )


def word_weights(derived: Derived, question: str) -> dict[str, float]:
    """The question's stems, each with how much it tells apart: a smoothed inverse document frequency.

    ln(1 + (N + 50) / (n + 1)) for a word in n of N passages. The 50 keeps the weights of an archive of one article
    from being decided by two or three passages.
    """
    count = derived.words.count()
    return {word: log(1 + (count + 50) / (derived.words.rarity(word) + 1)) for word in query_words(question)}


def _search(
    derived: Derived, flat: FlatIndex, parts: Sequence[Part], vectors: np.ndarray, chosen: Filter
) -> list[Found]:
    """What words and vectors bring up for each part, within the filter and the part's own publishers."""
    filters = [
        replace(chosen, publishers=part.publishers) if part.publishers and not chosen.publishers else chosen
        for part in parts
    ]
    among: dict[Filter, np.ndarray | None] = {}
    nearest: dict[int, list[tuple[int, float]]] = {}
    for each in dict.fromkeys(filters):
        among[each] = flat.matching(each) if each else None
        places = [at for at, own in enumerate(filters) if own == each]
        nearest.update(zip(places, _nearest(derived, flat, vectors[places], among[each]), strict=True))
    searched = []
    for at, part in enumerate(parts):
        own = filters[at]
        beyond = among[own] if own.as_of is not None or own.without else None  # what Tantivy does not know of passages
        by_words = derived.words.search(part.text, SCORED_BY_WORDS, own, beyond)
        best = by_words[0][1] if by_words else 1.0
        ids = [passage_id for passage_id, _ in (*by_words[:CANDIDATES], *nearest[at])]
        replaced = [passage_id for passage_id, _ in _nearest_replaced(derived, vectors[at], own)]
        searched.append(Found(part, {each: score / best for each, score in by_words}, best, ids, replaced))
    return searched


def _nearest(
    derived: Derived, flat: FlatIndex, vectors: np.ndarray, among: np.ndarray | None
) -> list[list[tuple[int, float]]]:
    """The nearest passages for each vector: from Chroma, or scored one by one.

    Chroma is asked without a filter. Where one leaves too few of what it gives, what passes is scored exactly.
    """
    if among is None:
        return derived.dense.nearest(vectors, CANDIDATES)
    if CANDIDATES * flat.count() > OVERFETCH * len(among):
        return flat.nearest(vectors, CANDIDATES, among)
    found = []
    for vector, pairs in zip(vectors, derived.dense.nearest(vectors, OVERFETCH), strict=True):
        inside = np.flatnonzero(np.isin([passage_id for passage_id, _ in pairs], among))[:CANDIDATES]
        enough = len(inside) == CANDIDATES
        found.append([pairs[at] for at in inside] if enough else flat.nearest([vector], CANDIDATES, among)[0])
    return found


def _promising(flat: FlatIndex, query: Query, searched: Sequence[Found], vectors: np.ndarray) -> list[int]:
    """Ids of the candidates, those first whose words and own vectors fit best."""
    known = flat.described(passage_id for found in searched for passage_id in found.ids)
    ids = known.ids.tolist()
    times = known.times() if query.days or query.recency is not None else [None] * len(ids)
    scores = _scores(query, searched, ids, known.publishers, times, known.vectors @ vectors.T)
    return [ids[at] for at in np.argsort(-scores, kind="stable").tolist()]


def _nearest_replaced(derived: Derived, vector: np.ndarray, chosen: Filter) -> list[tuple[int, float]]:
    """The nearest passages of versions that stood as of an earlier moment and have been replaced since."""
    if chosen.as_of is None:
        return []
    replaced = derived.replaced()
    return replaced.nearest([vector], CANDIDATES, replaced.matching(chosen))[0]


def _find_words(derived: Derived, replaced: Mapping[int, ReadPassage], searched: Sequence[Found]) -> None:
    """Add BM25 of passages that Tantivy does not hold: those of replaced versions."""
    texts = [f"{header(article)}\n{passage.text}" for passage, article in replaced.values()]
    for found in searched if texts else ():
        for passage_id, score in zip(replaced, derived.words.score(found.part.text, texts), strict=True):
            found.words[passage_id] = score / found.best


def _quotable(
    connection: Connection, candidates: Sequence[Candidate], notices: Mapping[str, Correction]
) -> dict[int, list[int]]:
    """Which sentences of a passage no notice has taken back, by their places; only of articles that have a notice."""
    noticed = {each.passage_id: notices[each.article_id] for each in candidates if each.article_id in notices}
    return {
        passage.id: [
            place
            for place, span in enumerate(passage.sentences)
            if not any(says(passage.quote(span), value) for value in noticed[passage.id].taken_back)
        ]
        for passage, _ in read_passages(connection, list(noticed)).values()
    }


def _quoting(candidates: Sequence[Candidate], quotable: Mapping[int, list[int]]) -> list[Candidate]:
    """The candidates with the vectors of what can be quoted; without those of which nothing can."""
    return [
        each._replace(sentence_vectors=each.sentence_vectors[quotable[each.passage_id]])
        if each.passage_id in quotable
        else each
        for each in candidates
        if quotable.get(each.passage_id, True)
    ]


def _by_score(
    candidates: Sequence[Candidate], query: Query, searched: Sequence[Found], vectors: np.ndarray
) -> list[Scored]:
    """The candidates with the scores that their best sentences give them, the best first."""
    similarities = [candidate.sentence_vectors @ vectors.T for candidate in candidates]
    scores = _scores(
        query,
        searched,
        [candidate.passage_id for candidate in candidates],
        [candidate.publisher for candidate in candidates],
        [candidate.published_at for candidate in candidates],
        np.array([each.max(axis=0) for each in similarities]).reshape(-1, len(vectors)),
    )
    ranked = [
        Scored(candidate, score, each[:, 0].tolist())
        for candidate, score, each in zip(candidates, scores.tolist(), similarities, strict=True)
    ]
    return sorted(ranked, key=lambda each: (-each.score, each.candidate.passage_id))


def _scores(
    query: Query,
    searched: Sequence[Found],
    ids: Sequence[int],
    publishers: Sequence[str | None],
    published: Sequence[datetime | None],
    nearest: np.ndarray,
) -> np.ndarray:
    """The scores (n,) of n passages; `nearest` (n, 1 + parts) is their cosine with the question and each part."""
    words = np.array([[found.words.get(each, 0.0) for each in ids] for found in searched]).T
    worth = np.ones(nearest.shape)
    for at, found in enumerate(searched):
        if found.part.publishers:
            worth[:, at] = [1.0 if each in found.part.publishers else OTHER_PUBLISHER for each in publishers]
    of_parts = (worth * (words + nearest))[:, 1 if query.parts else 0 :]
    return np.asarray(
        WHOLE_WORDS * words[:, 0]
        + WHOLE_SENTENCE * nearest[:, 0]
        + PART * of_parts.max(axis=1)
        + NAMED_PUBLISHER * np.array([each in query.publishers for each in publishers], bool)
        + NAMED_DAY * np.array([each is not None and each.date() in query.days for each in published], bool)
        + RECENCY * np.array([recency_weight(each, query.recency) for each in published])
    )


def _without_copies(found: Sequence[Scored], query: Query) -> list[Scored]:
    """Of the articles that carry one report, the passages of the one that stands for it, and what others add to it.

    The one published first stands for the report, or the first by a publisher that the question names.
    """
    first: dict[str, tuple[bool, bool, datetime, str]] = {}
    for candidate, *_ in found:
        order = by_publication(candidate.published_at, candidate.article_id)
        own = (candidate.publisher not in query.publishers, *order)
        first[candidate.report] = min(first.get(candidate.report, own), own)
    standing = {article_id for *_, article_id in first.values()}
    said: dict[str, list[np.ndarray]] = {}
    for candidate, *_ in found:
        if candidate.article_id in standing:
            said.setdefault(candidate.report, []).append(candidate.sentence_vectors)
    kept: list[Scored] = []
    for each in found:
        candidate = each.candidate
        if candidate.article_id in standing:
            kept.append(each)
        elif not _repeats(candidate.sentence_vectors, said.get(candidate.report, [])):
            kept.append(each)
            said.setdefault(candidate.report, []).append(candidate.sentence_vectors)
    return kept


def _repeats(vectors: np.ndarray, said: Sequence[np.ndarray]) -> bool:
    """Whether the sentences of a passage have their likes in passages that were kept; vectors are (n, dimension)."""
    return bool(said) and float((vectors @ np.vstack(said).T).max(axis=1).mean()) >= REPEATS


def _take(found: Sequence[Scored], k: int) -> list[Scored]:
    """The k best, each lowering what is left of its own article."""
    left = list(found)
    taken: list[Scored] = []
    while left and len(taken) < k:
        best = max(left, key=lambda each: each.score)
        article_id = best.candidate.article_id
        left = [
            each._replace(score=each.score - REPEATED) if each.candidate.article_id == article_id else each
            for each in left
            if each is not best
        ]
        taken.append(best)
    return taken
