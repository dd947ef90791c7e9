"""Prompts are versioned: whoever changes one gives it a new version, and runs say which versions they had."""

import hashlib
import sys

from bot.extractive import ExtractiveWriter
from eval.datasets import Dataset
from eval.measure import identity
from eval.suite import read_suite
from index import Archive
from prompts import Prompt, load, versions

# The sha256 of each prompt's text, by its version. A changed text fails here until its version is raised and the new
# digest is put in (`python -m tests.test_prompts` prints it); the old line may then go.
DIGESTS = {
    ("answer", 1): "f531c5b85e8e909fc90354cef4300cf88003e9816a1e461a6fae74ea24c9d9fa",
    ("evidence", 2): "ca4212c1f413a6e6f171e843216fedeafcd0d3c8c5557f92389a286a334eabc2",
    ("judge", 1): "f3520e6b5566b7da5bcf3c13bdb302b6298906adb7630abafbe49be8a7971466",
    ("repair", 1): "44a7aba1b229cb06cc4bad417f276086eb16f687c969e53245e524080d39df28",
    ("standalone", 1): "551bab5f9689fa55fbec520f0351781b1b5c3c98b7adea6d0551b3fc93254ec2",
}


def digest(prompt: Prompt) -> str:
    return hashlib.sha256(prompt.text.encode()).hexdigest()


def test_a_changed_prompt_has_a_new_version() -> None:
    present = {(name, version): digest(load(name)) for name, version in versions().items()}
    assert present == DIGESTS


def test_a_run_says_with_which_prompts_it_was_made(archive: Archive) -> None:
    who = identity(read_suite("smoke"), Dataset("smoke", (), (), ()), archive, ExtractiveWriter())
    assert who.prompts == versions()
    assert set(who.prompts) >= {"answer", "evidence", "repair", "standalone", "judge"}


if __name__ == "__main__":
    for each, number in versions().items():
        sys.stdout.write(f'    ("{each}", {number}): "{digest(load(each))}",\n')
