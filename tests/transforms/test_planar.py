"""Planar, against the formula and a search by scipy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize

from flowspec.ops.numpy import REFERENCE, NumpyOps
from flowspec.transforms.learned.planar import Planar, ridge

X = np.random.default_rng(0).normal(size=(3, 20)) * 3
U, W, B = np.array([[1.0], [-0.5], [2.0]]), np.array([[0.3], [0.4], [1.0]]), 0.5


def test_is_the_formula_where_the_product_is_positive():
    y, _ = Planar(U, W, B).forward_and_log_det(REFERENCE, X)
    assert_allclose(y, X + U * np.tanh((W * X).sum(axis=0) + B), atol=1e-13)


@pytest.mark.parametrize("sign", [1, -1, -30])
def test_can_always_be_inverted(sign):
    step = Planar(sign * U, W, B)
    y, log_det = step.forward_and_log_det(REFERENCE, X)
    assert np.isfinite(log_det).all()
    x, back = step.inverse_and_log_det(REFERENCE, y)
    assert_allclose(x, X, rtol=1e-7, atol=1e-7)
    assert_allclose(back, log_det, rtol=1e-5, atol=1e-7)


def test_moves_along_u_and_w_alone():
    y, _ = Planar(-U, W, B).forward_and_log_det(REFERENCE, X)
    assert np.linalg.matrix_rank(np.concatenate([y - X, U, W], axis=1), tol=1e-9) == 2


@pytest.mark.parametrize("level", [-7.0, -0.3, 0.0, 12.0])
@pytest.mark.parametrize(("height", "slope"), [(3.0, 1.0), (-0.9, 1.0), (0.5, -1.9), (-0.7, 0.99)])
def test_ridge_is_the_root_that_scipy_finds(level, height, slope):
    root = optimize.brentq(
        lambda z: z + height * np.tanh(slope * z + 0.2) - level, -30, 30, xtol=1e-14
    )
    found = ridge(REFERENCE, np.array([level]), height, slope, 0.2)
    assert_allclose(found, np.tanh(slope * root + 0.2), atol=1e-12)


def test_far_points_stay_finite():
    x = np.array([[1e30], [-1e30], [1e30]], np.float32)
    for direction in (Planar(U, W, B).forward_and_log_det, Planar(U, W, B).inverse_and_log_det):
        assert all(np.isfinite(each).all() for each in direction(NumpyOps("float32"), x))
