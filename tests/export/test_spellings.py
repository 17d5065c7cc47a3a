"""Graphs for other targets: the same numbers in onnxruntime, in the operators that each has."""

from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
from onnx_ir.passes.common import RemoveUnusedNodesPass

import flowspec
from flowspec.export.profiles import PROFILES
from flowspec.ops.onnx import spellings
from flowspec.ops.onnx.spellings import DEFAULT
from flowspec.ops.onnx.writer import write
from flowspec.ops.tape import BATCH, TapeOps
from flowspec.ops.tape.spelling import Dialect
from flowspec.runtime.verification import verify

pytestmark = pytest.mark.slow

TEXTS = {
    "spline": "NSF(2, transforms=1, hidden=[8])",
    "search": "BNAF(2)",
    "solver": "CNF(2, hidden=[4], steps=4)",
    "mixture": "GMM(2)",
    "support": "Normal(0, 1) |> Sinh |> SinhArcsinh(1, 2) |> Sigmoid",
    "ordered": "Normal(0, 1)[3] |> Ordered",
    "angle": "NCSF(2, transforms=1, hidden=[8])",
    "context": 'context a, b\nMAF(2, transforms=1, hidden=[8], activation="elu")',
}
OTHERS = [name for name in PROFILES if name not in ("onnxruntime", "web")]


@pytest.mark.parametrize("target", OTHERS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_target_gives_the_same_numbers(made, target, text):
    bundle = made(text, target=target, batch=24 if target == "static" else None)
    assert bundle.about["target"] == target
    assert all(comparison.passed for comparison in verify(bundle.path))
    for name in bundle.graphs:
        graph = onnx.load_from_string(bundle.files[f"{name}.onnx"]).graph
        operators = {node.op_type for node in graph.node}
        assert PROFILES[target].dialect.loops or "Loop" not in operators
        assert operators <= (PROFILES[target].operators or operators)


@pytest.mark.parametrize("target", ["static"])
def test_static_graphs_have_no_open_dimension(made, target):
    bundle = made(TEXTS["spline"], target=target, batch=4)
    for name in bundle.graphs:
        graph = onnx.shape_inference.infer_shapes(
            onnx.load_from_string(bundle.files[f"{name}.onnx"]), data_prop=True
        ).graph
        values = [*graph.input, *graph.output, *graph.value_info]
        assert not [d for v in values for d in v.type.tensor_type.shape.dim if d.dim_param]


AWKWARD = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.5, -2.5, 1e-30, 3e38, -3e38, 1e8],
    np.float32,
)
EVERYTHING = Dialect(
    {
        **spellings.DEFAULT,
        **spellings.EQUALITY,
        **spellings.RUNNING_SUMS,
        **spellings.SUMS,
        **spellings.FUNCTIONS,
        **spellings.NAN,
        **spellings.NAN_OF_EXP,
        **spellings.NAN_OF_TANH,
        **spellings.LOGIC,
        **spellings.SELECTION,
        **spellings.SOFTPLUS,
    },
    loops=False,
)
"""All spellings together."""

FUNCTIONS = {
    "sign": np.sign,
    "floor": np.floor,
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "asinh": np.arcsinh,
    "isinf": np.isinf,
    "relu": lambda x: np.maximum(x, 0),
    "softplus": lambda x: np.logaddexp(x, 0),
}


def run(dialect: Dialect, formula, *arrays: np.ndarray) -> tuple[np.ndarray, set[str]]:
    ops = TapeOps(np.float32)
    names = [f"x{i}" for i in range(len(arrays))]
    inputs = [
        ops.input(name, (*x.shape[:-1], BATCH), np.float32)
        for name, x in zip(names, arrays, strict=True)
    ]
    ops.output("y", formula(ops, *inputs))
    model = ir.Model(write(ops.tape, "graph", dialect=dialect).graph, ir_version=8)
    RemoveUnusedNodesPass()(model)
    proto = ir.to_proto(model)
    onnx.checker.check_model(proto, full_check=True)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    found = session.run(None, dict(zip(names, arrays, strict=True)))[0]
    return found, {node.op_type for node in proto.graph.node}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_written_by_hand_keep_nan_and_infinities(name):
    found, operators = run(EVERYTHING, lambda ops, x: getattr(ops, name)(x), AWKWARD)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(found, FUNCTIONS[name](AWKWARD), rtol=1e-6, atol=1e-37)
    by_hand = {"Sign", "Floor", "Elu", "Asinh", "IsInf", "Relu", "Softplus", "Max", "Min", "Clip"}
    assert not operators & by_hand


