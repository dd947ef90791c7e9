"""Several processes and hosts: the truth in PostgreSQL, vectors on a Chroma server, words beside each process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import httpx
import pytest
import yaml

from bot.settings import Settings
from index import Archive, ArchiveBusy, BadConfiguration, DatelineError, MiniLM, ModelMismatch
from tests.conftest import ROOT, WordEmbedder, article
from tests.news_server import NewsServer, news_server
from tests.services import wait_for
from tests.test_sources import item, page, rss

DATELINE = Path(sys.executable).with_name("dateline")
PAGES = 24


def names(archive: Archive, question: str, k: int = 5) -> list[str]:
    return [each.article.id for each in archive.search(question, k)]


@pytest.fixture(params=["sqlite", "postgres"])
def truth_url(request: pytest.FixtureRequest) -> str | None:
    """Both databases that can be the truth: a file, and PostgreSQL."""
    return request.getfixturevalue("database_url") if request.param == "postgres" else None


def test_what_one_process_stores_another_finds(tmp_path: Path, chroma_url: str, truth_url: str | None) -> None:
    with (
        Archive(tmp_path, WordEmbedder(), chroma_url, truth_url) as first,
        Archive(tmp_path, WordEmbedder(), chroma_url, truth_url) as second,
    ):
        assert second.search("frost", 5) == []
        first.ingest([article("bridge", "The bridge is closed."), article("apples", "Frost hit the apples.")])
        second.follow()
        assert names(second, "frost on apples")[0] == "apples"
        second.remove("bridge")
        second.ingest([article("apples", "Hail hit the apples.")])
        first.follow()
        assert names(first, "hail on the bridge") == ["apples"]
        first.repair()
        second.follow()
        assert second.search("hail", 5)[0].found_by == ("words", "vectors")
        assert second.problems() == []
    assert sorted(path.name for path in tmp_path.glob("process-*")) == ["process-1", "process-2"]


def test_an_article_offered_to_two_processes_at_once_is_stored_once(
    tmp_path: Path, chroma_url: str, database_url: str
) -> None:
    offered = [article(f"n{number}", f"Parcel {number} reached harbour {number}.") for number in range(30)]
    reports = []
    with (
        Archive(tmp_path, WordEmbedder(), chroma_url, database_url) as first,
        Archive(tmp_path, WordEmbedder(), chroma_url, database_url) as second,
    ):
        workers = [
            Thread(target=lambda archive=each: reports.append(archive.ingest(offered))) for each in (first, second)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert sum(report.new for report in reports) == 30
        assert sum(report.unchanged for report in reports) == 30
        assert first.holdings().versions == 30
        assert all(first.search(f"parcel {each} harbour {each}", 1) for each in range(30))


def test_postgres_keeps_offsets_in_code_points_and_large_bodies_whole(
    tmp_path: Path, chroma_url: str, database_url: str
) -> None:
    body = "🌊🌊 Die Brücke ist «geschlossen»: 𝔉rost und 雪. " + "Der Hafen schläft 😴 heute. " * 4_000
    with Archive(tmp_path, WordEmbedder(), chroma_url, database_url) as archive:
        assert archive.ingest([article("bridge", body)]).new == 1
        found = archive.search("Brücke geschlossen", 3)
        stored = archive.versions("bridge")[-1].article.body
        assert stored == body
        for each in found:
            assert each.passage.text == stored[each.passage.start : each.passage.end]
            for span in each.passage.sentences:
                assert each.passage.quote(span) == stored[span.start : span.end]


def test_ids_that_were_removed_do_not_come_back(tmp_path: Path, chroma_url: str, database_url: str) -> None:
    with Archive(tmp_path, WordEmbedder(), chroma_url, database_url) as archive:
        archive.ingest([article("bridge", "The bridge is closed.")])
        before = archive.search("bridge", 1)[0].passage.id
        archive.remove("bridge")
        archive.ingest([article("bridge", "The bridge is closed.")])
        assert archive.search("bridge", 1)[0].passage.id > before


def test_work_that_is_claimed_is_left_to_its_worker_until_the_claim_runs_out(
    tmp_path: Path, chroma_url: str, truth_url: str | None
) -> None:
    now = datetime(2026, 9, 1, tzinfo=UTC)
    later = now + timedelta(minutes=5)
    with (
        Archive(tmp_path, WordEmbedder(), chroma_url, truth_url) as first,
        Archive(tmp_path, WordEmbedder(), chroma_url, truth_url) as second,
    ):
        entry = first.ledger.claim("https://paper.example/feed", now, later)
        assert entry is not None
        assert second.ledger.claim("https://paper.example/feed", now, later) is None
        assert second.ledger.claim("https://paper.example/feed", later, later + timedelta(minutes=5)) is not None
        second.ledger.release(["https://paper.example/feed"])
        assert first.ledger.claim("https://paper.example/feed", now, later) is not None


def test_a_process_with_another_model_stores_nothing(tmp_path: Path, chroma_url: str) -> None:
    other = WordEmbedder()
    other.id = "another"
    with Archive(tmp_path, other, chroma_url) as first, Archive(tmp_path, WordEmbedder(), chroma_url):
        with pytest.raises(ModelMismatch, match="is embedded with words-64"):
            first.ingest([article("bridge", "The bridge is closed.")])
        assert first.articles() == []


def test_postgres_without_a_chroma_server_is_refused(tmp_path: Path, database_url: str) -> None:
    with pytest.raises(BadConfiguration, match="DATELINE_CHROMA_URL"):
        Archive(tmp_path, WordEmbedder(), None, database_url)


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:9/none", "mysql://127.0.0.1/none", "no address"])
def test_a_database_that_cannot_be_used_is_named(tmp_path: Path, url: str) -> None:
    with pytest.raises(DatelineError, match="DATELINE_DATABASE_URL"):
        Archive(tmp_path, WordEmbedder(), "http://127.0.0.1:9", url)


def test_one_owner_and_processes_that_share_keep_each_other_out(tmp_path: Path, chroma_url: str) -> None:
    with (
        Archive(tmp_path, WordEmbedder()),
        pytest.raises(ArchiveBusy, match=r"DATELINE_CHROMA_URL is set.*DATELINE_DATABASE_URL"),
    ):
        Archive(tmp_path, WordEmbedder(), chroma_url)
    with Archive(tmp_path, WordEmbedder(), chroma_url), pytest.raises(ArchiveBusy, match="in use by process"):
        Archive(tmp_path, WordEmbedder())


def test_vectors_move_to_a_server_without_embedding(tmp_path: Path, chroma_url: str) -> None:
    with Archive(tmp_path, WordEmbedder()) as archive:
        archive.ingest([article("bridge", "The bridge is closed.")])
    embedder = WordEmbedder()
    with Archive(tmp_path, embedder, chroma_url) as archive:
        archive.settle()
        assert archive.problems() == []
        assert embedder.embedded == 0


def test_the_compose_file_sets_what_there_is_to_set() -> None:
    services = yaml.safe_load((ROOT / "deploy" / "hosts.yaml").read_text())["services"]
    for name in ("dateline", "worker"):
        for setting in services[name]["environment"]:
            assert setting.removeprefix("DATELINE_").lower() in Settings.model_fields


@contextmanager
def running(*command: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """A `dateline` process that does not outlive the test."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DATELINE_", "OPENAI_"))}
    with subprocess.Popen(
        [str(DATELINE), *command], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=clean | settings
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def address(server: subprocess.Popen[str]) -> str:
    """Where a server that was started says it listens."""
    assert server.stderr is not None
    for line in server.stderr:
        if "listens on" in line:
            return line.split("listens on ")[1].split()[0]
    raise AssertionError("the server ended before it listened")


def publish(news: NewsServer) -> str:
    """A feed of PAGES articles, each of which takes a while."""
    for number in range(PAGES):
        text = f"The harbour of Port{number} reopened on Monday. Repairs cost {number + 3} million crowns."
        news.put(f"/{number}", page(f"Port{number} reopens", body=f"{text} The mayor of Port{number} was glad."))
    links = [item(f"{news.url}/{number}", f"Port{number} reopens") for number in range(PAGES)]
    return news.put("/feed", rss(*links), "application/rss+xml")


def answers(url: str) -> list[object]:
    """What a server answers, apart from ids and times."""
    given: list[object] = []
    for number in range(0, PAGES, 6):
        question = {"question": f"What did the repairs in Port{number} cost?"}
        answer = httpx.post(f"{url}/v1/answers", json=question, timeout=60, trust_env=False).json()
        assert f"{number + 3} million" in answer["text"], answer
        given.append([answer["status"], answer["text"], answer["sentences"], answer["citations"]])
    return given


def test_two_servers_and_two_workers_lose_nothing_when_one_of_each_is_killed(
    tmp_path: Path, chroma_url: str, database_url: str
) -> None:
    with news_server() as news:
        shared = {
            "DATELINE_DATABASE_URL": database_url,
            "DATELINE_CHROMA_URL": chroma_url,
            "DATELINE_FETCH_ALLOW_PRIVATE": "127.0.0.1",
            "DATELINE_FETCH_DELAY_S": "0.1",
            "DATELINE_CLAIM_S": "5",
        }
        homes = [{**shared, "DATELINE_HOME": str(tmp_path / name)} for name in ("here", "there")]
        worker = ("ingest", "--watch", publish(news))
        serve = ("serve", "--port", "0")
        with (
            running(*serve, **homes[0]) as here,
            running(*serve, **homes[1]) as there,
            running(*worker, **homes[0]) as doomed,
            running(*worker, **homes[1]),
            Archive(tmp_path / "test", MiniLM(), chroma_url, database_url) as archive,
        ):
            urls = address(here), address(there)
            wait_for(lambda: len(news.paths()) >= 8, patience_s=240)
            os.kill(doomed.pid, signal.SIGKILL)
            os.kill(there.pid, signal.SIGKILL)
            with running(*serve, **homes[1]) as back:
                urls = urls[0], address(back)
                wait_for(lambda: archive.holdings().articles == PAGES, patience_s=240)
                for url in urls:
                    wait_for(lambda url=url: httpx.get(f"{url}/readyz", trust_env=False).is_success, patience_s=120)  # type: ignore[misc]
                assert answers(urls[0]) == answers(urls[1])
            held = archive.articles()
            assert sorted(each.article.title for each in held) == sorted(f"Port{n} reopens" for n in range(PAGES))
            assert archive.holdings().versions == PAGES
            assert archive.problems() == []
            asked = [path for path in news.paths() if path != "/feed"]
            assert len(asked) < 2 * PAGES, asked  # what was claimed by the dead is all that is done again
