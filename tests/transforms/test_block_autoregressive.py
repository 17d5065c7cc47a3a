"""Block neural autoregressive steps, against their definition with loops."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

import flowspec
from flowspec.model.binding import bind
from flowspec.model.model import Model
from flowspec.ops.numpy import REFERENCE, NumpyOps

Y = np.random.default_rng(0).normal(size=(3, 20)) * 2


def step_of(text="BlockAutoregressive(hidden=[4, 2])", seed=0):
    model = Model(flowspec.parse(f"Normal(0, 1)[3] |> {text}"), seed=seed)
    return bind(NumpyOps(), model.fixed).steps[0].transform


def by_hand(step, y):
    """One row: exp(weight) on the diagonal, 0 above it, and rows of the length exp(log_gain)."""
    units = y
    for number, layer in enumerate(step.network):
        found = np.zeros(layer.blocks * layer.outputs)
        for row in range(len(found)):
            block = row // layer.outputs
            direction = np.zeros(layer.blocks * layer.inputs)
            for column in range(len(direction)):
                weight = layer.weight[row, column]
                if column // layer.inputs == block:
                    direction[column] = np.exp(weight)
                elif column // layer.inputs < block:
                    direction[column] = weight
            direction *= np.exp(layer.log_gain[row]) / np.linalg.norm(direction)
            found[row] = direction @ units + layer.bias[row, 0]
        units = np.tanh(found) if number < len(step.network) - 1 else found
    return 0.5 * units + 0.5 * y


def test_is_the_definition():
    step = step_of()
    x, _ = step.inverse_and_log_det(REFERENCE, Y)
    assert_allclose(x, np.stack([by_hand(step, y) for y in Y.T], axis=1), rtol=1e-12)


def test_the_jacobian_is_triangular_and_its_diagonal_positive():
    step = step_of()
    tiny, y = 1e-6, Y[:, :1]
    columns = [
        (step.inverse_and_log_det(REFERENCE, y + tiny * np.eye(3)[:, [i]])[0] - y) / tiny
        for i in range(3)
    ]
    jacobian = (
        np.concatenate(columns, axis=1) - (step.inverse_and_log_det(REFERENCE, y)[0] - y) / tiny
    )
    assert_allclose(np.triu(jacobian, 1), 0, atol=1e-9)
    assert (np.diag(jacobian) > 0).all()
    assert_allclose(
        np.log(np.diag(jacobian)).sum(), -step.inverse_and_log_det(REFERENCE, y)[1][0], atol=1e-5
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_number_is_reached(seed):
    step = step_of("BlockAutoregressive(hidden=[8], gate=0.98)", seed)
    x = np.random.default_rng(seed).normal(size=(3, 50)) * np.logspace(-10, 6, 50)
    y, log_det = step.forward_and_log_det(REFERENCE, x)
    back, log_det_back = step.inverse_and_log_det(REFERENCE, y)
    assert_allclose(back, x, rtol=1e-9, atol=1e-9)
    assert_allclose(log_det, log_det_back, atol=1e-7)


def test_gradients_reach_every_weight_in_both_directions():
    module = flowspec.to_torch(
        flowspec.parse("context c: real\nNormal(0, 1)[3] |> BlockAutoregressive(hidden=[3])")
    ).double()
    context = torch.randn(5, 1, dtype=torch.float64)
    for loss in (
        lambda flow: flow.log_prob(torch.randn(5, 3).double()).sum(),
        lambda flow: flow.rsample().square().sum(),
    ):
        module.zero_grad()
        loss(module(context)).backward()
        for name, weight in module.named_parameters():
            assert torch.isfinite(weight.grad).all(), name
            assert (weight.grad != 0).any(), name


def test_gradients_of_samples_are_those_of_finite_differences():
    module = flowspec.to_torch(
        flowspec.parse("Normal(0, 1)[2] |> BlockAutoregressive(hidden=[3])")
    ).double()
    noise = torch.randn(4, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: module().transform(z), (noise,), atol=1e-6)


def test_a_context_shifts_the_first_layer():
    flow = flowspec.parse("context c: real\nNormal(0, 1)[2] |> BlockAutoregressive(hidden=[3])")
    model, x = Model(flow), np.array([[0.3, -0.2]])
    assert model.log_prob(x, context=[[0.0]]) != model.log_prob(x, context=[[1.0]])


def test_the_graph_does_not_grow_with_the_coordinates(tmp_path):
    """Sampling is one loop: the graphs of 4 and of 40 coordinates have the same nodes."""
    onnx = pytest.importorskip("onnx")
    counts = []
    for size in (4, 40):
        flowspec.compile(flowspec.parse(f"BNAF({size})"), tmp_path / str(size))
        counts.append(len(onnx.load(tmp_path / str(size) / "from_noise.onnx").graph.node))
    assert counts[0] == counts[1]
