"""Autoregressive steps: what depends on what, loops, circles, contexts.

zuko's numbers: tests/importers.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import flowspec
from flowspec import FlowError
from flowspec.export.graphs import from_noise_graph, graph_model
from flowspec.export.targets import Target
from flowspec.model.model import Model

RANDOM = np.random.default_rng(0)
MIXED = """
event angle: circle(-pi, pi), size: positive, height: real, weight: real
Join(CircularUniform(-pi, pi), Normal(0, 1), Normal(0, 1), Normal(0, 1))
  |> repeat(2) { Autoregressive(RQS(bins=4), hidden=[16], order=[3, 1, 0, 2]) }
  |> Onto(event)
"""


def noise(model, rows=50):
    kinds = model.flow.noise
    return np.stack(
        [
            RANDOM.uniform(size=rows) if kind == "uniform" else RANDOM.normal(size=rows)
            for kind in kinds
        ],
        axis=1,
    )


def test_circles_in_another_order_have_their_own_slopes():
    """Numbers outside of their box pass, angles are always inside: terms keep their places."""
    flow = flowspec.parse(
        "Join(VonMises(0, 1), Normal(0, 1), Normal(0, 1))"
        " |> Autoregressive(RQS(bins=4, bound=1), hidden=[8], order=[2, 0, 1])"
    )
    start = Model(flow, seed=3)
    model = Model(flow, {path: 3 * value for path, value in start.complete_weights.items()})
    x, log_prob = model.from_noise(noise(model, rows=200))
    assert_allclose(model.log_prob(x), log_prob, atol=1e-10)


def test_each_coordinate_depends_on_those_before():
    model = Model(
        flowspec.parse("Normal(0, 1)[3] |> Autoregressive(MonotonicAffine, order=[1, 2, 0])")
    )
    start, _ = model.from_noise(np.zeros((1, 3)))
    for coordinate, later in ((0, [1]), (1, []), (2, [0, 1])):
        nudged, _ = model.from_noise(np.eye(3)[coordinate : coordinate + 1])
        assert sorted({coordinate, *later}) == np.flatnonzero(nudged[0] != start[0]).tolist()


@pytest.mark.parametrize(
    "text",
    [
        MIXED,
        "NSF(12)",
        "NCSF(3)",
        "context c: real, d: positive  NSF(6, hidden=[20])",
        "context c: real  Normal(0, 1) |> Autoregressive(RQS(bins=4), hidden=[8])",
        "MAF(1)",
    ],
)
def test_round_trip_in_every_interpreter(text, tmp_path):
    torch = pytest.importorskip("torch")
    model = Model(flowspec.parse(text))
    rows = noise(model)
    context = (
        np.abs(RANDOM.normal(size=(50, len(model.flow.context.names))))
        if model.flow.context
        else None
    )
    x, log_prob = model.from_noise(rows, context)
    assert_allclose(model.log_prob(x, context), log_prob, rtol=1e-9, atol=1e-9)
    bundle = flowspec.load(flowspec.compile(model, tmp_path / "bundle", dtype="float64"))
    found, found_log_prob = (
        bundle.from_noise(rows, context) if context is not None else bundle.from_noise(rows)
    )
    assert_allclose(found, x, rtol=1e-10, atol=1e-10)
    assert_allclose(found_log_prob, log_prob, rtol=1e-10, atol=1e-10)
    module = flowspec.to_torch(model, dtype=torch.float64)
    given = None if context is None else torch.tensor(context)
    assert_allclose(
        module(given).log_prob(torch.tensor(x)).detach().numpy(), log_prob, rtol=1e-9, atol=1e-9
    )


def test_density_has_no_seam_on_a_circle():
    model = Model(flowspec.parse(MIXED))
    x = np.tile([[0.0, 1.0, 0.5, -0.5]], (2, 1))
    x[:, 0] = [-np.pi + 1e-9, np.pi - 1e-9]
    a, b = model.log_prob(x)
    assert a == pytest.approx(b, abs=1e-6)


def test_a_graph_does_not_grow_with_the_coordinates():
    sizes = {}
    for size in (16, 64):
        flow = Model(flowspec.parse(f"NSF({size})")).fixed
        model = graph_model("from_noise", from_noise_graph(flow, Target()), Target())
        sizes[size] = len(model.graph)
    assert sizes[16] == sizes[64] < 100


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Autoregressive(RQS, order=[0, 1])", "2 places"),
        ("Autoregressive(RQS, adjacency=[[1, 1, 0], [1, 1, 0], [0, 0, 1]])", "circle"),
        ("Autoregressive(RQS, adjacency=[[1, 0], [1, 1]])", "2 x 2"),
        (
            "Autoregressive(RQS, order=[0, 1, 2], adjacency=[[1, 0, 0], [1, 1, 0], [0, 0, 1]])",
            "says the order already",
        ),
        ("Autoregressive(Normal(0, 1))", "step of one number"),
        ("Autoregressive(3)", "step of one number"),
        ("Autoregressive", "univariate"),
        ('Autoregressive(RQS, activation="cosh")', "relu"),
        ("Autoregressive(RQS, hidden=[0])", "whole number"),
        ("Autoregressive(Reverse)", "step of one number"),
    ],
)
def test_refuses(text, words):
    with pytest.raises(FlowError, match=words):
        flowspec.parse(f"Normal(0, 1)[3] |> {text}")


@pytest.mark.parametrize("width", [2, 4])
def test_an_adjacency_may_leave_the_context_out_or_say_it_whole(width):
    rows = [[1, 0, 1, 0][:width], [1, 1, 0, 1][:width]]
    flow = flowspec.parse(f"context u, v\nNormal(0, 1)[2] |> Autoregressive(RQS, adjacency={rows})")
    assert flow.shape == (2,)
