"""Dateline's retriever in a llama-index pipeline."""

from index import Archive
from tests.conftest import article


def test_passages_come_as_nodes_with_offsets_and_metadata(archive: Archive) -> None:
    from index.llamaindex import DatelineRetriever

    body = "The bridge is closed until May. Repairs cost 12 million crowns."
    archive.ingest([article("bridge", body, publisher="The Bell")])
    node = DatelineRetriever(archive, k=3).retrieve("What do the repairs cost?")[0].node
    assert node.metadata["publisher"] == "The Bell"
    assert body[node.start_char_idx : node.end_char_idx] == node.get_content()
