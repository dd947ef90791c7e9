"""The texts sent to a model: one Markdown file each, with a version in its front matter and `$name` blanks."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

_FILE = re.compile(r"---\nversion: (\d+)\n---\n(.*)", re.S)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text for a model. A changed text has a new version."""

    name: str
    version: int
    text: str

    def fill(self, **values: str) -> str:
        """The text with its blanks filled. Raises KeyError when one is left empty."""
        return Template(self.text).substitute(values)


@cache
def load(name: str) -> Prompt:
    """The prompt of that name. Raises FileNotFoundError when there is none, ValueError when it has no version."""
    found = _FILE.fullmatch((Path(__file__).parent / f"{name}.md").read_text("utf-8"))
    if found is None:
        raise ValueError(f"prompts/{name}.md does not begin with a version between two lines of three dashes.")
    return Prompt(name, int(found[1]), found[2].strip())


def versions() -> dict[str, int]:
    """The version of every prompt, by name."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.md"))
    return {name: load(name).version for name in names}
