"""Gradients of trained parameters of every base, against differences of the float64 reference."""

import numpy as np
import pytest
import torch

import flowspec
from flowspec.ir.registry import bases
from flowspec.model import density
from flowspec.model.binding import bind
from flowspec.model.model import Model
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise
from flowspec.ops.torch import TorchOps

EXAMPLES = [example for kind in bases().values() for example in kind.examples]
TRAINED = [example for example in EXAMPLES if flowspec.parse(example).learned()]
STEP = 1e-6


def case(text):
    """The flow, 40 draws (the batch last), their noise, and the trained parameters as tensors."""
    flow = flowspec.parse(text)
    rows = np.asarray(noise(NumpyOps(), np.int64(3), np.arange(40), flow.noise))
    x = Model(flow).from_noise(rows.T)[0]
    trained = {
        path: torch.tensor(value, requires_grad=True)
        for path, value in Model(flow).complete_weights.items()
    }
    return flow, x, rows, trained


def shifted(flow, path, by):
    """What is learned, with each entry of one parameter moved."""
    value = Model(flow).complete_weights
    return {**value, path: value[path] + by}


@pytest.mark.parametrize("text", EXAMPLES)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
def test_torch_agrees_with_the_reference(text, dtype):
    flow, x, rows, trained = case(text)
    kind, digits = (np.float64, 1e-11) if dtype == torch.float64 else (np.float32, 1e-4)
    ops = TorchOps(dtype)
    bound = bind(ops, flow, {path: value.detach().to(dtype) for path, value in trained.items()})
    found = density.log_prob(ops, bound, torch.tensor(x.astype(kind).T)).numpy()
    reference = Model(flow).log_prob(x.astype(kind), dtype=kind)
    np.testing.assert_allclose(np.broadcast_to(found, 40), reference, rtol=digits, atol=digits)
    drawn, _ = density.sample(ops, bound, torch.tensor(rows.astype(kind)))
    expected, _ = Model(flow).from_noise(rows.astype(kind).T, dtype=kind)
    np.testing.assert_allclose(drawn.numpy().T, expected, rtol=10 * digits, atol=digits)


@pytest.mark.parametrize("text", TRAINED)
def test_density_has_the_right_gradient(text):
    flow, x, _, trained = case(text)
    ops = TorchOps(torch.float64)
    found = density.log_prob(ops, bind(ops, flow, trained), torch.tensor(x.T))
    total = torch.broadcast_to(found, (40,)).sum()
    gradients = torch.autograd.grad(total, list(trained.values()), allow_unused=True)
    for path, gradient in zip(trained, gradients, strict=True):
        up, down = (Model(flow, shifted(flow, path, by)).log_prob(x).sum() for by in (STEP, -STEP))
        assert gradient.sum().item() == pytest.approx(
            (up - down) / (2 * STEP), rel=2e-5, abs=1e-5
        ), path


@pytest.mark.parametrize(
    "text", [text for text in TRAINED if not text.startswith(("Mixture", "VonMises", "Join"))]
)
def test_draws_carry_gradients(text):
    flow, _, rows, trained = case(text)
    ops = TorchOps(torch.float64)
    x, _ = density.sample(ops, bind(ops, flow, trained), torch.tensor(rows))
    for path, gradient in zip(
        trained, torch.autograd.grad(x.sum(), list(trained.values())), strict=True
    ):
        assert torch.isfinite(gradient).all(), path
        assert gradient.abs().max() > 0, path
