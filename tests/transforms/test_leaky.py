"""LeakyReLU, ELU and LeakyTanh: known values, their corners, and supports."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from flowspec import FlowError, parse
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.torch import TorchOps
from flowspec.transforms.elementwise.leaky import ELU, LeakyReLU, LeakyTanh

X = np.array([-1e15, -30.0, -1.0, -1e-9, 0.0, 1e-9, 2.0, 1e15])
OPS = TorchOps(torch.float64)


def test_leaky_relu_equals_torch():
    expected = torch.nn.functional.leaky_relu(torch.tensor(X), 0.2).numpy()
    assert_allclose(LeakyReLU(0.2).forward(REFERENCE, X), expected)
    assert_allclose(LeakyReLU(0.2).inverse(REFERENCE, expected), X)
    assert_allclose(LeakyReLU(0.2).log_slope(REFERENCE, X), [math.log(0.2)] * 4 + [0] * 4)


def test_elu_equals_torch():
    expected = torch.nn.functional.elu(torch.tensor(X), 1.5).numpy()
    assert_allclose(ELU(1.5).forward(REFERENCE, X), expected)
    assert_allclose(ELU(1.5).inverse(REFERENCE, expected[1:]), X[1:], rtol=1e-2)
    assert_allclose(ELU(1.5).log_slope(REFERENCE, X), np.where(X < 0, math.log(1.5) + X, 0))


def test_leaky_tanh_is_tanh_inside_and_its_tangent_outside():
    part, inside = LeakyTanh(2.0), np.linspace(-2, 2, 9)
    slope = 1 - math.tanh(2) ** 2
    assert_allclose(part.forward(REFERENCE, inside), np.tanh(inside))
    assert_allclose(
        part.forward(REFERENCE, np.array([5.0, -5.0])),
        [math.tanh(2) + 3 * slope, -math.tanh(2) - 3 * slope],
    )
    assert_allclose(part.log_slope(REFERENCE, np.array([2.0, -1e15])), math.log(slope))


@pytest.mark.parametrize("bound", [1e-3, 3.0, 8.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_leaky_tanh_can_be_inverted_everywhere(bound, dtype):
    from flowspec.ops.numpy import NumpyOps

    y = np.array([-1e15, -1.1, -1.0, 0.0, 0.999, 1.0, 50.0], dtype)
    x, log_slope = LeakyTanh(bound).inverse_and_log_slope(NumpyOps(dtype), y)
    assert np.isfinite(x).all() and np.isfinite(log_slope).all() and (np.diff(x) > 0).all()


@pytest.mark.parametrize(
    "part", [LeakyReLU(0.2), ELU(1.5), LeakyTanh(2.0)], ids=["LeakyReLU", "ELU", "LeakyTanh"]
)
@pytest.mark.parametrize("direction", ["forward_and_log_slope", "inverse_and_log_slope"])
def test_gradients_are_finite_at_the_corners(part, direction):
    x = torch.tensor(
        [-math.tanh(2), -1e-3, 0.0, math.tanh(2)], dtype=torch.float64, requires_grad=True
    )
    y, log_slope = getattr(part, direction)(OPS, x)
    (gradient,) = torch.autograd.grad((y + log_slope).sum(), x)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Normal(0, 1) |> ELU(2)", "(-2, inf)"),
        ("Normal(0, 1) |> ELU(learn(1))", "real"),
        ("Normal(0, 1) |> ELU(learn(1, high=2))", "(-2, inf)"),
        ("Normal(0, 1) |> Exp |> ELU(learn(1))", "positive"),
        ("Normal(0, 1) |> Exp |> LeakyReLU(learn(1))", "positive"),
        ("Uniform(-1, 1) |> LeakyReLU(learn(1))", "(-inf, 1]"),
        ("Uniform(-1, 1) |> LeakyReLU(learn(1, high=2))", "(-2, 1]"),
        ("Uniform(-2, -1) |> LeakyReLU(learn(1, low=0.5, high=2))", "(-4, -0.5)"),
        ("Uniform(0, 1) |> inverse { ELU(learn(1)) }", "[0, 1]"),
    ],
)
def test_support(support, text, expected):
    assert support(text) == expected


def test_inverse_of_a_trained_elu_takes_what_every_alpha_gives():
    with pytest.raises(FlowError, match="cannot take"):
        parse("Uniform(-0.5, 1) |> inverse { ELU(learn(1)) }")
    assert parse("Uniform(-0.4, 1) |> inverse { ELU(learn(1, low=0.5)) }").space.size == 1
