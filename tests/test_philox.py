"""The seeded noise: known answers, and the same numbers from every interpreter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator
from onnx_ir.passes.common import RemoveUnusedNodesPass
from scipy import stats

from flowspec.ops.numpy import NumpyOps
from flowspec.ops.onnx.writer import write
from flowspec.ops.philox import noise, philox, to_uniforms
from flowspec.ops.tape import TapeOps
from flowspec.ops.words import Halves, WholeWords

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
SEEDS = [0, 42, -1, -7, 2**31, 2**32 + 5, 2**63 - 1, -(2**63)]
MIXED = [
    "normal",
    "uniform",
    "uniform",
    "normal",
    "normal",
    "uniform",
    "uniform",
    "uniform",
    "normal",
    "normal",
]

# Random123, tests/kat_vectors: counter, key, answer of philox4x32 with 10 rounds.
KNOWN_ANSWERS = [
    (
        "00000000 00000000 00000000 00000000",
        "00000000 00000000",
        "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    ),
    (
        "ffffffff ffffffff ffffffff ffffffff",
        "ffffffff ffffffff",
        "408f276d 41c83b0e a20bc7c6 6d5451fd",
    ),
    (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


def words(text: str) -> list[np.ndarray]:
    return [np.array([int(word, 16)]) for word in text.split()]


def torch_ops(dtype):
    torch = pytest.importorskip("torch")
    from flowspec.ops.torch import TorchOps

    return TorchOps(getattr(torch, np.dtype(dtype).name))


def model(ops: TapeOps, batch: str | int = "N") -> onnx.ModelProto:
    recorded = ir.Model(write(ops.tape, "noise", batch=batch).graph, ir_version=8)
    RemoveUnusedNodesPass()(recorded)
    found = ir.to_proto(recorded)
    onnx.checker.check_model(found, full_check=True)
    return found


def graph(dtype, kinds, arithmetic=WholeWords) -> onnx.ModelProto:
    ops = TapeOps(dtype)
    seed, count = ops.input("seed", (), np.int64), ops.input("n", (), np.int64)
    rows = ops.input("first_row", (), np.int64) + ops.arange(count)
    ops.output("noise", noise(ops, seed, rows, kinds, arithmetic))
    return model(ops)


def feeds(seed: int, first: int, count: int) -> dict[str, np.ndarray]:
    return {"seed": np.array(seed), "n": np.array(count), "first_row": np.array(first)}


def session(found: onnx.ModelProto) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(found.SerializeToString())


def reference(dtype, seed: int, first: int, count: int, kinds) -> np.ndarray:
    return noise(NumpyOps(dtype), np.int64(seed), first + np.arange(count), kinds)


# --- known answers ------------------------------------------------------------------------------


ARITHMETIC = pytest.mark.parametrize("arithmetic", [WholeWords, Halves])
ANSWERS = pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)


def drawn(arithmetic, ops, given) -> list[Any]:
    """The words of a block, as int64, from six words as int64 numbers."""
    words = arithmetic(ops)
    given = [words.split(word)[0] for word in given]
    found = philox(words, given[:4], given[4:])
    if arithmetic is WholeWords:
        return list(found)
    return [part for word in found for part in word]


def joined(arithmetic, found) -> str:
    numbers = [int(np.asarray(word)[0]) for word in found]
    if arithmetic is Halves:
        numbers = [
            (high << 16) + low for high, low in zip(numbers[::2], numbers[1::2], strict=True)
        ]
    return " ".join(f"{number:08x}" for number in numbers)


@ANSWERS
@ARITHMETIC
def test_numpy_gives_the_published_words(arithmetic, counter, key, answer):
    found = drawn(arithmetic, NumpyOps(), words(counter) + words(key))
    assert joined(arithmetic, found) == answer


@ANSWERS
@ARITHMETIC
def test_torch_gives_the_published_words(arithmetic, counter, key, answer):
    ops = torch_ops(np.float32)
    found = drawn(arithmetic, ops, [ops.whole(word) for word in words(counter) + words(key)])
    assert joined(arithmetic, found) == answer


@ANSWERS
@ARITHMETIC
def test_onnxruntime_gives_the_published_words(arithmetic, counter, key, answer):
    ops = TapeOps()
    given = words(counter) + words(key)
    inputs = [ops.input(f"w{i}", (1,), np.int64) for i in range(6)]
    for i, word in enumerate(drawn(arithmetic, ops, inputs)):
        ops.output(f"out{i}", word)
    found = session(model(ops)).run(None, {f"w{i}": word for i, word in enumerate(given)})
    assert joined(arithmetic, found) == answer


@pytest.mark.slow
@DTYPES
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("row", [2**31 - 3, 2**32 - 3, -(2**40)])
def test_halves_of_words_draw_the_same_uniforms(dtype, seed, row):
    kinds = ["uniform"] * 7
    expected = reference(dtype, seed, row, 9, kinds)
    halves = noise(NumpyOps(dtype), np.int64(seed), row + np.arange(9), kinds, Halves)
    np.testing.assert_array_equal(halves, expected, strict=True)
    found = session(graph(dtype, kinds, Halves)).run(None, feeds(seed, row, 9))[0]
    np.testing.assert_array_equal(found, expected, strict=True)


def test_no_number_of_halves_needs_more_than_32_bits():
    types = graph(np.float32, ["normal"] * 3, Halves)
    wide = {value.name for value in onnx.shape_inference.infer_shapes(types).graph.value_info
            if value.type.tensor_type.elem_type == onnx.TensorProto.INT64}  # fmt: skip
    operators = {node.op_type for node in types.graph.node if wide & {*node.output}}
    # Seeds and row numbers come in with 64 bits, and are cut at once.
    assert operators <= {"BitwiseAnd", "Sub", "Div", "Range", "Add", "Unsqueeze"}
    cast = next(i for i, node in enumerate(types.graph.node) if node.op_type == "Mul")
    assert not any(wide & {*node.output} for node in types.graph.node[cast:])


def by_hand(seed: int, row: int, kind: int, block: int) -> list[int]:
    """The words of a block as the module's docstring defines them, in Python's whole numbers."""
    low = 2**32 - 1
    c = [row & low, row >> 32 & low, block, kind]
    k = [seed & low, seed >> 32 & low]
    for _ in range(10):
        first, second = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [second >> 32 ^ c[1] ^ k[0], second & low, first >> 32 ^ c[3] ^ k[1], first & low]
        k = [k[0] + 0x9E3779B9 & low, k[1] + 0xBB67AE85 & low]
    return c


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("row", [0, 5, 2**40 + 3])
def test_the_stream_is_the_documented_one(seed, row):
    single = reference(np.float32, seed, row, 1, ["uniform"] * 6)[:, 0]
    blocks = by_hand(seed, row, 0, 0) + by_hand(seed, row, 0, 1)
    assert single.tolist() == [((word >> 9) + 0.5) / 2**23 for word in blocks[:6]]
    double = reference(np.float64, seed, row, 1, ["uniform"] * 3)[:, 0]
    wide = [(v << 20) + (w >> 12) for v, w in zip(blocks[0::2], blocks[1::2], strict=True)]
    assert double.tolist() == [(k + 0.5) / 2**52 for k in wide[:3]]
    v, w, *rest = by_hand(seed, row, 1, 0)
    radius, angle = (
        ((upper << 20) + (lower >> 12) + 0.5) / 2**52 for upper, lower in ((v, w), rest)
    )
    size = math.sqrt(-2 * math.log(radius))
    expected = [size * math.cos(2 * math.pi * angle), size * math.sin(2 * math.pi * angle)]
    assert reference(np.float64, seed, row, 1, ["normal"] * 2)[:, 0] == pytest.approx(
        expected, abs=1e-14
    )


# --- the same everywhere ------------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize("seed", SEEDS)
def test_every_interpreter_draws_the_same_uniforms(dtype, seed):
    kinds = ["uniform"] * 7
    expected = reference(dtype, seed, 2**32 - 3, 9, kinds)
    found = graph(dtype, kinds)
    given = feeds(seed, 2**32 - 3, 9)
    np.testing.assert_array_equal(session(found).run(None, given)[0], expected, strict=True)
    np.testing.assert_array_equal(
        ReferenceEvaluator(found).run(None, given)[0], expected, strict=True
    )
    ops = torch_ops(dtype)
    drawn = noise(ops, ops.whole(seed), ops.whole(2**32 - 3 + np.arange(9)), kinds)
    np.testing.assert_array_equal(drawn.numpy(), expected, strict=True)


@DTYPES
def test_every_interpreter_draws_the_same_normals(dtype):
    expected = reference(dtype, 3, 0, 4000, MIXED)
    close = {"rtol": 6 * np.finfo(dtype).eps, "atol": 0}
    np.testing.assert_allclose(
        session(graph(dtype, MIXED)).run(None, feeds(3, 0, 4000))[0], expected, **close
    )
    ops = torch_ops(dtype)
    drawn = noise(ops, ops.whole(3), ops.whole(np.arange(4000)), MIXED)
    np.testing.assert_allclose(drawn.numpy(), expected, **close)


@DTYPES
def test_a_row_depends_on_the_seed_and_its_number_alone(dtype):
    whole = reference(dtype, 11, 0, 100, MIXED)
    slices = [reference(dtype, 11, first, 25, MIXED) for first in range(0, 100, 25)]
    np.testing.assert_array_equal(np.concatenate(slices, axis=1), whole)
    assert (reference(dtype, 12, 0, 100, MIXED) != whole).mean() > 0.99
    run = session(graph(dtype, ["uniform"] * 3)).run
    parts = [run(None, feeds(11, first, 10))[0] for first in (0, 10, 20)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), run(None, feeds(11, 0, 30))[0])


@DTYPES
def test_the_q_th_draw_of_a_kind_is_the_same_in_every_layout(dtype):
    mixed = reference(dtype, 5, 0, 20, MIXED)
    for kind in ("uniform", "normal"):
        rows = [j for j, each in enumerate(MIXED) if each == kind]
        np.testing.assert_array_equal(mixed[rows], reference(dtype, 5, 0, 20, [kind] * len(rows)))


def test_the_size_of_the_graph_does_not_grow_with_the_noise():
    sizes = {len(graph(np.float32, ["normal"] * count).graph.node) for count in (5, 64)}
    assert sizes == {208}


def test_a_fixed_number_of_rows_draws_the_same():
    ops = TapeOps(np.float32)
    ops.output(
        "noise",
        noise(
            ops,
            ops.input("seed", (), np.int64),
            ops.input("first", (), np.int64) + ops.arange(4),
            MIXED,
        ),
    )
    found = session(model(ops, 4)).run(None, {"seed": np.array(9), "first": np.array(2)})[0]
    np.testing.assert_allclose(found, reference(np.float32, 9, 2, 4, MIXED), rtol=1e-6)


# --- the laws -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "nearest"), [(np.float32, 2.0**-24), (np.float64, 2.0**-53)])
def test_uniforms_lie_strictly_between_0_and_1(dtype, nearest):
    extremes = np.array([[0, 2**32 - 1]])
    found = to_uniforms(WholeWords(NumpyOps(dtype)), [extremes] * 4)
    assert found.dtype == dtype
    assert {tuple(row) for row in found.tolist()} == {(nearest, 1 - nearest)}


@DTYPES
@pytest.mark.parametrize(("kind", "law"), [("uniform", stats.uniform), ("normal", stats.norm)])
def test_noise_follows_its_law(dtype, kind, law):
    drawn = reference(dtype, 2024, 0, 20_000, [kind] * 5)
    for row in drawn:
        assert stats.kstest(row.astype(float), law.cdf).pvalue > 1e-3
    correlation = np.corrcoef(np.concatenate([drawn[:, :-1], drawn[:, 1:]])) - np.eye(10)
    assert np.abs(correlation).max() < 5 / math.sqrt(20_000)
    assert np.abs(np.corrcoef(drawn**2) - np.eye(5)).max() < 5 / math.sqrt(20_000)
