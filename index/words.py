"""Tantivy as the derived index of words: BM25 over passages with their header, filters included."""

import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from math import log
from pathlib import Path
from typing import Any

import numpy as np

from index.article import Filter
from index.errors import ArchiveDamaged, disk_failed, is_full

MARGIN = 2  # how many more passages are looked at than a filter should need
K1, B = 1.2, 0.75  # of Tantivy's BM25
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WRITER_BYTES = 50_000_000  # Tantivy's buffer before it writes a segment

# Stems of irregular forms and of their plain forms; no stemmer joins them.
_IRREGULAR = dict(
    pair.split(":")
    for pair in (
        "met:meet won:win said:say told:tell paid:pay bought:buy sold:sell led:lead lost:lose found:find held:hold "
        "began:begin begun:begin becam:becom came:come went:go gone:go gave:give given:give took:take taken:take "
        "made:make built:build sent:send spent:spend kept:keep left:leav felt:feel fell:fall fallen:fall rose:rise "
        "risen:rise grew:grow grown:grow knew:know known:know wrote:write written:write spoke:speak spoken:speak "
        "broke:break broken:break chose:choos chosen:choos drove:drive driven:drive ran:run saw:see seen:see "
        "shot:shoot struck:strike stood:stand taught:teach thought:think brought:bring caught:catch fought:fight "
        "sought:seek stole:steal stolen:steal threw:throw thrown:throw drew:draw drawn:draw flew:fli flown:fli "
        "sank:sink sunk:sink swore:swear sworn:swear withdrew:withdraw withdrawn:withdraw forbad:forbid "
        "hid:hide hidden:hide children:child peopl:person men:man women:woman"
    ).split()
)
# British and American spellings are one word: neighbour and neighbor, organise and organize.
_OUR = re.compile(r"(?<=[a-z]{3})our(?=(?:s|ed|ing|ers?|hoods?|ites?|able|ly|al)?\b)")
_ISE = re.compile(r"(?<=[a-z]{3})is(?=(?:e|es|ed|ing|ers?|ations?)\b)")

