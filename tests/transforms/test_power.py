"""Power against torch, SignedPower against zuko; what trained exponents can make of a support."""

import math

import numpy as np
import pytest
import torch
import zuko
from numpy.testing import assert_allclose
from torch.distributions.transforms import PowerTransform

from flowspec.ops.numpy import REFERENCE
from flowspec.ops.torch import TorchOps
from flowspec.transforms.elementwise.power import Power, SignedPower

EXPONENTS = pytest.mark.parametrize("exponent", [0.5, 1.0, 3.0])


@pytest.mark.parametrize("exponent", [-2.0, -0.5, 0.5, 1.0, 3.0])
def test_power_equals_torch(agree, exponent):
    agree(
        Power(exponent),
        PowerTransform(torch.tensor(exponent, dtype=torch.float64)),
        np.array([1e-20, 0.5, 1.0, 7.0, 1e20]),
    )


@EXPONENTS
def test_signed_power_equals_zuko(agree, exponent):
    alpha = torch.tensor(math.log(exponent), dtype=torch.float64)
    x = np.array([-3.0, -1.0, -0.25, 0.5, 2.0])
    agree(SignedPower(exponent), zuko.transforms.SignedPowerTransform(alpha), x)


def test_slope_at_the_inverse_of_what_overflows():
    with np.errstate(over="ignore"):
        log_slope = Power(-0.5).inverse_and_log_slope(REFERENCE, np.array([1e-300]))[1]
    assert_allclose(log_slope, math.log(0.5) + 3 * math.log(1e-300))


@EXPONENTS
def test_gradients_at_zero_are_finite(exponent):
    x = torch.tensor([-1.0, 0.0, 1e-30], dtype=torch.float64, requires_grad=True)
    for y, log_slope in (SignedPower(exponent).forward_and_log_slope(TorchOps(torch.float64), x),):
        (gradient,) = torch.autograd.grad((y + log_slope).sum(), x)
        assert torch.isfinite(log_slope).all() and torch.isfinite(gradient).all()


def test_kumaraswamy(density):
    # Kumaraswamy(a, b): y = (1 - (1 - u)^(1/b))^(1/a); density a b y^(a-1) (1 - y^a)^(b-1).
    a, b, y = 2.0, 3.0, np.array([0.1, 0.5, 0.9])
    text = f"Uniform(0, 1) |> Power(1/{b}) |> Affine(1, -1) |> Power(1/{a})"
    assert_allclose(density(text, y), np.log(a * b * y ** (a - 1) * (1 - y**a) ** (b - 1)))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Uniform(0, 1) |> Power(2)", "(0, 1]"),
        ("Uniform(0.5, 2) |> Power(-1)", "[0.5, 2]"),
        ("Uniform(0, 1) |> Power(learn(2))", "(0, 1]"),
        ("Uniform(0, 1) |> Power(learn(-1))", "[1, inf)"),
        ("Uniform(0.5, 2) |> Power(learn(2, low=1, high=3))", "[0.125, 8]"),
        ("Uniform(-0.5, 3) |> SignedPower(learn(2))", "[-1, inf)"),
        ("Exponential(1) |> SignedPower(learn(2))", "[0, inf)"),
        ("Uniform(0.25, 1) |> inverse { Power(learn(2)) }", "[0, 1]"),
    ],
)
def test_support(support, text, expected):
    assert support(text) in (expected, expected.replace("[0, inf)", "nonnegative"))
