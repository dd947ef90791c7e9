"""What was acknowledged survives: kills, damage, and a Chroma server instead of a folder."""

import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from index import Archive, BadConfiguration
from index.derived import Derived
from index.errors import StorageFailed
from tests.conftest import ROOT, WordEmbedder, article
from tests.services import chroma_server


def test_what_a_kill_leaves_is_whole_again_without_embedding() -> None:
    command = [sys.executable, "-m", "tests.killing", "--kills", "8", "--articles", "60", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=400)
    assert done.stdout.endswith("8 of 8 kills left the archive whole\n"), done.stdout + done.stderr


def test_texts_that_are_nearly_equal_raise_no_alarm(tmp_path: Path) -> None:
    body = "The council voted to close the old bridge. The works cost {0} million crowns, {1} less than planned. " * 3
    with Archive(tmp_path / "home", WordEmbedder()) as archive:
        for revision in range(5):
            archive.ingest(article(f"n{each}", body.format(each * 7 + revision, each)) for each in range(120))
        assert archive.problems() == []


def test_a_chroma_server_can_hold_the_vectors(tmp_path: Path, chroma_url: str) -> None:
    home = tmp_path / "home"
    with Archive(home, WordEmbedder(), chroma_url) as archive:
        archive.ingest([article("bridge", "The bridge is closed."), article("apples", "Frost hit the apples.")])
        assert archive.search("apples and frost", 1)[0].found_by == ("words", "vectors")
        archive.remove("bridge")
        assert archive.problems() == []
        archive.repair()
        assert archive.problems() == []
    assert not (home / "chroma-0").exists()
    with Archive(home, WordEmbedder(), chroma_url) as archive:
        assert [each.article.id for each in archive.search("frost", 5)] == ["apples"]


def test_a_chroma_server_that_ends_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    with chroma_server(tmp_path / "server") as url:
        archive = Archive(tmp_path / "home", WordEmbedder(), url)
        archive.ingest([article("bridge", "The bridge is closed.")])
        assert archive.search("bridge", 1)
    with archive, pytest.raises(StorageFailed, match="DATELINE_CHROMA_URL does not answer"):
        archive.search("bridge", 1)
    embedder = WordEmbedder()
    with chroma_server(tmp_path / "another") as url, Archive(tmp_path / "home", embedder, url) as archive:
        archive.settle()
        assert archive.problems() == []
        assert embedder.embedded == 0


def test_a_chroma_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with Archive(tmp_path / "home", WordEmbedder(), "http://127.0.0.1:9") as archive:
        with pytest.raises(BadConfiguration, match=r"No Chroma server answers at http://127\.0\.0\.1:9"):
            archive.ingest([article("bridge", "The bridge is closed.")])
        assert archive.versions("bridge")  # the truth has it; the index takes it in when the server is back


def test_a_question_after_one_that_could_not_settle_a_shared_archive_is_answered(
    tmp_path: Path, chroma_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Archive(tmp_path / "home", WordEmbedder(), chroma_url) as archive:
        archive.ingest([article("bridge", "The bridge is closed.")])
    with Archive(tmp_path / "home", WordEmbedder(), chroma_url) as archive:
        with monkeypatch.context() as patch, pytest.raises(StorageFailed):
            patch.setattr(Derived, "catch_up", Mock(side_effect=StorageFailed("The Chroma server does not answer.")))
            archive.search("bridge", 1)
        assert [each.article.id for each in archive.search("bridge", 1)] == ["bridge"]