@pytest.mark.parametrize("dialect", [Dialect(DEFAULT), EVERYTHING], ids=["default", "everything"])
@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (lambda ops, x, y: x < y, np.less),
        (lambda ops, x, y: x <= y, np.less_equal),
        (lambda ops, x, y: x > y, np.greater),
        (lambda ops, x, y: x >= y, np.greater_equal),
        (lambda ops, x, y: ~((x < y) | (x > y)), lambda x, y: ~((x < y) | (x > y))),
        (lambda ops, x, y: (x < y) & (x < 1.0), lambda x, y: (x < y) & (x < 1)),
    ],
)
def test_comparisons_with_nan_are_false(dialect, formula, expected):
    a, b = (grid.ravel() for grid in np.meshgrid(AWKWARD, AWKWARD))
    found, operators = run(dialect, formula, a, b)
    np.testing.assert_array_equal(found, expected(a, b))
    assert not operators & {"Greater", "GreaterOrEqual"}


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_the_greater_of_two_is_nan_if_either_is(name):
    a, b = (grid.ravel() for grid in np.meshgrid(AWKWARD, AWKWARD))
    found, operators = run(EVERYTHING, lambda ops, x, y: getattr(ops, name)(x, y), a, b)
    np.testing.assert_array_equal(found, getattr(np, name)(a, b))
    assert not operators & {"Max", "Min", "Clip"}


def test_running_sums_and_maxima_of_any_length_keep_infinities():
    for rows in (1, 2, 3, 5, 8):
        x = np.arange(4.0 * rows, dtype=np.float32).reshape(rows, 4)
        x[-1, 1] = np.inf
        found, operators = run(EVERYTHING, lambda ops, x: ops.cumsum(x), x)
        np.testing.assert_array_equal(found, np.cumsum(x, axis=0))
        assert "CumSum" not in operators
        found, operators = run(EVERYTHING, lambda ops, x: ops.logsumexp(x), x)
        np.testing.assert_allclose(found, np.logaddexp.reduce(x), rtol=1e-6)
        assert "ReduceMax" not in operators


def test_what_costs_nothing_is_the_default():
    _, operators = run(Dialect(DEFAULT), lambda ops, x: ops.where(x >= 0.0, x, -x), AWKWARD)
    assert operators == {"LessOrEqual", "Where", "Neg"}


def test_a_graph_of_one_vector_takes_the_context_first(made):
    text = TEXTS["context"]
    hssm, usual = made(text, "hssm", target="hssm"), made(text, "usual")
    x = np.array([[0.1, -0.4], [2.0, 1.0]], np.float32)
    context = np.array([[0.5, 0.2], [-1.0, 0.3]], np.float32)
    expected = usual.log_prob(x, context)
    np.testing.assert_allclose(hssm.log_prob(x, context), expected, rtol=1e-6)
    session = onnxruntime.InferenceSession(hssm.files["log_prob.onnx"])
    found = session.run(None, {"row": np.hstack([context[1], x[1]])})[0]
    np.testing.assert_allclose(found, expected[1:], rtol=1e-6)
    assert all(comparison.passed for comparison in verify(hssm.path, "reference"))
    with pytest.raises(
        flowspec.FlowError, match=r"has no sample\.onnx\n.*graphs for hssm are without it"
    ):
        hssm.sample(2, context=context)


def test_the_model_card_says_which_engines_are_wrong(made):
    usual = made("Normal(0, 1)")
    card = (usual.path / "README.md").read_text()
    assert "OpenVINO" in card.split("## Where it runs")[1]
    assert "--target openvino" in card
    other = made("Normal(0, 1)", "other", target="openvino")
    assert "seeds and row numbers beyond 2^31" in (other.path / "README.md").read_text()
