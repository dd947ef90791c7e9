"""An article's body cut into passages at sentence ends, by llama-index's splitter over our sentences."""

import hashlib
import os
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from index.article import Article, Span
from index.segmenter import sentences

ENCODING, ENCODINGS = "o200k_base", ("o200k_base", "cl100k_base")  # whose tables are on the machine
PASSAGE_TOKENS = 448  # with the header, a passage stays under the 512 tokens retrieval is measured at


class Piece(NamedTuple):
    """A passage before it is stored: its span of the body and its sentences' spans."""

    start: int
    end: int
    sentences: tuple[Span, ...]

    def digest(self, body: str) -> str:
        """Names the piece's embedding: the same text with the same cuts has the same vectors."""
        cuts = np.asarray(self.sentences, dtype=np.int32) - self.start
        return hashlib.sha256(body[self.start : self.end].encode() + b"\0" + cuts.tobytes()).hexdigest()


def split(body: str) -> tuple[Piece, ...]:
    """Cut a body into passages of at most PASSAGE_TOKENS tokens that together hold every sentence, in order.

    A sentence longer than a whole passage is cut where the splitter cuts it, and each part counts as a sentence.
    """
    spans = sentences(body)
    pieces: list[Piece] = []
    cursor = 0
    for chunk in _splitter()(body):
        start = body.index(chunk, cursor)
        cursor = start + len(chunk)
        inside = tuple(
            Span(max(span.start, start), min(span.end, cursor))
            for span in spans
            if span.start < cursor and span.end > start
        )
        if inside:
            pieces.append(Piece(start, cursor, inside))
    return tuple(pieces)


def header(article: Article) -> str:
    """The line that tells what a passage is from: title, publisher, date. Indexed with the words, never quoted."""
    date = article.published_at.strftime("%B %-d, %Y") if article.published_at else None
    return ". ".join(part for part in (article.title, article.publisher, date) if part)


@cache
def _splitter() -> Callable[[str], list[str]]:
    tokens = token_counter()
    from llama_index.core.node_parser import SentenceSplitter

    splitter = SentenceSplitter(
        chunk_size=PASSAGE_TOKENS,
        chunk_overlap=0,
        tokenizer=tokens,
        chunking_tokenizer_fn=_sentences_with_space,
    )
    return cast("Callable[[str], list[str]]", splitter.split_text)


def _sentences_with_space(text: str) -> list[str]:
    starts = [span.start for span in sentences(text)]
    edges = [0, *starts[1:], len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


def encoding_of(model: str) -> str:
    """The encoding of a model's tokens: cl100k_base for OpenAI's older ones, o200k_base for all others.

    Other makers' models have tables of their own; o200k_base counts about what they do.
    """
    from tiktoken.model import encoding_name_for_model

    try:
        found = encoding_name_for_model(model)
    except KeyError:
        found = ENCODING
    return found if found in ENCODINGS else ENCODING


@cache
def token_counter(encoding: str = ENCODING) -> Callable[[str], list[int]]:
    """tiktoken's `encode_ordinary`, from the tables llama-index ships: nothing is downloaded.

    Special tokens in the text are plain text.
    """
    package = find_spec("llama_index.core")
    if package is not None and package.origin is not None:
        tables = Path(package.origin).parent / "_static" / "tiktoken_cache"
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(tables))
    import tiktoken

    return tiktoken.get_encoding(encoding).encode_ordinary
