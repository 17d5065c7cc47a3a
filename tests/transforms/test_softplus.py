"""Softplus and its inverse against torch, in the tails too."""

import numpy as np
from numpy.testing import assert_allclose
from torch.distributions import transforms

from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.elementwise.softplus import InverseSoftplus, Softplus


def test_softplus_equals_torch(agree):
    agree(
        Softplus(),
        transforms.SoftplusTransform(),
        np.array([-30.0, -1.0, 0.0, 2.0, 15.0]),
        rtol=1e-12,
    )


def test_inverse_equals_torch(agree):
    agree(
        InverseSoftplus(),
        transforms.SoftplusTransform().inv,
        np.array([1e-12, 0.25, 1.0, 15.0]),
        rtol=1e-12,
    )


def test_far_points():
    x = np.array([-700.0, 1e15])
    assert_allclose(Softplus().forward(REFERENCE, x), [np.exp(-700), 1e15])
    assert_allclose(Softplus().log_slope(REFERENCE, x), [-700, 0])
    assert_allclose(Softplus().inverse(REFERENCE, np.array([1e-300, 1e15])), [np.log(1e-300), 1e15])


def test_inverse_has_a_slope_where_its_value_underflows():
    x, log_slope = InverseSoftplus().inverse_and_log_slope(REFERENCE, np.array([-1e15]))
    assert (x, log_slope) == ([0.0], [1e15])


def test_support(support):
    assert support("Normal(0, 1) |> Softplus") == "positive"
    assert support("Exponential(1) |> InverseSoftplus") == "real"
