"""Ordered: known values, and order kept against rounding."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from flowspec import FlowError, Model, parse
from flowspec.ops.numpy import REFERENCE, NumpyOps
from flowspec.transforms.joint.ordered import Ordered


def test_known_values():
    x = np.array([[1.0], [0.0], [math.log(2)]])
    y, log_det = Ordered().forward_and_log_det(REFERENCE, x)
    assert_allclose(y, [[1], [2], [4]])
    assert_allclose(log_det, [math.log(2)])
    assert_allclose(Ordered().inverse_and_log_det(REFERENCE, y)[0], x, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_order_survives_rounding(dtype):
    x = np.random.default_rng(0).normal(0, 20, (6, 1000)).astype(dtype)
    y, _ = Ordered().forward_and_log_det(NumpyOps(dtype), x)
    assert (np.diff(y, axis=0) > 0).all()


def test_steps_that_can_be_kept_are_exact():
    x = np.array([[0.0], [math.log(1e-20)], [math.log(1e5)]])
    y, _ = Ordered().forward_and_log_det(REFERENCE, x)
    assert_allclose(y, [[0], [1e-20], [1e5]], rtol=1e-13)


def test_density_of_order_statistics():
    model = Model(parse("Normal(0, 1)[3] |> Ordered"))
    found = model.log_prob([[0.0, 1.0, 2.0], [0.0, 1.0, 1.0], [2.0, 1.0, 3.0]])
    assert_allclose(found, [-1.5 * math.log(2 * math.pi), -math.inf, -math.inf])


def test_refuses_a_single_coordinate():
    with pytest.raises(FlowError, match="2 or more coordinates"):
        parse("Normal(0, 1)[1] |> Ordered")
