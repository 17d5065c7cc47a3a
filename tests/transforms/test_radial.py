"""Radial, against the formula."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from flowspec.ops.numpy import REFERENCE, NumpyOps
from flowspec.transforms.learned.radial import Radial

X = np.random.default_rng(0).normal(size=(3, 20)) * 3
CENTRE = np.array([[1.0], [-1.0], [0.5]])


@pytest.mark.parametrize(("radius", "scale"), [(0.7, 3.0), (2.0, 0.1)])
def test_is_the_formula_of_its_source(radius, scale):
    step = Radial(CENTRE, radius, scale)
    y, log_det = step.forward_and_log_det(REFERENCE, X)
    alpha, beta = radius, (scale - 1) * radius
    r = np.linalg.norm(X - CENTRE, axis=0)
    h = 1 / (alpha + r)
    assert_allclose(y, X + beta * h * (X - CENTRE), atol=1e-13)
    assert_allclose(
        log_det, 2 * np.log(1 + beta * h) + np.log(1 + beta * h - beta * r * h**2), atol=1e-12
    )
    x, back = step.inverse_and_log_det(REFERENCE, y)
    assert_allclose(x, X, atol=1e-12)
    assert_allclose(back, log_det, atol=1e-11)


def test_the_centre_stays():
    y, log_det = Radial(CENTRE, 0.5, 3.0).forward_and_log_det(REFERENCE, CENTRE)
    assert_allclose(y, CENTRE)
    assert_allclose(log_det, 3 * np.log(3))


def test_far_points_stay_finite():
    x = np.array([[1e30], [-1e30], [1e30]], np.float32)
    for direction in (
        Radial(CENTRE, 1.0, 2.0).forward_and_log_det,
        Radial(CENTRE, 1.0, 2.0).inverse_and_log_det,
    ):
        assert all(np.isfinite(each).all() for each in direction(NumpyOps("float32"), x))
