"""Inverses: a transform run backwards is the transform with its two directions swapped."""

import numpy as np
from numpy.testing import assert_allclose

import flowspec
from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.elementwise.affine import Affine
from flowspec.transforms.elementwise.exp import Exp, Log
from flowspec.transforms.forms.inverse import Inverse

X = np.array([0.5, 1.0, 4.0])


def test_the_inverse_of_exp_is_log():
    y, log_det = Inverse(Exp()).forward_and_log_det(REFERENCE, X)
    expected, expected_log_det = Log().forward_and_log_det(REFERENCE, X)
    assert_allclose(y, expected)
    assert_allclose(log_det, expected_log_det)


def test_both_directions_are_swapped():
    step = Affine(1.0, 2.0)
    y, log_det = Inverse(step).forward_and_log_det(REFERENCE, X)
    assert_allclose(y, (X - 1) / 2)
    assert_allclose(log_det, -np.log(2))
    back, log_det = Inverse(step).inverse_and_log_det(REFERENCE, X)
    assert_allclose(back, 2 * X + 1)
    assert_allclose(log_det, -np.log(2))  # of the forward direction, as everywhere


def test_a_block_is_undone_from_its_end():
    written = flowspec.parse("Normal(0, 1) |> inverse { Affine(1, 2) |> Sinh }")
    assert [step.transform.title for step in written.steps] == [
        "the inverse of Sinh",
        "the inverse of Affine",
    ]
