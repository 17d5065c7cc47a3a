"""SumOfSquares against zuko's quadrature."""

import numpy as np
import torch
import zuko

from flowspec.transforms.splines.sum_of_squares import SumOfSquares

RANDOM = np.random.default_rng(0)


def test_equals_zuko(agree):
    a, shift = RANDOM.normal(size=(3, 5)), 0.4
    oracle = zuko.flows.polynomial.ShiftedSOSPTransform(
        torch.tensor(a), torch.tensor(shift, dtype=torch.float64)
    )
    agree(
        SumOfSquares(a=a[..., None], shift=shift),
        oracle,
        RANDOM.normal(size=50) * 4,
        rtol=1e-6,
        atol=2e-5,
    )  # zuko looks for the inverse up to 1e-6


def test_is_linear_far_out():
    from flowspec.ops.numpy import NumpyOps

    x = np.array([-1e30, 1e30, 1e5], np.float32)
    y, log_slope = SumOfSquares(a=0.5, shift=0.0).forward_and_log_slope(NumpyOps("float32"), x)
    assert np.isfinite(y).all()
    assert np.isfinite(log_slope).all()
