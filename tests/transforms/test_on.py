"""Transforms of some coordinates: the others pass unchanged."""

import numpy as np
from numpy.testing import assert_allclose

from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.elementwise.exp import Exp
from flowspec.transforms.forms.on import On
from flowspec.transforms.joint.stick_breaking import StickBreaking

X = np.array([[0.5, -1.0], [0.1, 0.2], [2.0, 3.0]])


def test_only_the_named_coordinates_change():
    y, log_det = On((2, 0), Exp()).forward_and_log_det(REFERENCE, X)
    assert_allclose(y, [np.exp(X[0]), X[1], np.exp(X[2])])
    assert_allclose(log_det, X[0] + X[2])


def test_a_transform_that_gains_a_coordinate_moves_those_behind_it():
    step = On((0, 1), StickBreaking())
    y, _ = step.forward_and_log_det(REFERENCE, X)
    assert y.shape == (4, 2)
    assert_allclose(y[:3].sum(axis=0), 1)
    assert_allclose(y[3], X[2])
    assert step.output_coordinates == (0, 1, 2)
    back, _ = step.inverse_and_log_det(REFERENCE, y)
    assert_allclose(back, X)
