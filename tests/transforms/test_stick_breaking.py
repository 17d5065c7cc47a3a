"""StickBreaking against torch; the simplex in the tails."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.distributions.transforms import StickBreakingTransform

from flowspec import FlowError, Model, parse
from flowspec.ops.numpy import REFERENCE, NumpyOps
from flowspec.transforms.joint.stick_breaking import StickBreaking

X = np.random.default_rng(0).normal(0, 2, (3, 50))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_equals_torch(agree, size):
    agree(StickBreaking(), StickBreakingTransform(), X[:size], rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shares_stay_positive_and_sum_to_one(dtype):
    y, log_det = StickBreaking().forward_and_log_det(NumpyOps(dtype), (X * 200).astype(dtype))
    assert (y > 0).all() and np.isfinite(log_det).all()
    assert_allclose(y.sum(0), 1, rtol=1e-5)


def test_small_shares_are_exact():
    y = np.array([[1e-200], [1e-100], [1 - 1e-100]])
    x, log_det = StickBreaking().inverse_and_log_det(REFERENCE, y)
    assert_allclose(x, [[math.log(1e-200) + math.log(2)], [math.log(1e-100)]])
    assert_allclose(log_det, [math.log(1e-200) + math.log(1e-100)])


def test_zero_is_the_centre():
    y, _ = StickBreaking().forward_and_log_det(REFERENCE, np.zeros((4, 1)))
    assert_allclose(y, 0.2)


def test_uniform_dirichlet():
    # Dirichlet(1, 1, 1) has the density 2; the stick's pieces are Beta(1, 2) and Beta(1, 1).
    text = (
        "Join(Beta(1, 2), Beta(1, 1)) |> Logit |> Shift([0.6931471805599453, 0]) |> StickBreaking"
    )
    y = np.array([[0.2, 0.3, 0.5], [0.01, 0.98, 0.01]])
    assert_allclose(Model(parse(text)).log_prob(y), math.log(2), rtol=1e-9)
    dirichlet = torch.distributions.Dirichlet(torch.ones(3, dtype=torch.float64))
    assert_allclose(dirichlet.log_prob(torch.tensor(y)).numpy(), math.log(2))


def test_support(support):
    assert support("Normal(0, 1)[3] |> StickBreaking") == "simplex(4)"
    assert support("Normal(0, 1)[3] |> StickBreaking |> inverse { StickBreaking }") == "real x 3"


def test_outside_of_the_simplex(density):
    rows = [[0.5, 0.6], [-0.1, 1.1], [0.0, 1.0], [0.5, 0.5]]
    assert np.isneginf(density("Normal(0, 1)[1] |> StickBreaking", rows)).tolist() == [
        True,
        True,
        True,
        False,
    ]


def test_refuses_a_simplex():
    with pytest.raises(FlowError, match="acts on single coordinates"):
        parse("Normal(0, 1)[2] |> StickBreaking |> StickBreaking")
