"""Draws in which some columns are known: they are those of the conditional distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import flowspec
from flowspec.runtime.conditioned import Conditioned, TooRare
from flowspec.runtime.kernels import Kernels

MEAN = np.array([1.0, 2.0, 3.0])
COVARIANCE = np.array([[1, 0.8, 0.3], [0.8, 2, 0.5], [0.3, 0.5, 1.5]])
ROWS = 4000
UNKNOWN = np.nan


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    def bundle(text: str, name: str):
        return flowspec.load(
            flowspec.compile(flowspec.parse(text), tmp_path_factory.mktemp(name) / "it")
        )

    return bundle


@pytest.fixture(scope="module")
def gaussian(opened):
    return opened(
        f"event a, b, c\nMultivariateNormal({MEAN.tolist()}, {COVARIANCE.tolist()})", "gaussian"
    )


def conditional(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean and the covariance of the free columns of the Gaussian."""
    free = np.isnan(known)
    gain = COVARIANCE[np.ix_(free, ~free)] @ np.linalg.inv(COVARIANCE[np.ix_(~free, ~free)])
    mean = MEAN[free] + gain @ (known - MEAN)[~free]
    return mean, COVARIANCE[np.ix_(free, free)] - gain @ COVARIANCE[np.ix_(~free, free)]


@pytest.mark.parametrize(
    ("known", "is_exact"),
    [
        ([2.5, UNKNOWN, UNKNOWN], True),
        ([0.0, 4.0, UNKNOWN], True),
        ([UNKNOWN, UNKNOWN, 5.0], False),
        ([UNKNOWN, 0.0, UNKNOWN], False),
        ([UNKNOWN, 3.0, 4.0], False),
    ],
)
def test_draws_are_those_of_the_conditional_distribution(gaussian, known, is_exact):
    known = np.array(known)
    free = np.isnan(known)
    drawn = Conditioned(gaussian).draw(known, ROWS)
    assert (drawn.effective is None) == is_exact
    assert (drawn.rows[:, ~free] == known[~free]).all()
    mean, covariance = conditional(known)
    error = np.sqrt(np.diag(covariance) / ROWS)
    np.testing.assert_allclose(drawn.rows[:, free].mean(axis=0), mean, atol=5 * error.max())
    found = np.atleast_2d(np.cov(drawn.rows[:, free].T))
    np.testing.assert_allclose(found, covariance, atol=0.15)
    for place, values in enumerate(drawn.rows[:, free].T):
        exact = stats.norm(mean[place], covariance[place, place] ** 0.5)
        assert stats.kstest(values, exact.cdf).pvalue > 1e-4


def test_the_effective_size_is_a_share_of_the_candidates(gaussian):
    drawn = Conditioned(gaussian).draw(np.array([UNKNOWN, UNKNOWN, 5.0]), 10)
    assert drawn.candidates / 2 < drawn.effective <= drawn.candidates


@pytest.mark.parametrize(
    "known", [[2.5, UNKNOWN, UNKNOWN], [UNKNOWN, UNKNOWN, 5.0], [UNKNOWN, 3.0, 4.0]]
)
def test_the_marginal_density_is_that_of_the_known_columns(gaussian, known):
    known = np.array(known)
    there = ~np.isnan(known)
    log_prob, error = Conditioned(gaussian).marginal(known)
    exact = stats.multivariate_normal(MEAN[there], COVARIANCE[np.ix_(there, there)])
    assert 0 < error < 0.06
    assert abs(log_prob - exact.logpdf(known[there])) < 5 * error


def test_no_density_where_the_known_columns_have_none(opened):
    flow = opened("event a: real, b: positive\nNormal(0, 1)[2] |> on(b) { Exp }", "half")
    assert Conditioned(flow).marginal(np.array([UNKNOWN, -1.0])) == (-np.inf, 0)


