"""What `dateline ingest` is given: paths and addresses, each read in turn; and how much there is to read."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index.article import Article
from index.errors import BadArticle
from index.fetching.urls import is_url
from index.reading import SUFFIXES, read

if TYPE_CHECKING:
    from index.fetching.polite import Fetcher


def read_sources(sources: Sequence[str], fetcher: "Fetcher") -> Iterator[Article | BadArticle]:
    """The articles of files, folders, web pages, feeds and sitemaps, or why one of them is refused."""
    from index.fetching.reading import read_url

    for source in sources:
        yield from read_url(source, fetcher) if is_url(source) else read_paths([source])


def read_paths(paths: Sequence[str]) -> Iterator[Article | BadArticle]:
    """The articles of several files and folders, or why one of them is refused."""
    for path in paths:
        if not path.strip():
            yield BadArticle("(empty)", "The path is empty; write . for the working directory.")
        else:
            yield from read(_expanded(path))


def count_sources(paths: Sequence[str]) -> int:
    """About how many articles these hold: a file or an address is one, a .jsonl file as many as it has lines."""
    return sum(1 if is_url(path) else _count(_expanded(path)) for path in paths if path.strip())


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # ~name of somebody who is not there
        return Path(path)


def _count(path: Path) -> int:
    try:
        if path.is_dir():
            return sum(_count(each) for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file())
        if path.suffix.lower() == ".jsonl":
            with path.open("rb") as lines:
                return sum(block.count(b"\n") for block in iter(lambda: lines.read(1 << 20), b"")) or 1
    except OSError:
        return 1  # reading it will say what is wrong
    return 1