_FUNCTION_WORDS = (
    "a an the of to in on at by for from with as and or but is are was were be been being it its this that these "
    "those do does did has have had who whom whose which what when where why how many much s t"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the word index keeps of one passage: its words, and what filters look at."""

    id: int
    text: str
    publisher: str | None
    published_at: datetime | None


class WordIndex:
    """Passages by their words."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def apply(self, put: Sequence[Entry], drop: Sequence[int]) -> None:
        """Replace and delete passages by id, in one commit that is durable when this returns."""
        import tantivy

        with _tantivy_errors():
            writer = self._index.writer(WRITER_BYTES, 1)
            gone = [*drop, *(entry.id for entry in put)]
            # By query: deleting by term silently misses in an unsigned field (tantivy-py 0.27).
            writer.delete_documents_by_query(tantivy.Query.term_set_query(self._index.schema, "id", gone))
            for entry in put:
                document = tantivy.Document()
                document.add_unsigned("id", entry.id)
                document.add_text("text", " ".join(stems(entry.text)))
                if entry.publisher is not None:
                    document.add_text("publisher", entry.publisher)
                if entry.published_at is not None:
                    document.add_integer("published", _microseconds(entry.published_at))
                writer.add_document(document)
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()

    def search(
        self, question: str, n: int, chosen: Filter | None = None, among: np.ndarray | None = None
    ) -> list[tuple[int, float]]:
        """The n best passages as (id, BM25 score), best first, of the dates and publishers of a filter.

        `among`, distinct ids, keeps to these: more are asked for than that should need, and more again until there are
        enough. 20,000 passages cost Tantivy 3 ms, and being told of 10,000 that are allowed 8 ms.
        """
        import tantivy

        words = query_words(question)
        if not words or n <= 0 or (among is not None and not len(among)):
            return []
        query = self._any("text", words)
        if chosen is not None and (passing := self._passing(chosen)):
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, each) for each in (query, *passing)])
        with _tantivy_errors():
            searcher = self._index.searcher()
            limit = n if among is None else MARGIN * n * max(1, searcher.num_docs // len(among))
            while True:
                hits = searcher.search(query, limit, count=False).hits
                ids = np.array(searcher.fast_field_values("id", [address for _, address in hits]), np.int64)
                kept = np.arange(len(ids)) if among is None else np.flatnonzero(np.isin(ids, among))
                if len(kept) >= n or len(hits) < limit:
                    return [(int(ids[at]), hits[at][0]) for at in kept[:n].tolist()]
                limit *= 4

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """BM25 of texts that it does not hold, among those it holds: Tantivy's formula and its counts of words.

        A quarter of a millisecond a text, for its stems.
        """
        count, counted = self.count(), [Counter(stems(text)) for text in texts]
        usual = sum(words.total() for words in counted) / max(1, len(counted))
        weights = {word: log(1 + (count - rare + 0.5) / (rare + 0.5)) for word, rare in self._rarities(question)}
        return [
            sum(
                weight * words[word] * (K1 + 1) / (words[word] + K1 * (1 - B + B * words.total() / max(1.0, usual)))
                for word, weight in weights.items()
            )
            for words in counted
        ]

    def count(self) -> int:
        """How many passages it holds."""
        with _tantivy_errors():
            return int(self._index.searcher().num_docs)

    def has(self, passage_id: int) -> bool:
        """Whether it holds this passage."""
        import tantivy

        query = tantivy.Query.term_query(self._index.schema, "id", passage_id)
        return bool(self._index.searcher().search(query, 1).hits)

    def rarity(self, word: str) -> int:
        """In how many passages a word, as `query_words` gives it, occurs."""
        return int(self._index.searcher().doc_freq("text", word))

    def _rarities(self, question: str) -> list[tuple[str, int]]:
        return [(word, min(self.rarity(word), self.count())) for word in query_words(question)]

    def _passing(self, chosen: Filter) -> list[Any]:
        """What a passage must match to be of the filter's dates and publishers; it adds nothing to a score."""
        import tantivy

        passing = []
        if chosen.since is not None or chosen.until is not None:
            since, until = (each and _microseconds(each) for each in (chosen.since, chosen.until))
            integer = tantivy.FieldType.Integer
            dates = tantivy.Query.range_query(
                self._index.schema, "published", integer, since, until, include_upper=until is None
            )
            passing.append(dates)
        if chosen.publishers:
            passing.append(self._any("publisher", chosen.publishers))
        return [tantivy.Query.const_score_query(each, 0.0) for each in passing]

    def _any(self, field: str, terms: Iterable[str]) -> Any:
        import tantivy

        each = (tantivy.Query.term_query(self._index.schema, field, term) for term in terms)
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in each])


def open_words(folder: Path) -> WordIndex:
    """Open, or create, the word index in a folder. Raises ArchiveDamaged when its files cannot be read."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", stored=True, indexed=True, fast=True)
    builder.add_text_field("text", tokenizer_name="whitespace")  # what is stored there is stems already
    builder.add_text_field("publisher", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("published", fast=True)
    folder.mkdir(parents=True, exist_ok=True)
    with _tantivy_errors():
        return WordIndex(tantivy.Index(builder.build(), path=str(folder)))


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def delete_words(folder: Path) -> None:
    """Delete the index: it is derived, the truth can fill it again."""
    shutil.rmtree(folder, ignore_errors=True)


def stems(text: str) -> list[str]:
    """The words of a text as index and questions know them: lower case, English stems, one form for one word."""
    folded = _ISE.sub("iz", _OUR.sub("or", text.lower()))
    return [_IRREGULAR.get(word, word) for word in _analyzer().analyze(folded)]


@cache
def _analyzer() -> Any:
    import tantivy

    steps = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.remove_long(40))
    return steps.filter(tantivy.Filter.stemmer("english")).build()


def query_words(question: str) -> list[str]:
    """The stems a question is searched by, each once, without function words unless it has no others.

    Function words carry a question's form, not its subject; everything else is left to BM25's own weighting.
    """
    words = list(dict.fromkeys(stems(question)))
    return [word for word in words if word not in _function_stems()] or words


@cache
def _function_stems() -> frozenset[str]:
    return frozenset(stems(_FUNCTION_WORDS))


@contextmanager
def _tantivy_errors() -> Iterator[None]:
    """Translates Tantivy's errors at one border: ValueErrors, and panics, which are no Exceptions."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, ValueError) and type(error).__name__ != "PanicException":
            raise
        if is_full(error):
            raise disk_failed(error) from error
        raise ArchiveDamaged(
            f"The word index cannot be used ({error}). `dateline check --repair` rebuilds it from the truth."
        ) from error
