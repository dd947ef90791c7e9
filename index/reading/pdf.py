"""PDF files: the text layer, its lines joined into paragraphs again."""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from index.article import Article
from index.errors import BadArticle
from index.normalise import normalise
from index.reading.decoding import LARGEST_ARTICLE, read_bytes
from index.reading.plain import article_from_text

if TYPE_CHECKING:
    from pypdf import PdfReader

FULL_LINE = 0.8  # a line shorter than this share of the usual width may be the last of its paragraph
_FILE_NAME = re.compile(r"untitled.*|microsoft word.*|.*\.\w{2,5}", re.IGNORECASE)
_HYPHENATED = re.compile(r"\b(\w*[^\W\d_])-\n([^\W\d_]\w*)")


def read_file(path: Path) -> Iterator[Article]:
    """The one article of a PDF, whose path is resolved: its text layer, and the title it declares.

    No date is read: a PDF tells when the file was made, not when the article was published. Raises BadArticle
    for an encrypted or damaged file and for one without text, OSError if it cannot be read.
    """
    yield article_from_pdf(read_bytes(path), str(path))


def article_from_pdf(content: bytes, source: str) -> Article:
    """The same of a PDF's bytes. Raises BadArticle."""
    title, pages = _pages(content, source)
    text = paragraphs(_without_running_heads([normalise(page).split("\n") for page in pages]))
    if not text.strip():
        raise BadArticle(source, "The PDF has no text layer: it may be a scan. Run it through OCR first.")
    if len(text) > LARGEST_ARTICLE:
        raise BadArticle(source, f"The PDF has {len(text)} characters of text; {LARGEST_ARTICLE} are allowed.")
    return article_from_text(f"{title}\n\n{text.removeprefix(title).lstrip()}" if title else text, source)


def _pages(content: bytes, source: str) -> tuple[str | None, list[str]]:
    """The title the file declares, if it is one, and the text of each page."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, DeprecationError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it reports what it repairs; what it cannot, it raises
    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise BadArticle(source, "The PDF is encrypted; save it without a password.")
        return _title(reader), [page.extract_text() for page in reader.pages]
    except DependencyError:
        raise BadArticle(source, "The PDF is encrypted; save it without a password.") from None
    # pypdf lets these escape from a file whose objects are not what they claim to be.
    except (
        PyPdfError, DeprecationError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError,
    ) as error:  # fmt: skip
        raise BadArticle(source, f"The PDF is damaged: {error or type(error).__name__}.") from None


def _title(reader: "PdfReader") -> str | None:
    declared = reader.metadata.title if reader.metadata else None
    if not isinstance(declared, str) or not declared.strip() or _FILE_NAME.fullmatch(declared.strip()):
        return None
    return " ".join(normalise(declared).split()) or None


def _without_running_heads(pages: list[list[str]]) -> list[str]:
    """The lines of all pages, less page numbers and the first and last lines that pages have in common."""
    pages = [[line for line in page if not re.fullmatch(r"(?:page )?\d{1,4}(?: of \d+)?", line.strip().lower())]
             for page in pages]  # fmt: skip
    edges = Counter(re.sub(r"\d+", "#", line) for page in pages if page for line in {page[0], page[-1]})
    repeated = {line for line, count in edges.items() if line.strip() and count > max(2, len(pages) // 2)}
    kept: list[str] = []
    for page in pages:
        last = len(page) - 1
        kept += [
            line
            for index, line in enumerate(page)
            if not (index in (0, last) and re.sub(r"\d+", "#", line) in repeated)
        ]
    return kept


def paragraphs(lines: list[str]) -> str:
    """Lines as a page was set, joined into paragraphs with a blank line between them, hyphens at line ends mended."""
    full = sorted(len(line) for line in lines if line.strip())
    if not full:
        return ""
    width = full[len(full) * 9 // 10]
    joined = ""
    before = ""
    for line in (line.strip() for line in lines):
        if line and before:
            joined += "\n\n" if _ends_paragraph(before, line, width) else "\n"
        elif line and joined:
            joined += "\n\n"
        joined += line
        before = line
    return re.sub(r"(?<!\n)\n(?!\n)", " ", _mended(joined))


def _ends_paragraph(line: str, following: str, width: int) -> bool:
    if re.match(r"(?:[-*•]|\d{1,3}[.)]) ", following):
        return True
    if len(line) >= FULL_LINE * width or not (following[0].isupper() or following[0] in "“‘\"'("):
        return False
    return line[-1] in '.!?…”"’)' or (len(line) + 1 + len(following.split(maxsplit=1)[0]) <= FULL_LINE * width)


def _mended(text: str) -> str:
    """Words cut at a line end made whole. A hyphen stays where the text writes the word with one elsewhere."""
    words = Counter(re.findall(r"\w+(?:-\w+)*", text))

    def mend(found: re.Match[str]) -> str:
        whole, hyphenated = found[1] + found[2], f"{found[1]}-{found[2]}"
        keep = words[hyphenated] > words[whole] or not found[2][0].islower()
        return hyphenated if keep else whole

    return _HYPHENATED.sub(mend, text)
