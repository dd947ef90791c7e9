"""Files in, articles out: text, Markdown, HTML, PDF, JSON and JSON Lines."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from index.article import Article
from index.errors import BadArticle
from index.reading.fields import article_from_fields

__all__ = ["SUFFIXES", "article_from_fields", "read"]

# Which module of this package reads a file, by its suffix. They are imported when a file needs them.
SUFFIXES = {
    ".txt": "plain",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".json": "records",
    ".jsonl": "records",
}


def read(path: Path) -> Iterator[Article | BadArticle]:
    """The articles of a file, or of a folder's files in sorted order, each or the reason why it is refused.

    Nothing is raised: a `BadArticle` is yielded in the place of the article and the rest goes on. Hidden files
    and, in a folder, files of other kinds are passed over. A link that leads back into its own folder is
    followed once.
    """
    try:
        is_folder = path.is_dir()
        if not is_folder and not path.exists():
            yield BadArticle(str(path), "There is no such file or folder.")
            return
    except OSError as error:
        yield _unreadable(path, error)
        return
    if not is_folder:
        yield from _read_file(path)
        return
    empty = True
    for found in _walk(path, set()):
        empty = False
        if isinstance(found, BadArticle):
            yield found
        else:
            yield from _read_file(found)
    if empty:
        yield BadArticle(str(path), f"The folder holds no file that can be read ({', '.join(SUFFIXES)}).")


def _walk(folder: Path, seen: set[Path]) -> Iterator[Path | BadArticle]:
    try:
        real = folder.resolve()
        if real in seen:
            return
        seen.add(real)
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except (OSError, RuntimeError) as error:  # resolve() of a link that leads to itself is a RuntimeError
        yield _unreadable(folder, error)
        return
    for path in paths:
        try:
            is_folder = path.is_dir()
        except OSError as error:
            yield _unreadable(path, error)
            continue
        if is_folder:
            yield from _walk(path, seen)
        elif path.suffix.lower() in SUFFIXES:
            yield path


def _read_file(path: Path) -> Iterator[Article | BadArticle]:
    reader = SUFFIXES.get(path.suffix.lower())
    if reader is None:
        kind = f"{path.suffix} files" if path.suffix else "Files without a suffix"
        yield BadArticle(str(path), f"{kind} cannot be read; these can: {', '.join(SUFFIXES)}.")
        return
    read_file: Callable[[Path], Iterator[Article | BadArticle]] = import_module(f"index.reading.{reader}").read_file
    try:
        if not path.is_file():
            yield BadArticle(str(path), "Not a file, or a link that leads nowhere.")
            return
        yield from read_file(path.resolve())
    except BadArticle as refused:
        yield refused
    except OSError as error:
        yield _unreadable(path, error)


def _unreadable(path: Path, error: OSError | RuntimeError) -> BadArticle:
    if isinstance(error, PermissionError):
        return BadArticle(str(path), "No permission to read it; change its access rights or run as its owner.")
    return BadArticle(str(path), f"It cannot be read: {getattr(error, 'strerror', None) or error}.")
