"""Several variables by one declaration, and names in quotes, stand where a vector or a name can."""

from __future__ import annotations

import numpy as np
import pytest

import flowspec
from flowspec import Flow, FlowError
from flowspec.language.writing import flow_text
from flowspec.model.model import Model

VECTOR = "context t[3]\nNormal(0, 1)[3] |> Affine(t, 2)"
QUOTED = 'context "wind speed (m/s)": positive\nNormal(0, 1) |> Scale("wind speed (m/s)")'
TEXTS = [
    VECTOR,
    QUOTED,
    'context t[2], "a b"[2]: positive\nNormal(t, "a b")',
    "context a: positive, t[2]: circle(0, 1)\n"
    "Normal(0, 1)[2] |> Autoregressive(MonotonicAffine, hidden=[4]) |> Affine(t, a)",
    'context "a b": (0, 1]\nlet w = "a b"\n'
    'def by(s) = Scale(s)\nNormal(0, 1) |> by("a b") |> by(w)',
    "context t[2]\nNormal(0, 1)[2] |> Permute([1, 0]) |> Affine(t) |> Permute([1, 0])",
    "context t[2]\nNormal(0, 1)[3] |> on(0, 2) { Affine(t) }",
    "context t[1]\nNormal(t, 1)",
]


@pytest.fixture(params=TEXTS)
def flow(request) -> Flow:
    """A flow whose context has such names."""
    return flowspec.parse(request.param)


def contexts(flow: Flow, rows: int = 4) -> np.ndarray:
    """Values that every context here can have."""
    assert flow.context
    return np.random.default_rng(0).uniform(0.1, 0.9, (rows, len(flow.context.names)))


def test_it_comes_back_from_text_and_json(flow):
    assert flowspec.parse(flow_text(flow)) == flow
    again = flowspec.from_json(flow.to_json())
    assert again == flow
    assert flow_text(again) == flow_text(flow)


def test_graphs_and_models_agree(flow, tmp_path):
    model, context = Model(flow), contexts(flow)
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "it", dtype="float64"))
    x = bundle.sample(context=context, seed=1)
    np.testing.assert_allclose(
        bundle.log_prob(x, context), model.log_prob(x, context), rtol=1e-12, atol=1e-12
    )


def test_a_module_agrees(flow):
    torch = pytest.importorskip("torch")
    context = contexts(flow)
    x, log_prob = Model(flow).from_noise(np.full((4, len(flow.noise)), 0.3), context)
    module = flowspec.to_torch(flow, dtype=torch.float64)
    found = module(torch.tensor(context)).log_prob(torch.tensor(x)).detach()
    np.testing.assert_allclose(found, log_prob, rtol=1e-10)


def test_each_variable_of_a_vector_moves_its_own_coordinate():
    flow = flowspec.parse(VECTOR)
    assert flow.context and flow.context.names == ("t0", "t1", "t2")
    x, _ = Model(flow).from_noise([[1.0, 1.0, 1.0]], [[10, 20, 30]])
    np.testing.assert_array_equal(x, [[12, 22, 32]])


def test_steps_that_are_reordered_keep_their_variables(tmp_path):
    text = "context t[2]\nNormal(0, 1)[2] |> Permute([1, 0]) |> Affine(t) |> Permute([1, 0])"
    bundle = flowspec.load(flowspec.compile(flowspec.parse(text), tmp_path / "it"))
    x, _ = bundle.from_noise([[0.0, 0.0]], [[10, 20]])
    np.testing.assert_array_equal(x, [[20, 10]])


def test_a_variable_of_a_vector_stands_alone_too():
    flow = flowspec.parse("context t[2]\nNormal(0, 1) |> Affine(t1)")
    x, _ = Model(flow).from_noise([0.0], [[10, 20]])
    np.testing.assert_array_equal(x, [20])


def test_a_table_has_a_column_for_each_variable():
    table = {"x0": [0.0], "x1": [0.0], "x2": [0.0], "t2": [30.0], "t0": [10.0], "t1": [20.0]}
    model = Model(flowspec.parse(VECTOR))
    assert model.log_prob(table) == model.log_prob([[0, 0, 0]], [[10, 20, 30]])


def test_a_fit_takes_a_vector():
    pytest.importorskip("torch")
    random = np.random.default_rng(0)
    context = random.normal(size=(60, 2))
    flow = flowspec.parse("context t[2]\nNormal(learn(0), 1)[2] |> Affine(t)")
    model = flowspec.fit(flow, context + random.normal(size=(60, 2)), context, epochs=1)
    assert np.isfinite(model.log_prob(context, context)).all()


def test_outputs_are_declared_together_too():
    text = "event y[3]: positive, z\ntrain { dequantize = [y] }\nNormal(0, 1)[4] |> on(y) { Exp }"
    flow = flowspec.parse(text)
    assert flow.columns == ("y0", "y1", "y2", "z")
    assert flow.train["dequantize"] == ("y0", "y1", "y2")
    assert flowspec.from_json(flow.to_json()) == flow
    assert flowspec.parse(flow_text(flow)) == flow


def test_outputs_that_are_declared_together_can_be_tied():
    flow = flowspec.parse("event y[3]: simplex\nNormal(0, 1)[2] |> StickBreaking")
    assert flow.columns == ("y0", "y1", "y2")
    assert flowspec.parse(flow_text(flow)) == flow


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"vector": "t1"}, "`t1` is declared twice"),
        (
            {"support": {"kind": "simplex", "size": 3}},
            "the support of a vector is that of each",
        ),
    ],
)
def test_a_vector_in_json_that_cannot_be_is_refused(changed, what):
    data = flowspec.parse(VECTOR).to_json()
    data["context"][0] |= changed
    with pytest.raises(FlowError, match="context") as caught:
        flowspec.from_json(data)
    assert what in str(caught.value)
