"""Articles in, evidence out: the archive of articles, its derived indexes and its retrieval.

The names below are the room's door; nothing else of it is used from outside. They are loaded when first asked for,
so that `dateline --help` does not wait for a database library.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from index.article import Article, ArticleVersion, Copy, Correction, Evidence, Filter, Passage, Retraction, Span, Story
from index.errors import (
    ArchiveBusy,
    ArchiveDamaged,
    BadArticle,
    BadConfiguration,
    BadRequest,
    DatelineError,
    ModelMismatch,
    ModelRefused,
    ModelUnavailable,
    UnknownArticle,
)
from index.query import Part, Query
from index.recency import Recency, recency_weight

if TYPE_CHECKING:
    from index.affected import AffectedAnswer
    from index.answers import AnswerRecords, Conversation, Given, Rating
    from index.archive import Archive, Status
    from index.backup import back_up, restore
    from index.correcting import mistakes
    from index.embedding import Embedder
    from index.fetching.fetch import Limits, Net
    from index.fetching.guard import allowed_from
    from index.fetching.ledger import Health, Ledger
    from index.fetching.polite import Fetcher
    from index.fetching.polling import poll
    from index.ingesting import IngestReport
    from index.keys import SCOPES, Key, Keys, open_keys
    from index.minilm import MiniLM
    from index.openai_embedder import OpenAIEmbedder
    from index.openai_errors import is_loopback, model_error
    from index.passages import encoding_of, header, token_counter
    from index.reading.dates import parse_date
    from index.reading.fields import article_from_fields
    from index.reranker import Reranker
    from index.segmenter import sentences
    from index.slack import Claim, Place, SlackRecords, Thread, Wish
    from index.sources import count_sources, read_paths, read_sources
    from index.words import query_words, stems

_PLACES = {
    "AnswerRecords": "answers",
    "Conversation": "answers",
    "Given": "answers",
    "Rating": "answers",
    "Key": "keys",
    "Keys": "keys",
    "open_keys": "keys",
    "SCOPES": "keys",
    "Archive": "archive",
    "AffectedAnswer": "affected",
    "back_up": "backup",
    "restore": "backup",
    "IngestReport": "ingesting",
    "Status": "archive",
    "mistakes": "correcting",
    "Embedder": "embedding",
    "Limits": "fetching.fetch",
    "Net": "fetching.fetch",
    "allowed_from": "fetching.guard",
    "Health": "fetching.ledger",
    "Ledger": "fetching.ledger",
    "Fetcher": "fetching.polite",
    "poll": "fetching.polling",
    "MiniLM": "minilm",
    "OpenAIEmbedder": "openai_embedder",
    "is_loopback": "openai_errors",
    "model_error": "openai_errors",
    "encoding_of": "passages",
    "header": "passages",
    "token_counter": "passages",
    "Reranker": "reranker",
    "parse_date": "reading.dates",
    "article_from_fields": "reading.fields",
    "sentences": "segmenter",
    "Claim": "slack",
    "Place": "slack",
    "SlackRecords": "slack",
    "Thread": "slack",
    "Wish": "slack",
    "count_sources": "sources",
    "read_paths": "sources",
    "read_sources": "sources",
    "query_words": "words",
    "stems": "words",
}

__all__ = [
    "SCOPES",
    "AffectedAnswer",
    "AnswerRecords",
    "Archive",
    "ArchiveBusy",
    "ArchiveDamaged",
    "Article",
    "ArticleVersion",
    "BadArticle",
    "BadConfiguration",
    "BadRequest",
    "Claim",
    "Conversation",
    "Copy",
    "Correction",
    "DatelineError",
    "Embedder",
    "Evidence",
    "Fetcher",
    "Filter",
    "Given",
    "Health",
    "IngestReport",
    "Key",
    "Keys",
    "Ledger",
    "Limits",
    "MiniLM",
    "ModelMismatch",
    "ModelRefused",
    "ModelUnavailable",
    "Net",
    "OpenAIEmbedder",
    "Part",
    "Passage",
    "Place",
    "Query",
    "Rating",
    "Recency",
    "Reranker",
    "Retraction",
    "SlackRecords",
    "Span",
    "Status",
    "Story",
    "Thread",
    "UnknownArticle",
    "Wish",
    "allowed_from",
    "article_from_fields",
    "back_up",
    "count_sources",
    "encoding_of",
    "header",
    "is_loopback",
    "mistakes",
    "model_error",
    "open_keys",
    "parse_date",
    "poll",
    "query_words",
    "read_paths",
    "read_sources",
    "recency_weight",
    "restore",
    "sentences",
    "stems",
    "token_counter",
]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'index' has no attribute {name!r}")
    return getattr(import_module(f"index.{_PLACES[name]}"), name)
