"""The README cannot go stale: its settings are the settings, its commands exist, its links lead somewhere."""

import re

from bot.settings import Settings
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def settings_table() -> str:
    rows = ["| setting | default | what it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(f"| `DATELINE_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows)


def test_the_settings_table_is_the_settings_class() -> None:
    assert settings_table() in README


def test_every_command_of_the_shell_is_in_the_readme() -> None:
    from typer.main import get_command

    from bot.shell import app

    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        for words in [f"{name} {each}" for each in getattr(command, "commands", {})] or [name]:
            first, _, rest = words.partition(" ")
            assert re.search(rf"`dateline {first}\b[^|]*{rest}", README), words


def test_every_file_the_readme_names_exists() -> None:
    for path in re.findall(r"`((?:bot|index|eval|prompts|tests)/[\w/.]*)`", README):
        assert (ROOT / path).exists(), path


def test_nothing_is_left_to_fill_in() -> None:
    assert not re.search(r"^[A-Z]{6,}$", README, re.MULTILINE)
