"""StudentT against scipy."""

import mpmath
import numpy as np
import pytest
from scipy import stats


@pytest.mark.parametrize("df", [0.5, 1, 4, 300])
def test_law(df, follows):
    follows(f"StudentT({df}, 1, 2)", stats.t(df, 1, 2), rtol=1e-10)


@pytest.mark.parametrize(("dtype", "digits"), [(np.float64, 1e-14), (np.float32, 3e-6)])
@pytest.mark.parametrize("df", [1e-3, 3, 1e4, 1e7])
def test_density_keeps_its_digits_for_every_df(df, dtype, digits, log_prob):
    x = np.array([0, 0.5, 2.0, 40.0], dtype)
    with mpmath.workdps(40):
        h = mpmath.mpf(float(dtype(df))) / 2
        norm = mpmath.loggamma(h + 0.5) - mpmath.loggamma(h) - mpmath.log(2 * h * mpmath.pi) / 2
        exact = [float(norm - (h + 0.5) * mpmath.log1p(float(each) ** 2 / (2 * h))) for each in x]
    np.testing.assert_allclose(
        log_prob(f"StudentT([{df:.9f}])", x[:, None], dtype), exact, rtol=digits, atol=digits
    )


def test_far_tails(log_prob):
    # Of df = 1 it is the Cauchy law; the square of x overflows.
    assert log_prob("StudentT(1)", [1e200, -1e300]) == pytest.approx([-922.1787671, -1382.6957856])
