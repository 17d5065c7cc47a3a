"""Laws of every pass: the same support, densities and samples as before, never more nodes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import flowspec
from flowspec.export import graphs
from flowspec.model import density
from flowspec.model.binding import bind
from flowspec.model.model import Model
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise
from flowspec.optimize.passes import optimize

# text, and how many steps are left for the density and for sampling
CASES = {
    "Normal(0, 1) |> Affine(1, 2) |> Shift(3) |> Scale(-0.5)": (1, 1),
    "Normal(0, 1)[3] |> Affine([1, 2, 3], 2) |> Reverse |> Affine(0, [1, 2, 3]) |> Reverse": (1, 1),
    "Uniform(0, 1) |> Affine(0, 2) |> Affine(1, 3) |> Log": (2, 2),
    "Normal(0, 1)[2] |> Exp |> Log |> Tanh |> inverse { Tanh }": (0, 0),
    "Normal(0, 1)[2] |> Affine(1, 2) |> inverse { Affine(1, 2) }": (0, 0),
    "Normal(0, 1)[3] |> Reverse |> Permute([2, 1, 0])": (0, 0),
    "Normal(0, 1)[3] |> Permute([1, 2, 0]) |> Permute([1, 2, 0])": (1, 1),
    "Normal(0, 1)[3] |> Permute([1, 2, 0]) |> inverse { Permute([1, 2, 0]) } |> Tanh": (1, 1),
    "Normal(0, 1)[3] |> Affine([1, 2, 3], 2)"
    " |> Rotate([[0, 1, 2], [0, 0, 3], [0, 0, 0]]) |> Householder([1, 2, 3]) |> Reverse": (
        1,
        1,
    ),
    "Normal(0, 1)[2] |> inverse { Linear([[2, 1], [0, 1]], [1, -1]) }"
    " |> Scale(3) |> LULinear(learn(0.5), learn(0.1))": (
        1,
        1,
    ),
    "Normal(0, 1)[2] |> PlaneRotation(0.3) |> PlaneRotation(0.4)": (2, 2),
    "Normal(0, 1) |> Affine(1e30, 1) |> Affine(-1e30, 2)": (1, 1),
    "context c: real  Normal(0, 1) |> Affine(c, 2) |> Affine(1, 3)": (2, 2),
    "context c: real  Normal(0, 1) |> Shift(c) |> inverse { Shift(c) }": (0, 0),
    "Normal(0, 1)[2] |> Scale(2) |> on(0) { Exp } |> Scale(3) |> Scale(4)": (3, 3),
    "Normal(0, 1)[4] |> Reverse |> RQS(bins=3) |> Reverse": (1, 1),
    "MAF(4, hidden=[12, 12])": (4, 6),
    "MAF(3, transforms=2, hidden=[8], residual=true)": (2, 4),
    "IAF(4, hidden=[12])": (6, 4),
    "context c: real, d: real  NSF(3, bins=4, hidden=[8, 8])": (4, 6),
    "NCSF(3, bins=4, hidden=[8])": (7, 9),
    "NAF(3, signals=4, network=[5], hidden=[8])": (4, 6),
    "Normal(0, 1)[3] |> Permute([1, 2, 0])"
    " |> Autoregressive(Affine([1, 2, 3], learn(1)), order=[1, 0, 2], hidden=[6])": (
        2,
        2,
    ),
    "Normal(0, 1)[3] |> Permute([1, 2, 0])"
    " |> Autoregressive(MonotonicAffine, adjacency=[[0, 1, 0], [0, 0, 0], [1, 1, 0]])": (
        2,
        2,
    ),
    "Normal(0, 1)[3] |> Reverse |> Coupling(MonotonicAffine, hidden=[8]) |> Reverse": (3, 3),
    "CircularUniform(-pi, pi)[2] |> Reverse"
    " |> Autoregressive(RQS(bins=3), hidden=[8]) |> CircularShift(1) |> Reverse": (
        2,
        4,
    ),
}

each_flow = pytest.mark.parametrize("text", CASES)


def fixed(text):
    return Model(flowspec.parse(text)).fixed


def context_of(flow, rows):
    return (
        np.random.default_rng(1).normal(size=(len(flow.context.names), rows))
        if flow.context
        else None
    )


@each_flow
def test_steps_are_left_out(text):
    flow = fixed(text)
    assert tuple(len(optimize(flow, sampling).steps) for sampling in (False, True)) == CASES[text]


@each_flow
@pytest.mark.parametrize("sampling", [False, True])
def test_numbers_stay_the_same(text, sampling):
    flow, ops = fixed(text), NumpyOps()
    made = optimize(flow, sampling)
    assert made.space == flow.space
    assert made.columns == flow.columns
    draws = noise(NumpyOps("float32"), np.int64(5), np.arange(50), list(flow.noise)).astype(float)
    context = context_of(flow, 50)
    before, after = (bind(ops, each, context=context) for each in (flow, made))
    x, log_prob = density.sample(ops, before, draws)
    found, found_log_prob = density.sample(ops, after, draws)
    assert_allclose(found, x, rtol=1e-10, atol=1e-10)
    assert_allclose(found_log_prob, np.broadcast_to(log_prob, 50), rtol=1e-10, atol=1e-10)
    expected = np.broadcast_to(density.log_prob(ops, before, x), 50)
    assert_allclose(
        np.broadcast_to(density.log_prob(ops, after, x), 50), expected, rtol=1e-9, atol=1e-9
    )


@each_flow
@pytest.mark.parametrize("graph", ["log_prob.onnx", "from_noise.onnx"])
def test_graphs_have_no_more_nodes(text, graph, monkeypatch):
    flow, target = fixed(text), graphs.Target("float64")
    found = count(written(graph, flow, target))
    monkeypatch.setattr(graphs, "optimize", lambda flow, sampling: flow)
    assert found <= count(written(graph, flow, target))


def written(graph, flow, target):
    """A graph of a flow."""
    return graphs.graph_model(graph, graphs.GRAPHS[graph](flow, target), target).graph


def count(graph) -> int:
    """Nodes of a graph, those of its loops included."""
    inner = [
        attribute.as_graph()
        for node in graph
        for attribute in node.attributes.values()
        if attribute.name == "body"
    ]
    return len(graph) + sum(map(count, inner))


def test_nodes_are_named_by_the_flow_as_written():
    flow = fixed("Normal(0, 1) |> Affine(1, 2) |> Affine(3, 4) |> Tanh")
    names = {node.name for node in written("log_prob.onnx", flow, graphs.Target())}
    assert any(name.startswith("steps.0+1.affine/") for name in names)
    assert any(name.startswith("steps.2.tanh/") for name in names)


def test_the_log_says_which_rules_fired_and_where():
    log = []
    flow = fixed("Normal(0, 1) |> Affine(1, 2) |> Affine(3, 4) |> Tanh |> Atanh")
    assert len(optimize(flow, sampling=False, log=log).steps) == 1
    assert [(fired.rule, fired.first, fired.second) for fired in log] == [
        ("cancel", (2,), (3,)),
        ("merge_affine", (0,), (1,)),
    ]


def test_what_would_overflow_stays():
    flow = fixed("Normal(0, 1) |> Affine(0, 1e200) |> Affine(0, 1e200)")
    assert optimize(flow, sampling=False) is flow
