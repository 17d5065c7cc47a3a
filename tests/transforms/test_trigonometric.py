"""Sin and Cos against zuko, and next to the ends of their stretches."""

import math

import numpy as np
import pytest
import zuko
from numpy.testing import assert_allclose
from torch.distributions.transforms import AffineTransform, ComposeTransform

from flowspec import FlowError, parse
from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.elementwise.trigonometric import Cos, Sin


def test_sin_equals_zuko(agree):
    agree(Sin(), zuko.transforms.SinTransform(), np.linspace(-1.4, 1.4, 9))


def test_cos_equals_zuko(agree):
    mirrored = ComposeTransform([zuko.transforms.CosTransform(), AffineTransform(0, -1)])
    agree(Cos(), mirrored, np.linspace(0.1, 3, 9))


@pytest.mark.parametrize("part", [Sin(), Cos()], ids=["Sin", "Cos"])
def test_log_slope_next_to_the_ends(part):
    # sqrt(1 - y^2) from y itself: 2^-52 below 1 it is sqrt(2^-51 (1 - 2^-53)).
    y = np.array([1 - 2**-52, -1 + 2**-52])
    assert_allclose(part.inverse_and_log_slope(REFERENCE, y)[1], 0.5 * math.log(2**-51), rtol=1e-15)


def test_arcsine_law(density):
    # cos of a uniform angle: density 1 / (pi sqrt(1 - y^2)).
    y = np.array([-0.999, 0.0, 0.5])
    assert_allclose(density("Uniform(0, pi) |> Cos", y), -np.log(math.pi * np.sqrt(1 - y**2)))


def test_support(support):
    assert support("Uniform(-pi/2, pi/2) |> Sin") == "(-1, 1)"
    assert support("Uniform(0, pi/3) |> Cos") in ("[0.5, 1)", "[0.5000000000000001, 1)")


@pytest.mark.parametrize("text", ["Uniform(-2, 2) |> Sin", "Uniform(-1, 1) |> Cos"])
def test_refuses_what_is_not_monotone(text):
    with pytest.raises(FlowError, match="cannot take"):
        parse(text)
