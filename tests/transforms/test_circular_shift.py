"""CircularShift against zuko, and at the seam."""

import math

import numpy as np
import pytest
import zuko
from numpy.testing import assert_allclose

from flowspec import FlowError, parse
from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.elementwise.circular_shift import CircularShift


def test_half_a_turn_equals_zuko(agree):
    agree(
        CircularShift(2.0, -2.0, 2.0),
        zuko.transforms.CircularShiftTransform(2.0),
        np.linspace(-1.9, 1.9, 20),
    )


def test_wraps_at_the_seam():
    part = CircularShift(0.75, 0.0, 1.0)
    x = np.array([0.0, 0.125, 0.25, 0.5, 0.875])
    y = part.forward(REFERENCE, x)
    assert_allclose(y, [0.75, 0.875, 0.0, 0.25, 0.625])
    assert_allclose(part.inverse(REFERENCE, y), x)


def test_many_turns_are_none():
    x = np.linspace(-3, 3, 7)
    assert_allclose(CircularShift(20 * math.pi).forward(REFERENCE, x), x, atol=1e-14)


def test_density_is_turned(density):
    angles = np.array([-3.0, 0.0, 1.0, 3.0])
    turned = (angles + 2 - 0.5 + math.pi) % (2 * math.pi) - math.pi
    plain = density("VonMises(0.5, 2)", turned)
    assert_allclose(
        density("VonMises(0.5, 2) |> CircularShift(0.5) |> CircularShift(-2)", angles), plain
    )


@pytest.mark.parametrize(
    "text, words",
    [
        ("Uniform(-pi, pi) |> CircularShift(1)", "cannot take"),
        ("CircularUniform(0, 1) |> CircularShift(1)", "cannot take"),
        ("CircularUniform |> CircularShift(1, 2, 1)", "less than"),
    ],
)
def test_refuses(text, words):
    with pytest.raises(FlowError, match=words):
        parse(text)
