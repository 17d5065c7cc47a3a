"""Bernstein polynomials against zuko."""

import numpy as np
import pytest
import torch
import zuko

from flowspec.transforms.splines.bernstein import Bernstein, BoundedBernstein

RANDOM = np.random.default_rng(0)
KINDS = {
    Bernstein: zuko.transforms.BernsteinTransform,
    BoundedBernstein: zuko.transforms.BoundedBernsteinTransform,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("degree", [2, 16])
def test_equals_zuko(agree, kind, degree):
    theta = RANDOM.normal(size=degree + 1)
    x = RANDOM.uniform(-4.9, 4.9, size=50)
    agree(
        kind(degree, theta=theta[:, None]),
        KINDS[kind](torch.tensor(theta)),
        x,
        rtol=1e-6,
        atol=2e-5,
    )  # zuko looks for the inverse up to 1e-6


def test_bounded_one_is_the_identity_outside():
    from flowspec.ops.numpy import REFERENCE

    x = np.array([-7.0, -5.0, 5.0, 6.0, 1e20])
    y, log_slope = BoundedBernstein(theta=RANDOM.normal(size=(17, 1))).forward_and_log_slope(
        REFERENCE, x
    )
    np.testing.assert_allclose(y, x, rtol=1e-9)
    np.testing.assert_allclose(log_slope, 0, atol=1e-4)
