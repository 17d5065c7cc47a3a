"""Householder: reflection at the plane across a vector."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from flowspec import FlowError, parse
from flowspec.ops.numpy import REFERENCE, NumpyOps
from flowspec.transforms.linear.householder import Householder

X = np.random.default_rng(0).normal(size=(3, 20))
V = np.array([[1.0], [2.0], [-1.0]])


def test_equals_the_matrix():
    matrix = np.eye(3) - 2 * V @ V.T / (V.T @ V)
    y, log_det = Householder(V).forward_and_log_det(REFERENCE, X)
    assert_allclose(y, matrix @ X, atol=1e-15)
    assert log_det == 0
    assert_allclose(Householder(V).inverse_and_log_det(REFERENCE, y)[0], X, atol=1e-15)


def test_one_number_serves_every_coordinate():
    expected, _ = Householder(np.ones((3, 1))).forward_and_log_det(REFERENCE, X)
    assert_allclose(Householder(-0.3).forward_and_log_det(REFERENCE, X)[0], expected, atol=1e-15)


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_length_does_not_matter(size):
    x = X.astype(np.float32)
    expected, _ = Householder(V).forward_and_log_det(REFERENCE, X)
    found, _ = Householder((V * size / 2).astype(np.float32)).forward_and_log_det(
        NumpyOps(np.float32), x
    )
    assert_allclose(found, expected, atol=1e-6)


def test_refuses_what_float32_cannot_hold():
    with pytest.raises(FlowError, match="greater than"):
        parse("Normal(0, 1)[2] |> Householder([1e200, 1])")


@pytest.mark.parametrize("direction", ["0", "[0, 0]", "learn(0)"])
def test_refuses_the_zero_vector(direction):
    with pytest.raises(FlowError, match="zero vector"):
        parse(f"Normal(0, 1)[2] |> Householder({direction})")
