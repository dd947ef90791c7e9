"""Dateline's retrieval as a llama-index retriever, for anybody's pipeline.

>>> from index import Archive, MiniLM
>>> from index.llamaindex import DatelineRetriever
>>> retriever = DatelineRetriever(Archive(Path(".dateline"), MiniLM()))  # doctest: +SKIP
"""

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from index.archive import Archive
from index.article import Evidence, Filter


class DatelineRetriever(BaseRetriever):  # type: ignore[misc]  # llama-index is not read by mypy: it takes minutes
    """The k best passages for a query as text nodes, with the article's metadata and the offsets in its body."""

    def __init__(self, archive: Archive, k: int = 10, chosen: Filter | None = None) -> None:
        self._archive = archive
        self._k = k
        self._chosen = chosen
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [_node(each) for each in self._archive.search(query_bundle.query_str, self._k, self._chosen)]


def _node(found: Evidence) -> NodeWithScore:
    article, passage = found.article, found.passage
    metadata = {
        "article_id": article.id,
        "title": article.title,
        "publisher": article.publisher,
        "published_at": article.published_at.isoformat() if article.published_at else None,
        "url": article.url,
    }
    node = TextNode(
        id_=f"passage-{passage.id}",
        text=passage.text,
        start_char_idx=passage.start,
        end_char_idx=passage.end,
        metadata=metadata,
    )
    return NodeWithScore(node=node, score=found.score)
