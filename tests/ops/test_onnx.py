"""The vocabulary as ONNX graphs, run by onnxruntime: the same cases that the other interpreters are
held to."""

from __future__ import annotations

import math

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx_ir.passes.common import RemoveUnusedNodesPass

from flowspec.ops.onnx.writer import write
from flowspec.ops.tape import BATCH, Recorded, TapeOps
from tests.ops.test_interpreters import CASES, EXACT, Case, N, as_held, asked, call, leave, off

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
COMPUTED = [
    pytest.param(name, case, id=f"{name}-{i}")
    for name, cases in CASES.items()
    for i, case in enumerate(cases)
    if name not in ("whole", "log_abs_det", "narrow")  # two are never data; one changes the type
]
BANNED = {"NonZero", "ScatterND", "Einsum", "RandomNormal", "RandomUniform", "Loop", "Scan", "If"}


def model(ops: TapeOps, opset: int = 18, batch: str | int = "N") -> onnx.ModelProto:
    recorded = ir.Model(write(ops.tape, "graph", opset, batch).graph, ir_version=8)
    RemoveUnusedNodesPass()(recorded)
    return ir.to_proto(recorded)


def run(ops: TapeOps, batch: str | int = "N", **feeds) -> list[np.ndarray]:
    found = model(ops, batch=batch)
    onnx.checker.check_model(found, full_check=True)
    assert not BANNED & {node.op_type for node in found.graph.node}
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(found.SerializeToString(), options).run(None, feeds)


class Feeds:
    """Turns the arguments of a case into inputs of a graph; what has no batch stays a constant."""

    def __init__(self, ops: TapeOps):
        self.ops = ops
        self.values: dict[str, np.ndarray] = {}

    def enter(self, value):
        if isinstance(value, list) and isinstance(value[0], np.ndarray):
            return [self.enter(part) for part in value]
        if not isinstance(value, np.ndarray) or value.shape[-1] != N:
            return value
        name = f"x{len(self.values)}"
        dtype = self.ops.dtype if value.dtype == np.float64 else value.dtype
        self.values[name] = value.astype(dtype)
        return self.ops.input(name, (*value.shape[:-1], BATCH), dtype)


def record(ops: TapeOps, name: str, arguments: tuple) -> tuple[Recorded, dict[str, np.ndarray]]:
    feeds = Feeds(ops)
    return asked(ops, name, [feeds.enter(value) for value in arguments]), feeds.values


def computed(dtype, name: str, case: Case) -> np.ndarray:
    ops = TapeOps(dtype)
    found, feeds = record(ops, name, case.arguments)
    ops.output("y", found)
    (result,) = run(ops, **feeds)
    assert found.shape == (*result.shape[:-1], BATCH)
    return result


@DTYPES
@pytest.mark.parametrize(("name", "case"), COMPUTED)
def test_agrees_with_fifty_digits(dtype, name, case):
    found = computed(dtype, name, case)
    exact = leave(EXACT, call(EXACT, name, case.arguments))
    assert found.shape == exact.shape
    if exact.dtype in (bool, np.int64):
        np.testing.assert_array_equal(found, exact, strict=True)
        return
    limits = np.finfo(dtype)
    error = off(
        found, as_held(EXACT.constant(exact), limits), max(case.absolute, float(limits.tiny))
    )
    assert found.dtype == dtype
    assert error.max() <= case.ulps * float(limits.eps), (
        error.max() / limits.eps,
        found.flat[error.argmax()],
    )


# --- shapes -------------------------------------------------------------------------------------


def matrix(dtype=np.float32) -> tuple[TapeOps, Recorded]:
    """A graph with one input (4, N)."""
    ops = TapeOps(dtype)
    return ops, ops.input("x", (4, BATCH), dtype)


