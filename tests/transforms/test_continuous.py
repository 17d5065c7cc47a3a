"""Continuous flows against zuko's adaptive solver."""

import numpy as np
import pytest
import torch
import zuko

import flowspec
from flowspec.importers import from_zuko


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [(), (16,), (16, 12), (8, 8, 8)])
@pytest.mark.parametrize(("size", "columns"), [(1, 0), (3, 2)])
def test_equals_zuko(hidden, size, columns):
    torch.manual_seed(0)
    flow = zuko.flows.CNF(size, columns, hidden_features=hidden, atol=1e-10, rtol=1e-10).double()
    model = from_zuko(flow)
    random = np.random.default_rng(0)
    x = random.normal(size=(10, size))
    context = random.normal(size=(10, columns)) if columns else None
    with torch.no_grad():
        expected = (
            flow(None if context is None else torch.tensor(context))
            .log_prob(torch.tensor(x))
            .numpy()
        )
    np.testing.assert_allclose(model.log_prob(x, context), expected, rtol=2e-5, atol=2e-5)
    noise = random.normal(size=(10, size))
    samples, log_prob = model.from_noise(noise, context)
    np.testing.assert_allclose(model.log_prob(samples, context), log_prob, rtol=2e-5, atol=2e-5)


def test_gradients_reach_every_weight():
    module = flowspec.to_torch(
        flowspec.parse("Normal(0, 1)[2] |> Continuous(hidden=[8, 8], steps=4)")
    )
    module().log_prob(torch.randn(5, 2)).sum().backward()
    assert all(
        parameter.grad is not None and torch.isfinite(parameter.grad).all()
        for parameter in module.parameters()
    )


def test_is_one_loop_in_a_graph():
    from flowspec.export.graphs import graph_model, log_prob_graph
    from flowspec.export.targets import Target

    flow = flowspec.Model(flowspec.parse("Normal(0, 1)[2] |> Continuous(hidden=[8, 8])")).fixed
    model = graph_model("log_prob", log_prob_graph(flow, Target()), Target())
    nodes = [node.op_type for node in model.graph]
    assert nodes.count("Loop") == 1
    assert len(nodes) < 40
