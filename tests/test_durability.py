"""What was acknowledged survives: a process killed while it ingests, and a Chroma server instead of a folder."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from index import Archive, BadConfiguration
from tests.conftest import ROOT, WordEmbedder, article

INGEST = """
    import sys
    from pathlib import Path
    from index import Archive
    from tests.conftest import WordEmbedder, article

    def articles():
        for number in range(2000):
            yield article(f"n{number}", f"The parcel number{number} reached harbour{number} on time. It was heavy.")

    with Archive(Path(sys.argv[1]), WordEmbedder()) as archive:
        archive.ingest(articles(), lambda done: print(done.id, flush=True))
"""


@pytest.mark.parametrize("after", [1, 40, 300])
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, after: int) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-c", textwrap.dedent(INGEST), str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(after)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    with Archive(home, WordEmbedder()) as archive:
        assert archive.problems() == []
        held = {each.article.id for each in archive.articles()}
        assert set(acknowledged) <= held
        for name in acknowledged[:: max(1, len(acknowledged) // 20)]:
            number = name.removeprefix("n")
            assert archive.search(f"number{number} harbour{number}", 1)[0].article.id == name
        assert archive.ingest([article(acknowledged[0], archive.versions(acknowledged[0])[-1].article.body)]).unchanged


@pytest.fixture
def chroma_url(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chroma = Path(sys.executable).with_name("chroma")
    command = [str(chroma), "run", "--host", "127.0.0.1", "--port", str(port), "--path", str(tmp_path / "server")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                httpx.get(f"{url}/api/v2/heartbeat", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url
        process.terminate()


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


def test_a_chroma_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with Archive(tmp_path / "home", WordEmbedder(), "http://127.0.0.1:9") as archive:
        with pytest.raises(BadConfiguration, match=r"No Chroma server answers at http://127\.0\.0\.1:9"):
            archive.ingest([article("bridge", "The bridge is closed.")])
        assert archive.versions("bridge")  # the truth has it; the index takes it in when the server is back
