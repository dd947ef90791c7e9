"""What the tests share: an embedder that behaves, archives on disk, the sample articles, the development data."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from index import Archive, Article, stems

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browsing import Reader

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "bot" / "samples"
DATA = Path(os.environ.get("DATELINE_DATA", ROOT.parent / "shared" / "data"))


class WordEmbedder:
    """Texts that share words lie close: a real vector space without a model. It counts what it was asked."""

    id = "words-64"
    dimension = 64

    def __init__(self) -> None:
        self.embedded = 0

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.embedded += len(texts)
        vectors = np.full((len(texts), self.dimension), 1e-6, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in stems(text):
                vectors[row, int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimension] += 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the user's settings or touches the user's archive."""
    for name in list(os.environ):
        if name.startswith("DATELINE_") or name == "OPENAI_API_KEY":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def words() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def archive(tmp_path: Path, words: WordEmbedder) -> Iterator[Archive]:
    with Archive(tmp_path / "home", words) as opened:
        yield opened


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the sample articles, embedded by the real model. Copy it before writing to it."""
    from index import MiniLM, read_paths

    home = tmp_path_factory.mktemp("samples") / "home"
    with Archive(home, MiniLM()) as opened:
        report = opened.ingest(read_paths([str(SAMPLES)]))
    assert report.errors == ()
    return home


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    from tests.browsing import browser

    with browser() as launched:
        yield launched


@pytest.fixture(scope="module")
def samples(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    from index import MiniLM, Reranker

    home = tmp_path_factory.mktemp("page") / "home"
    shutil.copytree(sample_home, home)
    with Archive(home, MiniLM(), reranker=Reranker()) as opened:
        yield opened


@pytest.fixture(scope="module")
def address(samples: Archive) -> Iterator[str]:
    from bot.extractive import ExtractiveWriter
    from tests.browsing import served

    with served(samples, ExtractiveWriter()) as url:
        yield url


@pytest.fixture
def reader(chromium: "Browser", address: str) -> Iterator["Reader"]:
    """Whoever reads the sample articles. Whatever a test does, nothing outside is asked and the policy holds."""
    from tests.browsing import Reader

    context = chromium.new_context(viewport={"width": 1280, "height": 860})
    opened = Reader(context, address)
    yield opened
    assert opened.violations() == []
    assert opened.complaints == []
    assert {url for url in opened.requested if not url.startswith((f"{address}/", "blob:"))} == set()
    context.close()


@pytest.fixture(scope="session")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Chroma server; it may hold the archives of many tests."""
    from tests.services import chroma_server

    with chroma_server(tmp_path_factory.mktemp("chroma")) as url:
        yield url


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    from tests.services import postgres_programs, postgres_server

    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgres_server(programs) as url:
        yield url


@pytest.fixture
def database_url(_postgres: str) -> str:
    """An empty database of a real PostgreSQL."""
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(f"{_postgres}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"{_postgres}/{name}"


def article(name: str, body: str, **fields: object) -> Article:
    """An article of a few words, as a test needs it."""
    given = {"id": name, "source": f"{name}.txt", "title": name.capitalize(), "body": body, **fields}
    return Article(**given)  # type: ignore[arg-type]


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
