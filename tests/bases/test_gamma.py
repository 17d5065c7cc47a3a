"""Gamma against scipy; its sampler's acceptance and gradient."""

import math

import mpmath
import numpy as np
import pytest
import torch
from scipy import integrate, stats

from flowspec.bases.gamma import GAMMA_DRAWS, PROPOSALS, log_standard_gamma, propose
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.torch import TorchOps


@pytest.mark.parametrize("concentration", [0.05, 0.7, 1, 3, 400])
def test_law(concentration, follows):
    follows(f"Gamma({concentration}, 2)", stats.gamma(concentration, scale=0.5), rtol=3e-12)


@pytest.mark.parametrize(("dtype", "digits"), [(np.float64, 5e-13), (np.float32, 2e-4)])
def test_density_keeps_its_digits_where_its_terms_are_large(dtype, digits, log_prob):
    # The terms of size a log a would leave an error of 1e-9 in float64, and of 1 in float32.
    a, x = 1e6, np.array([0.99e6, 1e6, 1.003e6])
    with mpmath.workdps(40):
        exact = [float((a - 1) * mpmath.log(each) - each - mpmath.loggamma(a)) for each in x]
    np.testing.assert_allclose(
        log_prob("Gamma([1000000])", x[:, None], dtype), exact, rtol=digits, atol=digits
    )


def test_support_is_open_at_zero(log_prob):
    found = log_prob("Gamma(0.5, 2)", [0, -1, 1e-300, 1e15])
    assert found[:2].tolist() == [-math.inf, -math.inf]
    assert found[2:] == pytest.approx(stats.gamma(0.5, scale=0.5).logpdf([1e-300, 1e15]))


@pytest.mark.parametrize("concentration", [1e-6, 0.01, 1, 1e3, 1e8])
def test_at_most_one_proposal_in_twenty_is_rejected(concentration):
    d = concentration + 2 / 3

    def fits(x):
        v = (1 + x / math.sqrt(9 * d)) ** 3
        return math.exp(d * (1 - v + math.log(v)) if v > 0 else -math.inf) / math.sqrt(2 * math.pi)

    accepted, _ = integrate.quad(
        fits, max(-9, -math.sqrt(9 * d) + 1e-12), 9, epsabs=1e-10, limit=200
    )
    assert accepted > 0.95
    assert (1 - accepted) ** PROPOSALS < 4e-11


def test_tests_of_proposals_keep_their_digits():
    ops, normals = NumpyOps(np.float32), np.linspace(-3, 3, 7, dtype=np.float32)
    _, accepted = propose(ops, normals, np.full(7, 0.99, np.float32), np.float32(1e6))
    assert accepted.all()


def test_draws_of_a_small_concentration_do_not_underflow():
    kinds = np.array(GAMMA_DRAWS)
    rows = np.random.default_rng(0).uniform(0.01, 0.99, (len(kinds), 1000))
    found = log_standard_gamma(NumpyOps(), 1e-6, rows)
    assert np.isfinite(found).all()
    assert found.min() < -1e5


def test_gradient_of_a_draw_is_that_of_the_quantile():
    random, concentration = np.random.default_rng(0), np.array([0.4, 2.5, 40.0])
    rows = [
        random.normal(size=(3, 50)) if kind == "normal" else random.uniform(size=(3, 50))
        for kind in GAMMA_DRAWS
    ]
    trained = torch.tensor(concentration[:, None], requires_grad=True)
    ops = TorchOps(torch.float64)
    x = ops.exp(log_standard_gamma(ops, trained, torch.tensor(np.array(rows))))
    found = torch.autograd.grad(x.sum(), trained)[0].numpy()[:, 0]
    step, a = 1e-5, concentration[:, None]
    p = stats.gamma(a).cdf(x.detach().numpy())
    slope = (stats.gamma(a + step).ppf(p) - stats.gamma(a - step).ppf(p)) / (2 * step)
    np.testing.assert_allclose(found, slope.sum(1), rtol=1e-4)
