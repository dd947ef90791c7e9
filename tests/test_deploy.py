"""What is in deploy/ names things that exist. No container engine runs here: an image is not built."""

import re

import yaml

from bot.settings import PREFIX, Settings
from tests.conftest import ROOT

COMPOSE = yaml.safe_load((ROOT / "deploy" / "one-host.yaml").read_text("utf-8"))
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")


def test_the_settings_of_the_containers_are_settings() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {"OPENAI_API_KEY", "PATH"}
    assert set(COMPOSE["services"]["dateline"]["environment"]) <= known
    for line in re.findall(r"^ENV (.*)$", DOCKERFILE, re.MULTILINE):
        assert {each.partition("=")[0] for each in line.split()} <= known


def test_the_image_is_made_of_what_is_here_and_let_through() -> None:
    let_through = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text("utf-8").split()
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    ]
    assert {"index", "prompts", "bot", "eval", "requirements.lock"} <= set(copied)
    for name in copied:
        assert (ROOT / name).exists() and f"!{name}" in let_through


def test_the_chroma_server_is_the_version_that_is_locked() -> None:
    locked = re.search(r"^chromadb==(\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    assert locked is not None
    assert COMPOSE["services"]["chroma"]["image"] == f"chromadb/chroma:{locked[1]}"


def test_a_container_is_given_the_time_its_answers_may_take() -> None:
    from bot.http.server import LONGEST_S

    assert int(COMPOSE["services"]["dateline"]["stop_grace_period"].rstrip("s")) > LONGEST_S
