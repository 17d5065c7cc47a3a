"""Rotate against zuko, PlaneRotation against known angles."""

import math

import numpy as np
import pytest
import torch
import zuko
from numpy.testing import assert_allclose

from flowspec import FlowError, parse
from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.linear.rotate import PlaneRotation, Rotate, rotation

X = np.random.default_rng(0).normal(size=(4, 20))
GENERATOR = np.random.default_rng(1).normal(size=(4, 4))


def test_rotate_equals_zuko(agree):
    agree(Rotate(GENERATOR), zuko.transforms.RotationTransform(torch.tensor(GENERATOR)), X)


@pytest.mark.parametrize("size", [1.0, 1e6])
def test_rotation_is_orthogonal(size):
    matrix = rotation(size * GENERATOR)
    assert_allclose(matrix @ matrix.T, np.eye(4), atol=1e-13)
    assert np.linalg.det(matrix) == pytest.approx(1)


def test_plane_rotation_by_a_quarter_turn():
    y, log_det = PlaneRotation(math.pi / 2, 0, 2).forward_and_log_det(REFERENCE, X)
    assert_allclose(y, np.stack([-X[2], X[1], X[0], X[3]]), atol=1e-15)
    assert log_det == 0


def test_plane_rotations_there_and_back():
    y, _ = PlaneRotation(0.7, 3, 1).forward_and_log_det(REFERENCE, X)
    assert_allclose(PlaneRotation(0.7, 3, 1).inverse_and_log_det(REFERENCE, y)[0], X, atol=1e-15)
    assert_allclose(PlaneRotation(0.7, 1, 3).forward_and_log_det(REFERENCE, y)[0], X, atol=1e-15)


@pytest.mark.parametrize(
    "text, words",
    [
        ("Normal(0, 1)[2] |> PlaneRotation(1, 0, 2)", "no coordinate 2"),
        ("Normal(0, 1)[2] |> PlaneRotation(1, 1, 1)", "twice"),
        ("Normal(0, 1)[2] |> Rotate([[0, 1e7], [0, 0]])", "cannot be"),
        ("Normal(0, 1)[2] |> Rotate(learn([[0, 1], [0, 0]]))", "cannot be trained"),
        ("Normal(0, 1) |> PlaneRotation(1)", "acts on a vector"),
    ],
)
def test_refuses(text, words):
    with pytest.raises(FlowError, match=words):
        parse(text)
