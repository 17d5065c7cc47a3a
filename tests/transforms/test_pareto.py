"""NormalToPareto and ParetoTails against scipy, near edges and far out."""

import numpy as np
import pytest
import scipy.stats
from numpy.testing import assert_allclose

from flowspec.ops.numpy import REFERENCE
from flowspec.parts.tails import LEAST_SHAPE, generalized_pareto, pareto_tail
from flowspec.transforms.elementwise.pareto import NormalToPareto, ParetoTails

RANDOM = np.random.default_rng(0)


def test_a_normal_number_becomes_a_generalized_pareto_one(density):
    y = np.array([1e-12, 1e-3, 0.7, 10.0, 1e4, 1e9])
    found = density("Normal(0, 1) |> NormalToPareto(2, 0.3)", y)
    assert_allclose(found, scipy.stats.genpareto(0.3, scale=2).logpdf(y), rtol=1e-10, atol=1e-12)


def test_the_value_of_a_normal_quantile_is_the_quantile():
    x = np.array([-30.0, -8.0, -1.0, 0.0, 0.4, 3.0, 20.0])
    pareto = scipy.stats.genpareto(0.3, scale=2)
    expected = np.where(
        x < 0, pareto.ppf(scipy.stats.norm.cdf(x)), pareto.isf(scipy.stats.norm.sf(x))
    )
    step = NormalToPareto(2.0, 0.3)
    assert_allclose(step.forward(REFERENCE, x), expected, rtol=1e-12)
    assert_allclose(step.inverse(REFERENCE, expected), x, rtol=1e-11, atol=1e-12)


def test_a_small_shape_is_an_exponential_tail(density):
    y = np.array([0.01, 1.0, 20.0])
    found = density("Normal(0, 1) |> NormalToPareto(2, 1e-9)", y)
    assert_allclose(found, scipy.stats.expon(scale=2).logpdf(y), rtol=1e-6)


def test_both_tails_are_powers_of_their_own(density):
    y = np.array([-1e8, -1e6, 1e6, 1e8])
    found = density("Normal(0, 1) |> ParetoTails(0, 1, 0.5, 0.25)", y)
    powers = np.diff(found)[[0, 2]] / np.log(100)
    assert_allclose(powers, [1 + 1 / 0.5, -(1 + 1 / 0.25)], rtol=1e-3)


def test_tails_of_other_weights_meet_at_the_location():
    step = ParetoTails(1.0, 2.0, 0.5, 0.1)
    x = np.array([-1e-9, 0.0, 1e-9])
    assert_allclose(step.forward(REFERENCE, x), 1.0, atol=1e-8)
    assert_allclose(np.diff(step.log_slope(REFERENCE, x)), 0, atol=1e-7)
    assert_allclose(step.inverse(REFERENCE, np.array([-3.0, 1.0, 4.0]))[1], 0, atol=1e-15)


@pytest.mark.parametrize("shape", [0.1, 0.4, 0.8])
def test_the_shape_of_a_tail_is_measured(shape):
    rows = scipy.stats.genpareto(shape).rvs((2, 50_000), random_state=1)
    assert_allclose(pareto_tail(rows)[0], shape, atol=0.1)
    weights = (rows[0] < 1) + 0.5  # half of the tail is as much as all of it
    assert_allclose(pareto_tail(rows[0], weights)[0], shape, atol=0.1)
    fitted = generalized_pareto(rows[0][:2000])
    assert_allclose(fitted, (shape, 1), atol=0.1)


def test_a_tail_that_is_no_power_has_the_least_shape():
    assert pareto_tail(RANDOM.uniform(size=2000))[0] == LEAST_SHAPE
    assert pareto_tail(np.full(20, 3.0))[0] == LEAST_SHAPE


@pytest.mark.parametrize("rows", [[2.0], [1.0, 3.0], [3.0] * 50, [1.0] * 40 + [9.0] * 10])
def test_a_few_or_equal_numbers_are_measured_too(rows):
    for step in (NormalToPareto(), ParetoTails()):
        values = step.measure(np.array([rows]))
        assert all(np.isfinite(each).all() for each in values.values())
        assert (values["scale"] > 0).all()


def measured(step, rows):
    """The numbers from which a step makes the rows, by what it measures of them."""
    fields = {name: value[:, None] for name, value in step.measure(rows).items()}
    return type(step)(**fields).inverse(REFERENCE, rows)[0]


def test_what_is_measured_of_pareto_numbers_makes_them_normal():
    rows = scipy.stats.genpareto(0.3, scale=5).rvs((1, 20_000), random_state=2)
    quantiles = np.quantile(measured(NormalToPareto(), rows), [0.001, 0.1, 0.5, 0.9, 0.999])
    assert_allclose(quantiles, scipy.stats.norm.ppf([0.001, 0.1, 0.5, 0.9, 0.999]), atol=0.2)


def test_what_is_measured_of_heavy_tails_makes_them_light():
    rows = scipy.stats.t(2, loc=7, scale=2).rvs((1, 20_000), random_state=2)
    assert scipy.stats.kurtosis(rows[0]) > 50
    assert abs(scipy.stats.kurtosis(measured(ParetoTails(), rows))) < 0.5


def test_a_tail_behind_a_hump_is_that_of_normal_numbers():
    """A resonance on a background that falls exponentially: its scale is that of the background."""
    random = np.random.default_rng(0)
    hump = random.normal(50, 2, 30_000)
    rows = np.concatenate([random.exponential(35, 70_000), hump])[None]
    step = NormalToPareto()
    assert_allclose(step.measure(rows)["scale"], 35, rtol=0.15)
    assert abs(np.median(measured(step, rows))) < 1
    assert_allclose(np.quantile(measured(step, rows), 0.9999), 3.72, atol=0.3)


def test_support(support):
    assert support("Normal(0, 1) |> NormalToPareto") == "positive"
    assert support("Normal(0, 1)[2] |> ParetoTails") == "real x 2"