def test_the_marginal_density_of_a_whole_number_is_that_of_its_cell(opened):
    flow = opened(
        "event a, n\ntrain { dequantize = [n] }\nMultivariateNormal([0, 3], [[1, 1.8], [1.8, 4]])",
        "cell",
    )
    log_prob, error = Conditioned(flow).marginal(np.array([UNKNOWN, 3.0]))
    cell = np.diff(stats.norm(3, 2).cdf([3, 4]))[0]
    assert abs(log_prob - np.log(cell)) < 5 * error


def test_all_or_nothing_known(gaussian):
    conditioned = Conditioned(gaussian)
    whole = conditioned.draw(np.full(3, UNKNOWN), ROWS)
    assert np.abs(whole.rows.mean(axis=0) - MEAN).max() < 0.15
    assert conditioned.draw(MEAN, 2).rows.tolist() == [MEAN.tolist()] * 2


def test_a_seed_and_a_stream_decide(gaussian):
    known = np.array([UNKNOWN, 1.0, UNKNOWN])
    first, same, other, seeded = (
        Conditioned(gaussian, seed).draw(known, 5, stream).rows
        for seed, stream in ((0, 0), (0, 0), (0, 1), (-1, 0))
    )
    assert (first == same).all()
    assert (first[:, 0] != other[:, 0]).any()
    assert (first[:, 0] != seeded[:, 0]).any()


def test_whole_numbers_are_known_as_their_cells(opened):
    """n is 3 wherever b lies in [3, 4)."""
    flow = opened(
        "event a, n\ntrain { dequantize = [n] }\nMultivariateNormal([0, 3], [[1, 1.8], [1.8, 4]])",
        "whole",
    )
    drawn = Conditioned(flow).draw(np.array([UNKNOWN, 3.0]), ROWS)
    sample = flow.sample(400_000, seed=5)
    expected = sample[np.floor(sample[:, 1]) == 3, 0]
    assert stats.ks_2samp(drawn.rows[:, 0], expected).pvalue > 1e-4


def test_a_context_is_that_of_the_row(opened):
    flow = opened("context z\nevent a, b\nNormal(0, 1)[2] |> Shift(z)", "context")
    drawn = Conditioned(flow, context=np.array([7.0])).draw(np.array([UNKNOWN, 0.5]), ROWS)
    assert abs(drawn.rows[:, 0].mean() - 7) < 0.1


@pytest.mark.parametrize("known", [[UNKNOWN, -1.0], [UNKNOWN, 1e300]])
def test_values_that_there_are_not_are_told(opened, known):
    flow = opened("event a: real, b: positive\nNormal(0, 1)[2] |> on(b) { Exp }", "far")
    with pytest.raises(flowspec.FlowError) as caught:
        Conditioned(flow).draw(np.array(known), 5)
    (wrong,) = caught.value.diagnostics
    assert isinstance(wrong, TooRare) and f"`b` = {known[1]:g}" in wrong.message
    assert "`a`" not in wrong.message
    assert f"look at `b` = {known[1]:g}: it is outside the support, or far out" in wrong.advice


def test_kernels_are_a_density():
    kernels = Kernels.around(np.random.default_rng(0).normal([0, 5], [1, 0.1], size=(50, 2)))
    x, y = np.linspace(-12, 12, 400), np.linspace(3.5, 6.5, 400)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    cell = (x[1] - x[0]) * (y[1] - y[0])
    assert np.exp(kernels.log_prob(grid)).sum() * cell == pytest.approx(1, abs=0.01)
    drawn = kernels.draw(20_000, np.random.default_rng(1))
    assert np.abs(np.median(drawn, axis=0) - [0, 5]).max() < 0.2


def test_kernels_around_one_point_are_a_density_too():
    kernels = Kernels.around(np.full((20, 1), 3.0))
    assert np.isfinite(kernels.log_prob(kernels.draw(50, np.random.default_rng(0)))).all()