X = np.arange(12, dtype=np.float32).reshape(4, 3)
INDICES = {
    "x[0]": lambda x: x[0],
    "x[-1]": lambda x: x[-1],
    "x[1:]": lambda x: x[1:],
    "x[:-1]": lambda x: x[:-1],
    "x[1:4:2]": lambda x: x[1:4:2],
    "x[::-1]": lambda x: x[::-1],
    "x[3:0:-2]": lambda x: x[3:0:-2],
    "x[:]": lambda x: x[:],
    "x[:, None]": lambda x: x[:, None],
    "x[None]": lambda x: x[None],
    "x[None][0, 1:]": lambda x: x[None][0, 1:],
    "x[2, None]": lambda x: x[2, None],
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_indexing_is_that_of_numpy(index):
    ops, x = matrix()
    found = index(x)
    ops.output("y", ops.abs(found))
    expected = index(X)
    assert found.shape == (*expected.shape[:-1], BATCH)
    np.testing.assert_array_equal(run(ops, x=X)[0], expected)


@pytest.mark.parametrize("rows", [0, 1])
def test_no_row_and_one_row_are_batches_too(rows):
    ops, x = matrix()
    parts = ops.concat([ops.unflatten(x, (2, 2))[0], np.ones((2, 1)), ops.sum(x)[None], x[2:]])
    ops.output("y", ops.logsumexp(ops.stack([parts, 2.0, parts[0]])))
    assert run(ops, x=X[:, :rows])[0].shape == (7, rows)


def test_a_fixed_number_of_rows_is_written_into_the_graph():
    ops = TapeOps(np.float64)
    rows = ops.to_float(ops.input("first", (), np.int64) + ops.arange(3))
    ops.output("y", ops.concat([rows[None], np.ones((1, 1)), ops.stack([rows, 0.5])]))
    expected = [[5, 6, 7], [1, 1, 1], [5, 6, 7], [0.5, 0.5, 0.5]]
    np.testing.assert_array_equal(run(ops, batch=3, first=np.array(5))[0], expected)


def test_constants_are_repeated_for_the_rows_of_the_data():
    ops, x = matrix()
    ops.output("log_prob", ops.with_batch(-1.5, x))
    assert run(ops, x=X)[0].tolist() == [-1.5] * 3


def test_shapes_that_do_not_fit_are_refused():
    _, x = matrix()
    with pytest.raises(ValueError, match="broadcast"):
        x + np.ones((3, 1))


# --- what is recorded ---------------------------------------------------------------------------


def nodes(ops: TapeOps) -> list[str]:
    return [node.op_type for node in model(ops).graph.node]


def test_without_data_everything_is_worked_out_in_float64():
    ops, x = matrix(np.float32)
    loc = np.array([[0.1], [0.2], [0.3], [0.4]])
    scale = ops.exp(ops.constant(loc)) * ops.lgamma(2.5) + ops.where(True, ops.softplus(3.0), 1.0)
    assert scale.dtype == np.float64
    ops.output("y", scale * x)
    assert nodes(ops) == ["Mul"]
    (constant,) = model(ops).graph.initializer
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(constant), scale.astype(np.float32))


def test_arrays_on_the_left_leave_the_arithmetic_to_the_recorded_value():
    ops, x = matrix()
    column = np.arange(1.0, 5.0)[:, None]
    parts = [column + x, column - x, column * x, column / (x + 1)]
    truths = [(column < x) & (column >= 2), np.ones((4, 1), bool) | (x > 1)]
    assert all(isinstance(part, Recorded) for part in [*parts, *truths])
    ops.output("y", ops.sum(ops.stack([*parts, *map(ops.number, truths)])))
    expected = (
        column + X + column - X + column * X + column / (X + 1) + ((column < X) & (column >= 2)) + 1
    )
    np.testing.assert_allclose(run(ops, x=X)[0], expected, rtol=1e-6)


def test_equal_constants_are_one():
    ops, x = matrix()
    ops.output("y", (x + 2.5) * 2.5 / np.full((1, 1), 2.5))
    assert len(model(ops).graph.initializer) == 1


SHORT = {
    "x + -y": (lambda x, y: x + -y, ["Sub"]),
    "-x + y": (lambda x, y: -x + y, ["Sub"]),
    "x - -y": (lambda x, y: x - -y, ["Add"]),
    "2 - -x": (lambda x, y: (2 - -x) * y, ["Add", "Mul"]),
    "0 - x": (lambda x, y: (0 - x) * y, ["Neg", "Mul"]),
    "x * -1": (lambda x, y: (x * -1) / y, ["Neg", "Div"]),
    "x / 4": (lambda x, y: (x / 4) + y, ["Mul", "Add"]),
    "x / 3": (lambda x, y: (x / 3) + y, ["Div", "Add"]),
}


@pytest.mark.parametrize(("formula", "expected"), SHORT.values(), ids=SHORT)
def test_signs_and_powers_of_two_take_the_shorter_form(formula, expected):
    ops, x = matrix()
    y = ops.input("y", (4, BATCH), np.float32)
    ops.output("z", formula(x, y))
    assert nodes(ops) == expected
    np.testing.assert_array_equal(run(ops, x=X, y=X + 1)[0], formula(X, X + 1))


def test_scalars_have_the_rank_of_what_they_meet():
    ops, x = matrix()
    ops.output("y", x * 3.0)
    assert [list(constant.dims) for constant in model(ops).graph.initializer] == [[1, 1]]


def test_nodes_are_named_by_their_scope():
    ops, x = matrix()
    with ops.scope("steps.1.on"):
        x = x * 2.0
        with ops.scope("steps.0.tanh"):
            x = ops.tanh(x) * 3.0
            x = x * 4.0
    ops.output("y", ops.exp(x))
    assert [node.name for node in model(ops).graph.node] == [
        "steps.1.on/Mul_1",
        "steps.1.on/steps.0.tanh/Tanh_1",
        "steps.1.on/steps.0.tanh/Mul_1",
        "steps.1.on/steps.0.tanh/Mul_2",
        "Exp_1",
    ]


