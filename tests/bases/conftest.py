"""Fixtures of the tests of single bases: density, draws, and a law of scipy to hold them to."""

import numpy as np
import pytest
from scipy import stats

import flowspec
from flowspec.model.model import Model
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise
from flowspec.transforms.transform import bound_to_reference

PROBABILITIES = np.array([1e-290, 1e-40, 1e-9, 0.01, 0.2, 0.5 - 1e-12, 0.5, 0.6, 0.97, 1 - 1e-9])


@pytest.fixture
def base():
    """text -> the checked base, its parameters as formulas take them."""
    return lambda text: bound_to_reference(flowspec.parse(text).base)


@pytest.fixture
def log_prob():
    """(text, x) -> log-density of the reference."""
    return lambda text, x, dtype=np.float64: Model(flowspec.parse(text)).log_prob(
        np.asarray(x), dtype=dtype
    )


@pytest.fixture
def draw():
    """(text, n) -> n seeded draws."""

    def drawn(text, n=20_000, dtype=np.float64):
        model = Model(flowspec.parse(text))
        rows = noise(NumpyOps(dtype), np.int64(11), np.arange(n), model.flow.noise)
        return model.from_noise(np.asarray(rows).T, dtype=dtype)[0]

    return drawn


@pytest.fixture
def follows(log_prob, draw):
    """Hold a scalar base against a law of scipy: density, and draws (Kolmogorov-Smirnov)."""

    def check(text, law, rtol=2e-13):
        x = np.concatenate([law.ppf([1e-12, 1e-3, 0.1, 0.4, 0.7, 0.99]), law.isf([1e-5, 1e-14])])
        # An end of the support, to which the last digits round, may be outside of it.
        x = x[np.isfinite(law.logpdf(x))]
        np.testing.assert_allclose(log_prob(text, x), law.logpdf(x), rtol=rtol, atol=rtol)
        assert stats.ks_1samp(draw(text), law.cdf).pvalue > 1e-3

    return check


@pytest.fixture
def has_quantiles(base):
    """Hold the distribution function and its inverse against a law of scipy, at both tails."""

    def check(text, law, rtol=1e-12):
        found, ops = base(text), NumpyOps()
        x = np.concatenate([law.ppf(PROBABILITIES[3:]), law.isf([0.2, 1e-5, 1e-9])])
        np.testing.assert_allclose(found.cdf(ops, x), law.cdf(x), rtol=rtol, atol=1e-300)
        np.testing.assert_allclose(found.survival(ops, x), law.sf(x), rtol=rtol, atol=1e-300)
        # 1 - p is exact above 1/2, and scipy's quantiles are better from the nearer tail.
        p, q = np.minimum(PROBABILITIES, 1 - PROBABILITIES), PROBABILITIES > 0.5
        lower, upper = law.ppf(p), law.isf(p)
        close = {"rtol": rtol, "atol": rtol}
        np.testing.assert_allclose(
            found.quantile(ops, PROBABILITIES), np.where(q, upper, lower), **close
        )
        np.testing.assert_allclose(
            found.upper_quantile(ops, PROBABILITIES), np.where(q, lower, upper), **close
        )

    return check
