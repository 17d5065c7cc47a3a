"""Tanh and Atanh against torch, in the tails too."""

import numpy as np
from numpy.testing import assert_allclose
from torch.distributions import transforms

from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.elementwise.tanh import Atanh, Tanh


def test_tanh_equals_torch(agree):
    agree(Tanh(), transforms.TanhTransform(), np.array([-3.0, -1.0, 0.0, 0.5, 2.0]), rtol=1e-12)


def test_atanh_equals_torch(agree):
    agree(
        Atanh(),
        transforms.TanhTransform().inv,
        np.array([-0.9, -0.25, 0.0, 0.5, 0.875]),
        rtol=1e-12,
    )


def test_log_slope_of_far_points():
    x = np.array([-1e15, -400.0, 400.0])
    assert_allclose(Tanh().log_slope(REFERENCE, x), 2 * np.log(2) - 2 * np.abs(x))
    assert_allclose(Atanh().inverse_and_log_slope(REFERENCE, x)[1], 2 * np.abs(x) - 2 * np.log(2))


def test_support(support):
    assert support("Normal(0, 1) |> Tanh") == "(-1, 1)"
    assert support("Normal(0, 1) |> Tanh |> Atanh") == "real"
