"""Linear, quadratic and cubic splines: knots, continuity, and scipy's interpolants."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import interpolate

from flowspec import Model, parse
from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.splines.polynomial_spline import CubicSpline, LinearSpline, QuadraticSpline

RANDOM = np.random.default_rng(0)
BINS, BOUND = 6, 3.0
KINDS = [LinearSpline, QuadraticSpline, CubicSpline]


def made(kind, scale=1.0):
    free = {"heights": BINS, "widths": BINS, "slopes": BINS - 1}
    values = {
        name: RANDOM.normal(0, scale, (count, 1))
        for name, count in free.items()
        if hasattr(kind, name)
    }
    return kind(bins=BINS, bound=BOUND, **values)


def knots(step):
    """Positions and values of the knots."""
    widths, rises, _ = step.pieces(REFERENCE, np.zeros(1))
    return tuple(
        np.append(0, np.cumsum(each[:, 0])) - BOUND
        for each in (np.broadcast_to(widths, rises.shape), rises)
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_joins_the_corners_of_the_box_and_increases(kind, scale):
    step = made(kind, scale)
    x, y = knots(step)
    assert_allclose([x[-1], y[-1]], BOUND)
    grid = np.linspace(-1.2 * BOUND, 1.2 * BOUND, 4001)
    found = step.forward(REFERENCE, grid)
    assert (np.diff(found) > 0).all()
    assert_allclose(step.forward(REFERENCE, x[1:-1]), y[1:-1], atol=1e-12)
    assert_allclose(step.inverse(REFERENCE, found), grid, atol=1e-8)


@pytest.mark.parametrize("kind", [QuadraticSpline, CubicSpline])
def test_slope_is_continuous(kind):
    step = made(kind)
    x, _ = knots(step)
    left, right = (step.log_slope(REFERENCE, x + side) for side in (-1e-9, 1e-9))
    inner = slice(None) if kind is QuadraticSpline else slice(1, -1)
    assert_allclose(left[inner], right[inner], atol=1e-6)


def test_linear_is_numpys_interpolation():
    step = made(LinearSpline)
    grid = np.linspace(-BOUND, BOUND, 101)[1:-1]
    assert_allclose(step.forward(REFERENCE, grid), np.interp(grid, *knots(step)), atol=1e-12)


def test_cubic_is_scipys_interpolant_with_the_same_slopes():
    step = made(CubicSpline)
    x, y = knots(step)
    first, last = step.pieces(REFERENCE, np.zeros(1))[2]
    oracle = interpolate.CubicHermiteSpline(x, y, np.append(first[:, 0], last[-1, 0]))
    grid = np.linspace(-BOUND, BOUND, 101)[1:-1]
    assert_allclose(step.forward(REFERENCE, grid), oracle(grid), atol=1e-12)
    assert_allclose(np.exp(step.log_slope(REFERENCE, grid)), oracle(grid, 1), atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_without_parameters_it_is_the_identity(kind):
    free = {name: 0.0 for name in ("heights", "widths", "slopes") if hasattr(kind, name)}
    x = np.linspace(-7, 7, 57)
    y, log_slope = kind(**free).forward_and_log_slope(REFERENCE, x)
    assert_allclose(y, x, atol=1e-13)
    assert_allclose(log_slope, 0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_supports_inside_and_outside_of_the_box(kind, support):
    assert support(f"Uniform(-3, 3) |> {kind.__name__}(bound=3)") == "[-3, 3]"
    assert support(f"Exponential(1) |> {kind.__name__}(bound=3)") == "[-3, inf)"


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_gives_the_parameters(kind):
    model = Model(parse(f"Normal(0, 1)[3] |> Autoregressive({kind.__name__}(bins=4), hidden=[8])"))
    x, log_prob = model.from_noise(RANDOM.normal(size=(20, 3)))
    assert_allclose(model.log_prob(x), log_prob, atol=1e-9)
