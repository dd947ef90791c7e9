"""The embedded embedder, with the real model."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import ArchiveDamaged
from index.minilm import MiniLM
from index.models import MODEL

TEXTS = [
    "The central bank raised interest rates by a quarter of a point on Wednesday.",
    "Borrowing became dearer after the bank's decision.",
    "Storm warnings were lifted. " * 60,
    "",
    "地震の後、津波警報が出された。",
    "🌋🚒 👩‍👩‍👧‍👦 \u200b\ufeff\x00 é",
    "A keeper saved two penalties and the visitors went home with a point.",
]
FIDELITY = json.loads(Path(__file__).with_name("minilm_vectors.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM()


def test_every_text_becomes_a_unit_row_of_float32(minilm: MiniLM) -> None:
    vectors = minilm.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), minilm.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_make_no_rows(minilm: MiniLM) -> None:
    assert minilm.embed([]).shape == (0, 384)


def test_like_meanings_are_near_and_unlike_ones_far(minilm: MiniLM) -> None:
    texts = ["The cat sat down.", "A feline took a seat.", "Shares fell in Tokyo on Monday."]
    cat, feline, shares = minilm.embed(texts)
    assert cat @ feline > cat @ shares + 0.3


@pytest.mark.parametrize("entry", FIDELITY["texts"], ids=lambda entry: entry["text"][:20])
def test_vectors_are_those_of_the_original_weights(minilm: MiniLM, entry: dict[str, object]) -> None:
    """The file holds vectors of the float32 weights, by a forward pass in NumPy that shares nothing with the graph."""
    expected = np.array(entry["vector"])
    found = minilm.embed([str(entry["text"])])[0, : len(expected)]
    np.testing.assert_allclose(found, expected, atol=0.006)  # a number's own size is about 0.05


def test_a_text_has_the_same_vector_alone_and_in_any_company(minilm: MiniLM) -> None:
    alone = np.concatenate([minilm.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(minilm.embed(TEXTS), alone, atol=1e-5)


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(len(TEXTS))))
def test_rows_follow_the_order_of_the_texts(minilm: MiniLM, order: list[int]) -> None:
    vectors = minilm.embed(TEXTS)
    np.testing.assert_allclose(minilm.embed([TEXTS[row] for row in order]), vectors[order], atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), max_size=6))
def test_any_text_becomes_a_unit_row(minilm: MiniLM, texts: list[str]) -> None:
    vectors = minilm.embed(texts)
    assert vectors.shape == (len(texts), 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_tokens_are_read_to_the_256th_and_no_further(minilm: MiniLM) -> None:
    words = ["storm"] * 254  # with the two tokens that frame a text, 256
    whole, longer, shorter = (" ".join(text) for text in (words, [*words, *["penalty"] * 9_000], words[:-1]))
    whole_vector, longer_vector, shorter_vector = minilm.embed([whole, longer, shorter])
    np.testing.assert_allclose(longer_vector, whole_vector, atol=1e-5)
    changed = minilm.embed([f"{shorter} penalty"])[0]
    assert changed @ whole_vector < 0.9999
    assert shorter_vector @ whole_vector > 0.99


def test_committed_files_have_the_digests_in_the_list() -> None:
    for line in (MODEL / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split()
        assert hashlib.sha256((MODEL / name).read_bytes()).hexdigest() == digest
        assert digest in (MODEL / "NOTICE").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["minilm.onnx", "tokenizer.json"])
def test_a_changed_file_is_named_and_refused(tmp_path: Path, name: str) -> None:
    for part in ("minilm.onnx", "tokenizer.json"):
        shutil.copy(MODEL / part, tmp_path)
    with (tmp_path / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(ArchiveDamaged, match=rf"{name} is not the one .*git checkout"):
        MiniLM(model=tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveDamaged, match=r"tokenizer\.json cannot be read .*git checkout"):
        MiniLM(model=tmp_path)


def test_importing_the_module_loads_no_runtime() -> None:
    code = "import sys, index.minilm; print(sorted({'onnxruntime', 'tokenizers'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
