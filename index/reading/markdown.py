"""Markdown files: YAML front matter for what is known of the article, markup reduced to readable text."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from index.article import Article
from index.errors import BadArticle
from index.normalise import normalise
from index.reading.decoding import decode, read_bytes
from index.reading.fields import article_from_fields

_OPENING = re.compile(r"\A\s*---[ ]*\n")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ ]*$", re.MULTILINE)
_KEY = re.compile(r"[A-Za-z_][\w-]*:(?:\s|\Z)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_HEADING = re.compile(r" {0,3}#{1,6}(?= |\Z)")
_BULLET = re.compile(r"( *)[*+-] +(?=\S)")
_RULE = re.compile(r" {0,3}([-*_])(?: *\1){2,} *")
_DEFINITION = re.compile(r" {0,3}\[[^\]^][^\]]*\]: +\S+.*")
# Applied in this order. What they find stays within a line, and none looks far ahead: lines may be very long.
_TARGET = r"\((?:[^()\n]|\([^()\n]*\))*\)"
_INLINE = (
    # Images: their text is no part of the article.
    (re.compile(rf"!\[[^\[\]\n]*\](?:{_TARGET}|\[[^\[\]\n]*\])"), ""),
    (re.compile(r"\[\^[^\[\]\n]+\]:?"), ""),
    (re.compile(rf"\[([^\[\]\n]+)\]{_TARGET}"), r"\1"),
    (re.compile(r"\[([^\[\]\n]+)\]\[[^\[\]\n]*\]"), r"\1"),
    (re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>\n]*>"), ""),
    (re.compile(r"\*\*(?=\S)([^*\n]*(?:\*(?!\*)[^*\n]*)*)(?<=\S)\*\*"), r"\1"),
    (re.compile(r"__(?=\S)([^_\n]*(?:_(?!_)[^_\n]*)*)(?<=\S)__"), r"\1"),
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]*?[^\s*])\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<!\w)_(?=[^\s_])([^_\n]*?[^\s_])_(?!\w)"), r"\1"),
    (re.compile(r"~~(?=\S)([^~\n]*?\S)~~"), r"\1"),
    (re.compile(r"(?<!`)(`++)([^`\n]+)\1(?!`)"), r"\2"),
)
_MARK = re.compile(r"[\[<*_~`]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_PRIVATE = 0xE000  # escaped characters wait in the private use area while markup is removed


def read_file(path: Path) -> Iterator[Article]:
    """The one article of a Markdown file, whose path is resolved. Raises BadArticle and OSError."""
    yield article_from_markdown(decode(read_bytes(path), str(path)), str(path))


def article_from_markdown(text: str, source: str) -> Article:
    """The article of a Markdown text. The title is the front matter's, else a first heading, else made.

    Raises BadArticle, naming the line, for front matter that is no YAML, and the field for a value that is wrong.
    """
    fields, markup = _front_matter(normalise(text), source)
    title, body = _plain(markup)
    if not (title or body.strip()):
        where = " below the front matter" if fields else ""
        raise BadArticle(source, f"It holds no visible text{where}.")
    if title and body.strip() and not (fields.get("title") or fields.get("headline")):
        fields["title"] = title
    elif title and title != fields.get("title") and title != fields.get("headline"):
        body = f"{title}\n\n{body}"
    return article_from_fields({**fields, "body": body}, source)


def _front_matter(text: str, source: str) -> tuple[dict[str, object], str]:
    opening = _OPENING.match(text)
    if opening is None:
        return {}, text
    closing = _CLOSING.search(text, opening.end())
    if closing is None:
        if _KEY.match(text, opening.end()):
            raise BadArticle(source, "Line 1 opens front matter with ---, and no line closes it with ---.")
        return {}, text
    block = text[opening.end() : closing.start()]
    fields = _yaml(block, source, first_line=text.count("\n", 0, opening.end()) + 1)
    if fields is None:
        return {}, text
    return fields, text[closing.end() :]


def _yaml(block: str, source: str, first_line: int) -> dict[str, object] | None:
    """The fields of a block of YAML; None for mere prose, which stood between two rules."""
    import yaml

    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(block, Loader=yaml.SafeLoader)):
            raise BadArticle(
                source, "The front matter uses YAML aliases (*name), which are not read; write values out."
            )
        fields = yaml.safe_load(block)
    except yaml.MarkedYAMLError as error:
        line = first_line + (error.problem_mark.line if error.problem_mark else 0)
        raise BadArticle(source, f"The front matter is broken at line {line}: {error.problem}.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadArticle(source, f"The front matter that begins at line {first_line} is broken: {error}.") from None
    if isinstance(fields, dict):
        return {str(name): value for name, value in fields.items()}
    return {} if fields is None else None


def _plain(markup: str) -> tuple[str | None, str]:
    """The first heading, if the text begins with one, and the rest without markup."""
    markup = _without_comments(markup)
    lines = _lines(_ESCAPED.sub(lambda found: chr(_PRIVATE + ord(found[1])), markup).split("\n"))
    text = normalise(_restored("\n".join(lines)))
    first = next((line for line in markup.split("\n") if line.strip()), "")
    following = markup.lstrip().split("\n", 2)[1:2]
    underlined = bool(following) and re.fullmatch(r" {0,3}=+ *", following[0]) is not None
    if underlined or re.match(r" {0,3}#{1,6} +\S", first):
        title, _, rest = text.partition("\n")
        return title, rest.lstrip("\n")
    return None, text


def _without_comments(markup: str) -> str:
    kept, position = "", 0
    while (start := markup.find("<!--", position)) >= 0 and (end := markup.find("-->", start)) >= 0:
        kept += markup[position:start]
        position = end + len("-->")
    return kept + markup[position:]


def _restored(text: str) -> str:
    return html.unescape(re.sub("[\ue021-\ue07e]", lambda found: chr(ord(found[0]) - _PRIVATE), text))


def _lines(lines: list[str]) -> Iterator[str]:
    """The lines without their markup; code keeps its own, and headings stand alone."""
    fence: str | None = None
    before = ""
    for line in lines:
        opened = _FENCE.match(line)
        if opened and (fence is None or opened[1].startswith(fence)):
            fence = opened[1] if fence is None else None
        elif fence is not None:
            yield line
        else:
            yield from _line(line, before)
        before = line


def _line(line: str, before: str) -> Iterator[str]:
    line = re.sub(r"^(?: {0,3}> ?)+", "", line)
    heading = _HEADING.match(line)
    if heading:
        yield from ("", _inline(_without_closing_marks(line[heading.end() :].strip())), "")
    elif re.fullmatch(r" {0,3}(=+|-{2,}) *", line) and before.strip():
        yield ""  # the underline of a heading
    elif not (_RULE.fullmatch(line) or _DEFINITION.fullmatch(line) or _is_table_rule(line)):
        yield _inline(_BULLET.sub(r"\1- ", line, count=1) if _BULLET.match(line) else line)


def _without_closing_marks(heading: str) -> str:
    text = heading.rstrip("#")
    return text.rstrip() if not text or text.endswith(" ") else heading


def _is_table_rule(line: str) -> bool:
    return "|" in line and "---" in line and not line.strip(" |:-")


def _inline(line: str) -> str:
    if not _MARK.search(line):
        return line
    for pattern, replacement in _INLINE:
        line = pattern.sub(replacement, line)
    return line
