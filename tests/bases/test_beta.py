"""Beta against scipy."""

import math

import mpmath
import numpy as np
import pytest
from scipy import stats


@pytest.mark.parametrize(("a", "b"), [(2, 3), (0.5, 0.5), (1, 1), (0.1, 20), (300, 2)])
def test_law(a, b, follows):
    follows(f"Beta({a}, {b})", stats.beta(a, b), rtol=1e-11)


@pytest.mark.parametrize(("dtype", "digits"), [(np.float64, 1e-12), (np.float32, 5e-4)])
@pytest.mark.parametrize(("a", "b"), [(1e6, 3e6), (1e6, 0.5), (2, 1e5), (1e-3, 1e-3)])
def test_density_keeps_its_digits_where_its_terms_are_large(a, b, dtype, digits, log_prob):
    x = np.clip(a / (a + b) + np.array([-1e-4, 0, 1e-4]), 1e-6, 1 - 1e-6).astype(dtype)
    with mpmath.workdps(40):
        exact = [
            (a - 1) * mpmath.log(float(each))
            + (b - 1) * mpmath.log1p(-float(each))
            - mpmath.log(mpmath.beta(a, b))
            for each in x
        ]
    found = log_prob(f"Beta([{a:.9f}], [{b:.9f}])", x[:, None], dtype)
    np.testing.assert_allclose(found, np.array(exact, float), rtol=digits, atol=digits)


def test_ends_are_outside(log_prob):
    found = log_prob("Beta(0.5, 2)", [0, 1, 1e-300, 1 - 1e-16])
    assert found[:2].tolist() == [-math.inf, -math.inf]
    assert np.isfinite(found[2:]).all()


def test_draws_stay_inside_where_the_mass_is_at_the_ends(draw):
    for dtype in (np.float64, np.float32):
        x = draw("Beta(0.01, 0.02)", 2000, dtype)
        assert ((x > 0) & (x < 1)).all()
