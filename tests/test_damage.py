"""Damaged files and full disks: what is wrong is named, what is derived is mended, nothing is lost."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import Archive, ArchiveDamaged, Article
from index.errors import StorageFailed
from tests.conftest import ROOT, WordEmbedder, article
from tests.killing import persist_often

ARTICLES = 40


def texts(numbers: range) -> list[Article]:
    return [article(f"n{each}", f"Parcel{each} reached harbour{each} on time. It was heavy.") for each in numbers]


def all_found(archive: Archive, numbers: range) -> bool:
    found = [archive.search(f"parcel{each} harbour{each}", 1) for each in numbers]
    return [each[0].article.id for each in found if each] == [f"n{each}" for each in numbers]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed archive whose indexes have all their files; to be copied before it is damaged."""
    home = tmp_path_factory.mktemp("sound") / "home"
    for numbers in ("range(1)", "range(1, 20)", "range(20, ARTICLES)"):
        code = f"from tests.test_damage import *; fill(Path({str(home)!r}), {numbers})"
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    assert list(home.glob("chroma-0/*/index_metadata.pickle"))
    return home


def fill(home: Path, numbers: range) -> None:
    """Run in a process of its own: Chroma reads only once how often it is to write its files."""
    for folder in home.glob("chroma-*"):
        persist_often(folder)
    with Archive(home, WordEmbedder()) as archive:
        archive.ingest(texts(numbers))
        archive.search("parcel", 1)


def damage(path: Path, how: str) -> None:
    whole = path.read_bytes()
    third = len(whole) // 3
    damaged = {
        "cut in half": whole[: len(whole) // 2],
        "emptied": b"",
        "garbage": whole[:third] + b"\xa5" * third + whole[2 * third :],
        "overwritten": b"garbage " * 100,
    }
    path.unlink() if how == "missing" else path.write_bytes(damaged[how])


@pytest.mark.parametrize(
    ("pattern", "how"),
    [
        ("chroma-0/chroma.sqlite3", "cut in half"),
        ("chroma-0/chroma.sqlite3", "emptied"),
        ("chroma-0/chroma.sqlite3", "missing"),
        ("chroma-0/*/data_level0.bin", "cut in half"),
        ("chroma-0/*/data_level0.bin", "garbage"),
        ("chroma-0/*/index_metadata.pickle", "emptied"),
        ("chroma-0/*/index_metadata.pickle", "garbage"),
        ("words-0/meta.json", "cut in half"),
        ("words-0/meta.json", "missing"),
        ("words-0/*.idx", "emptied"),
        ("words-0/*.idx", "garbage"),
        ("words-0/*.pos", "missing"),
    ],
)
def test_damage_to_an_index_is_named_and_mended(
    sound: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, pattern: str, how: str
) -> None:
    home = shutil.copytree(sound, tmp_path / "home")
    path = max(home.glob(pattern), key=lambda each: each.stat().st_size)
    damage(path, how)
    embedder = WordEmbedder()
    with Archive(home, embedder) as archive:
        named = [record.getMessage() for record in caplog.records]
        if not named:  # nothing that opening it would meet: `dateline check` finds it
            named = archive.problems()
            archive.repair()
        assert ("vector index" if "chroma" in pattern else "word index") in named[0]
        assert embedder.embedded == 0
        assert all_found(archive, range(0, ARTICLES, 5))


def test_vectors_whose_folder_is_gone_are_missed(sound: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    home = shutil.copytree(sound, tmp_path / "home")
    (folder,) = [path for path in (home / "chroma-0").iterdir() if path.is_dir()]
    shutil.rmtree(folder)
    with Archive(home, WordEmbedder()) as archive:
        assert "The vector index has no header.bin" in caplog.text
        assert archive.search("parcel7 harbour7", 1)[0].found_by == ("words", "vectors")
        assert archive.problems() == []


@pytest.mark.parametrize("how", ["cut in half", "emptied", "garbage", "overwritten"])
def test_damage_to_the_truth_is_named_with_the_way_out_and_left_alone(sound: Path, tmp_path: Path, how: str) -> None:
    home = shutil.copytree(sound, tmp_path / "home")
    damage(home / "truth.db", how)
    damaged = (home / "truth.db").read_bytes()
    try:
        with Archive(home, WordEmbedder()) as archive:
            said = " ".join(archive.problems())
    except ArchiveDamaged as error:
        said = str(error)
        assert (home / "truth.db").read_bytes() == damaged
    assert f"{home / 'truth.db'}" in said
    assert "Restore it from a backup" in said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here: that takes root and the right to mount")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("room", [0, 200_000])
def test_a_full_disk_leaves_the_store_as_it_was(small_disk: Path, room: int) -> None:
    home = small_disk / "home"
    with Archive(home, WordEmbedder()) as archive:
        archive.ingest(texts(range(10)))
        filler = small_disk / "filler"
        free = shutil.disk_usage(small_disk).free
        filler.write_bytes(b"\0" * max(0, free - room))
        stored: list[str] = []
        with pytest.raises(StorageFailed, match="make room"):
            for at in range(10, 2000, 10):
                archive.ingest(texts(range(at, at + 10)), lambda each: stored.append(each.id))  # type: ignore[union-attr]
        held = {each.article.id for each in archive.articles()}
        assert {f"n{each}" for each in range(10)} | set(stored) <= held
        assert all_found(archive, range(10))
        filler.unlink()
        archive.ingest(texts(range(2000, 2010)))
        assert all_found(archive, range(2000, 2010))
    with Archive(home, WordEmbedder()) as archive:
        assert archive.problems() == []
        assert all_found(archive, range(0, 10 + len(stored), 10))
