"""The rooms: imports follow the arrows eval → bot → index, all may read prompts, and the doors are light."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

MAY_IMPORT = {
    "index": {"index"},
    "prompts": {"prompts"},
    "bot": {"bot", "index", "prompts"},
    "eval": {"eval", "bot", "index", "prompts"},
}
HEAVY = {"chromadb", "llama_index", "onnxruntime", "openai", "fastapi", "sqlalchemy", "numpy", "tantivy", "trafilatura"}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_follow_the_arrows(room: str) -> None:
    against = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in (ROOT / room).rglob("*.py")
        for line, name in imports(path)
        if name.split(".")[0] in MAY_IMPORT and name.split(".")[0] not in MAY_IMPORT[room]
    ]
    assert against == []


@pytest.mark.parametrize("room", ["bot", "eval"])
def test_the_archive_is_entered_through_its_door(room: str) -> None:
    # The errors and plain values may be had without waiting for the rest.
    light = {"index", "index.errors", "index.article"}
    past_it = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in (ROOT / room).rglob("*.py")
        for line, name in imports(path)
        if name.split(".")[0] == "index" and name not in light and "bench" not in path.parts
    ]
    assert past_it == []


def test_help_loads_nothing_heavy() -> None:
    code = """
import sys
from bot.shell import main
sys.argv = ["dateline", "--help"]
try:
    main()
except SystemExit:
    print("LOADED", *sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.rpartition("LOADED ")[2].split())
    assert "bot.shell" in loaded
    assert loaded & HEAVY == set()


def test_every_name_at_the_door_can_be_had() -> None:
    import index

    for name in index.__all__:
        assert getattr(index, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = index.nothing
