"""Sinh, Arcsinh and SinhArcsinh against known values and scipy."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.elementwise.hyperbolic import Arcsinh, Sinh, SinhArcsinh, log_cosh

X = np.array([-3.0, -1e-8, 0.0, 0.5, 20.0])


def test_sinh_and_its_inverse():
    assert_allclose(Sinh().forward(REFERENCE, X), np.sinh(X))
    assert_allclose(Sinh().log_slope(REFERENCE, X), np.log(np.cosh(X)), atol=1e-15)
    assert_allclose(Arcsinh().forward(REFERENCE, X), np.arcsinh(X))
    assert_allclose(Arcsinh().log_slope(REFERENCE, X), -0.5 * np.log1p(X**2), atol=1e-15)


def test_slopes_of_a_pair_cancel():
    x, log_slope = Arcsinh().inverse_and_log_slope(REFERENCE, X)
    assert_allclose(x, np.sinh(X))
    assert_allclose(log_slope, -np.log(np.cosh(X)), atol=1e-15)


@pytest.mark.parametrize("x", [1e3, -1e15])
def test_log_cosh_does_not_overflow(x):
    assert log_cosh(REFERENCE, np.array([x])) == [abs(x) - math.log(2)]


def test_sinh_arcsinh_at_known_points():
    # Jones and Pewsey's median: where arsinh(x) = -skewness.
    # With skewness 0 and tailweight 2: 2 x sqrt(1 + x^2).
    assert_allclose(SinhArcsinh(0.7, 1.3).forward(REFERENCE, np.sinh([-0.7])), [0], atol=1e-15)
    assert_allclose(
        SinhArcsinh(0.0, 2.0).forward(REFERENCE, X), 2 * X * np.sqrt(1 + X**2), rtol=1e-13
    )


def test_sinh_arcsinh_without_parameters_is_the_identity():
    y, log_slope = SinhArcsinh().forward_and_log_slope(REFERENCE, X)
    assert_allclose(y, X, rtol=1e-14)
    assert_allclose(log_slope, 0, atol=1e-14)


def test_density_of_sinh_arcsinh(density):
    # Eq. 2 of the paper: f(y) = d cosh(w) phi(sinh w) / sqrt(1 + y^2), w = arsinh(y) / t - s,
    # d = 1 / t.
    skewness, tailweight, y = 0.3, 1.2, np.array([-2.0, 0.1, 5.0])
    w = np.arcsinh(y) / tailweight - skewness
    expected = (
        np.cosh(w) * np.exp(-(np.sinh(w) ** 2) / 2) / np.sqrt(2 * np.pi * (1 + y**2)) / tailweight
    )
    assert_allclose(
        density(f"Normal(0, 1) |> SinhArcsinh({skewness}, {tailweight})", y), np.log(expected)
    )
