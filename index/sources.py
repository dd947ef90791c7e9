"""What `dateline ingest` is given: paths, each read in turn; and how much there is to read."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from index.article import Article
from index.errors import BadArticle
from index.reading import SUFFIXES, read


def read_paths(paths: Sequence[str]) -> Iterator[Article | BadArticle]:
    """The articles of several files and folders, or why one of them is refused."""
    for path in paths:
        if path.startswith(("http://", "https://")):
            yield BadArticle(path, "Articles are read from files; save the page as .html and ingest that.")
        elif not path.strip():
            yield BadArticle("(empty)", "The path is empty; write . for the working directory.")
        else:
            yield from read(_expanded(path))


def count_sources(paths: Sequence[str]) -> int:
    """About how many articles these paths hold: a file is one, a .jsonl file as many as it has lines."""
    return sum(_count(_expanded(path)) for path in paths if path.strip())


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
