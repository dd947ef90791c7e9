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
        else:
            yield from read(Path(path).expanduser())


def count_sources(paths: Sequence[str]) -> int:
    """About how many articles these paths hold: a file is one, a .jsonl file as many as it has lines."""
    return sum(_count(Path(path).expanduser()) for path in paths)


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
