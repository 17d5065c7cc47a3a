"""VonMises against scipy; its sampler's acceptance."""

import math

import mpmath
import numpy as np
import pytest
from scipy import integrate, special, stats

from flowspec.bases.von_mises import PROPOSALS, propose
from flowspec.ops.numpy import NumpyOps

CONCENTRATIONS = [1e-6, 0.1, 1, 11.9, 12.1, 300, 1e9]


@pytest.mark.parametrize("concentration", CONCENTRATIONS)
@pytest.mark.parametrize(("dtype", "digits"), [(np.float64, 5e-13), (np.float32, 2e-6)])
def test_density(concentration, dtype, digits, log_prob):
    x = np.array([-3, -0.5, 0, 1e-4, 2], dtype)
    with mpmath.workdps(40):
        k = mpmath.mpf(float(dtype(concentration)))
        log_norm = mpmath.log(2 * mpmath.pi * mpmath.besseli(0, k))
        exact = [float(k * mpmath.cos(float(each)) - log_norm) for each in x]
    found = log_prob(f"VonMises([0], [{concentration:.9f}])", x[:, None], dtype)
    np.testing.assert_allclose(found, exact, rtol=digits, atol=digits)


@pytest.mark.parametrize("concentration", [1e-6, 0.3, 2, 50])
def test_draws_follow_the_law(concentration, draw):
    found = draw(f"VonMises(0, {concentration:.9f})")
    assert (np.abs(found) <= math.pi).all()
    assert stats.ks_1samp(found, stats.vonmises(concentration).cdf).pvalue > 1e-3


def test_draws_wrap_around(draw):
    found = draw("VonMises(3, 4)")
    assert (np.abs(found) <= math.pi).all()
    around = np.mod(found - 3 + math.pi, 2 * math.pi) - math.pi
    assert stats.ks_1samp(around, stats.vonmises(4).cdf).pvalue > 1e-3


def test_angles_beyond_the_circle_are_the_same_angles(log_prob):
    np.testing.assert_allclose(
        log_prob("VonMises(3 + 4*pi, 2)", [1.0, -3]), log_prob("VonMises(3, 2)", [1.0, -3])
    )


@pytest.mark.parametrize("concentration", [1e-6, 0.5, 2, 10, 1e6])
def test_at_least_65_proposals_of_100_are_accepted(concentration):
    def fits(u):
        # A test uniform below gap exp(1 - gap) accepts: its probability.
        versine, _ = propose(NumpyOps(), np.array([u]), np.array([0.5]), concentration)
        gap = _gap(versine[0], concentration)
        return gap * math.exp(1 - gap)

    accepted, _ = integrate.quad(fits, 0, 1, limit=200)
    assert accepted > 0.65
    assert (1 - accepted) ** PROPOSALS < 2e-11


def _gap(versine, k):
    """k (s - cos), in the letters of Best and Fisher."""
    root = math.sqrt(1 + 4 * k * k)
    rho = 2 * k / (1 + root + math.sqrt(2 * (1 + root)))
    return k * ((1 - rho) ** 2 / (2 * rho) + versine)


def test_single_precision_draws_of_extreme_concentrations(draw):
    narrow = draw("VonMises([0], [1000000000])", 4000, np.float32)
    assert narrow.std() == pytest.approx(10**-4.5, rel=0.05)
    assert np.abs(draw("VonMises([0], [1e30])", 100, np.float32)).max() < 1e-13
    wide = draw("VonMises([0], [0.000001])", 4000, np.float32)
    assert stats.ks_1samp(wide[:, 0], stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue > 1e-3


def test_mean_of_the_cosine(draw):
    assert np.cos(draw("VonMises(0, 2)")).mean() == pytest.approx(
        special.i1e(2) / special.i0e(2), abs=0.02
    )
