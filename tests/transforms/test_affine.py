"""Affine, Shift and Scale against torch; what trained parameters can make of a support."""

import math

import numpy as np
import pytest
from torch.distributions import transforms

from flowspec.support.support import REAL, Interval
from flowspec.transforms.elementwise.affine import Affine, Scale, Shift, plus, reciprocal, times

X = np.array([-1e15, -2.0, 0.0, 0.5, 3.0])


@pytest.mark.parametrize(
    "part, other",
    [
        (Affine(0.5, -2.0), transforms.AffineTransform(0.5, -2.0)),
        (Shift(0.5), transforms.AffineTransform(0.5, 1.0)),
        (Scale(-2.0), transforms.AffineTransform(0.0, -2.0)),
    ],
    ids=["Affine", "Shift", "Scale"],
)
def test_equals_torch(agree, part, other):
    agree(part, other, X)


def test_log_det_of_vectors(density):
    # log N(0) = -1/2 log 2 pi for each coordinate, less log 2 + log 4.
    expected = -math.log(2 * math.pi) - math.log(8)
    assert density("Normal([0, 0], 1) |> Affine([1, 2], [2, -4])", [[1.0, 2.0]]) == pytest.approx(
        [expected]
    )


def test_a_number_for_each_row_counts_once_for_each_coordinate(density):
    text = "context z: positive  Normal(0, 1)[3] |> Affine(0, z)"
    together = density(text, np.zeros((4, 3)), context=[[1], [2], [3], [4]])
    assert together[0] - together == pytest.approx(3 * np.log([1, 2, 3, 4]))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Normal(0, 1) |> Exp |> Scale(learn(1))", "positive"),
        ("Normal(0, 1) |> Exp |> Scale(learn(-1))", "negative"),
        ("Normal(0, 1) |> Exp |> Shift(learn(0))", "real"),
        ("Normal(0, 1) |> Exp |> Shift(learn(1, low=0))", "positive"),
        ("Uniform(0, 1) |> Affine(learn(0), 2)", "real"),
        ("Uniform(0, 1) |> Affine(1, -2)", "[-1, 1]"),
    ],
)
def test_support(support, text, expected):
    assert support(text) == expected


def test_interval_arithmetic():
    assert plus(Interval(0, 1, True), Interval(2, 3, True, True)) == Interval(2, 4, True, False)
    assert times(Interval(-1, 2, True, True), Interval(0, math.inf)) == REAL
    assert times(Interval(2, 3, True, True), Interval(-1, 1, True, True)) == Interval(
        -3, 3, True, True
    )
    assert reciprocal(Interval(0, 4, False, True)) == Interval(0.25, math.inf, True)
