"""Layers and activations against torch."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

torch = pytest.importorskip("torch")

from flowspec.networks.activations import ACTIVATIONS
from flowspec.networks.layers import dense, normalized
from flowspec.ops.numpy import REFERENCE

TORCH = {
    "relu": torch.nn.ReLU(), "elu": torch.nn.ELU(), "silu": torch.nn.SiLU(),
    "tanh": torch.nn.Tanh(),
    "gelu": torch.nn.GELU(),
    "softplus": torch.nn.Softplus(), "sigmoid": torch.nn.Sigmoid(),
    "leaky_relu": torch.nn.LeakyReLU(),
    "identity": torch.nn.Identity(),
}  # fmt: skip
X = np.array([-30.0, -3, -0.5, -1e-9, 1e-9, 0.5, 3, 30])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_and_slope_are_those_of_torch(name):
    x = torch.tensor(X, requires_grad=True)
    y = TORCH[name](x)
    slope = torch.autograd.grad(y.sum(), x)[0]
    assert_allclose(
        ACTIVATIONS[name].value(REFERENCE, X), y.detach().numpy(), rtol=1e-8, atol=1e-12
    )
    assert_allclose(ACTIVATIONS[name].slope(REFERENCE, X), slope.numpy(), rtol=1e-8, atol=1e-12)


def test_normalisation_is_that_of_zuko():
    zuko = pytest.importorskip("zuko")
    x = np.random.default_rng(0).normal(size=(6, 4))
    expected = zuko.nn.LayerNorm()(torch.tensor(x.T)).numpy().T
    assert_allclose(normalized(REFERENCE, x), expected, rtol=1e-12)


def test_starts_depend_on_seed_and_path_alone():
    weight = dense(4, 3).weight
    start = weight.start("steps.0.network.0.weight")
    assert start.shape == (3, 4)
    assert np.abs(start).max() <= 0.5
    assert (start == weight.start("steps.0.network.0.weight")).all()
    assert (start != weight.start("steps.1.network.0.weight")).any()
    assert (start != weight.start("steps.0.network.0.weight", seed=1)).any()