def test_parameters_are_called_by_their_paths():
    ops, x = matrix()
    scale = ops.constant(np.arange(1.0, 5.0)[:, None], "steps.0.scale")
    weight = ops.constant(np.eye(4), "steps.1.network.0.weight")
    masked = ops.matmul(weight * np.tri(4), x * scale)
    ops.output("y", masked + scale[1:3][:1] + ops.sum(ops.log(scale)) + 0.25 * np.ones((4, 1)))
    assert [constant.name for constant in model(ops).graph.initializer] == [
        "steps.0.scale",
        "steps.1.network.0.weight.folded",
        "steps.0.scale_1",
        "steps.0.scale.folded",
        "constant_4",
    ]


def test_the_same_calls_give_the_same_bytes():
    def graph():
        ops, x = matrix()
        ops.output("y", ops.normal_cdf(ops.asinh(x)) + ops.constant(np.ones((4, 1))), "what it is")
        return model(ops).SerializeToString(deterministic=True)

    assert graph() == graph()


def test_inputs_and_outputs_carry_names_shapes_and_docs():
    ops = TapeOps(np.float64)
    x = ops.input("x", (BATCH, 2), np.float64, "points")
    ops.output("y", ops.transpose(x), "turned")
    ops.output("same", x)
    ops.output("y_again", ops.transpose(x))
    found = model(ops, opset=19, batch="rows")
    assert found.opset_import[0].version == 19
    assert [(each.name, each.doc_string) for each in [*found.graph.input, *found.graph.output]] == [
        ("x", "points"), ("y", "turned"), ("same", ""), ("y_again", ""),
    ]  # fmt: skip
    dimensions = found.graph.output[0].type.tensor_type.shape.dim
    assert (dimensions[0].dim_value, dimensions[1].dim_param) == (2, "rows")
    points = np.array([[1.0, 2], [3, 4], [5, 6]])
    for result, expected in zip(run(ops, x=points), (points.T, points, points.T), strict=True):
        np.testing.assert_array_equal(result, expected)


def test_a_python_if_on_data_is_an_error():
    _, x = matrix()
    with pytest.raises(TypeError, match=r"ops\.where"):
        bool(x > 0)


# --- what onnxruntime lacks ---------------------------------------------------------------------

NODES = {"log1p": (7, 7), "expm1": (5, 5), "sigmoid": (4, 4), "softplus": (1, 10), "cos": (1, 9),
         "sinh": (1, 9),
         "asinh": (1, 21), "atanh": (1, 13), "atan": (1, 23), "asin": (1, 30), "acos": (1,
         28)}  # fmt: skip


@pytest.mark.parametrize("name", NODES)
def test_kernels_stay_small(name):
    counts = []
    for dtype in (np.float32, np.float64):
        ops, x = matrix(dtype)
        ops.output("y", getattr(ops, name)(x))
        counts.append(len(nodes(ops)))
    assert tuple(counts) == NODES[name]


TINY = [5e-324, 1e-310, 1e-300, 1e-100, 1e-20, 1e-9, 1e-4]
WIDE = {
    "log1p": [*TINY, -1e-300, -1e-9, 1e300, -1 + 2**-53, 0.999999, 1.000001],
    "expm1": [*TINY, -1e-300, -1e-9, -700, 700, 709.7],
    "sinh": [*TINY, -1e-9, 700, -700],
    "asinh": [*TINY, -1e-9, 1e149, 1e151, 1e308],
    "atanh": [*TINY, -1e-9, 1 - 2**-53, -1 + 2**-53],
    "atan": [*TINY, -1e-9, 1e300, 1 - 2**-53, 1 + 2**-52],
    "asin": [*TINY, -1e-9, 1 - 2**-53, -1 + 2**-53],
    "acos": [*TINY, 1 - 2**-53, -1 + 2**-53],
    "cos": [*TINY, math.pi / 2, -math.pi / 2, math.pi, 1.57, 3.0],
    "softplus": [-700, -100, -36, 36, 709, 1e300],
    "sigmoid": [-700, -100, -36, 36, 1e300],
}


@pytest.mark.parametrize("name", WIDE)
def test_float64_keeps_its_digits_over_the_whole_range(name):
    x = np.array(WIDE[name])
    found = computed(np.float64, name, Case((np.resize(x, N * (1 + len(x) // N)).reshape(-1, N),)))
    exact = getattr(EXACT, name)(EXACT.constant(np.resize(x, found.shape)))
    assert off(found, exact, np.finfo(float).tiny).max() <= 4 * np.finfo(float).eps
