"""MultivariateNormal against scipy."""

import numpy as np
import pytest
from scipy import stats

import flowspec
from flowspec.model.model import Model

COVARIANCE = [[2, 0.5, 0.3], [0.5, 1, -0.2], [0.3, -0.2, 0.7]]
TEXT = f"MultivariateNormal([0, 1, -2], {COVARIANCE})"


def test_density(log_prob):
    x = np.random.default_rng(0).normal(size=(20, 3)) * 3
    expected = stats.multivariate_normal([0, 1, -2], COVARIANCE).logpdf(x)
    np.testing.assert_allclose(log_prob(TEXT, x), expected, rtol=1e-13)
    np.testing.assert_allclose(
        log_prob(TEXT, x.astype(np.float32), np.float32), expected, rtol=1e-5
    )


def test_draws_have_the_moments(draw):
    x = draw(TEXT)
    np.testing.assert_allclose(x.mean(0), [0, 1, -2], atol=0.03)
    np.testing.assert_allclose(np.cov(x.T), COVARIANCE, atol=0.05)


def test_trained_mean():
    flow = flowspec.parse("MultivariateNormal(learn(1), [[2, 0.5], [0.5, 1]])")
    model = Model(flow, {"base.loc": np.array([3.0, 4.0])})
    assert model.log_prob([[3.0, 4.0]]) == pytest.approx(
        stats.multivariate_normal([0, 0], [[2, 0.5], [0.5, 1]]).logpdf([0, 0])
    )


@pytest.mark.parametrize(
    "matrix",
    [
        "[[1, 2], [2, 1]]",
        "[[1, 0.5], [0.4, 1]]",
        "[[-1, 0], [0, 1]]",
        "[[-1, 0], [0, -1]]",
        "[[0, 0], [0, 0]]",
        "[[1e-20, 1e-21], [0, 1e-20]]",
    ],
)
def test_what_is_no_covariance_is_refused(matrix):
    with pytest.raises(flowspec.FlowError, match="symmetric and positive definite"):
        flowspec.parse(f"MultivariateNormal([0, 0], {matrix})")


@pytest.mark.parametrize("matrix", ["[[1, 0], [0, 1e-13]]", "[[1e14, 0], [0, 1]]"])
def test_hardly_positive_definite_ones_are_refused_with_a_way_out(matrix):
    with pytest.raises(flowspec.FlowError, match="differ by a factor of 1e"):
        flowspec.parse(f"MultivariateNormal([0, 0], {matrix})")
    way_out = flowspec.parse("MultivariateNormal([0, 0], [[1, 0.5], [0.5, 1]]) |> Scale([1e7, 1])")
    reference = stats.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]]).logpdf([1, 2])
    log_prob = Model(way_out).log_prob([[1e7, 2.0]])
    assert log_prob == pytest.approx(reference - np.log(1e7))


def test_a_condition_of_1e12_is_not_too_much():
    model = Model(flowspec.parse("MultivariateNormal([0, 0], [[1e6, 0], [0, 1e-6]])"))
    expected = stats.norm(0, 1e3).logpdf(5) + stats.norm(0, 1e-3).logpdf(2e-3)
    assert model.log_prob([[5, 2e-3]]) == pytest.approx(expected)


@pytest.mark.parametrize("scale", ["1e-200", "1e200"])
def test_scale_of_the_covariance_does_not_matter(scale):
    assert flowspec.parse(f"MultivariateNormal(0, [[{scale}, 0], [0, {scale}]])").shape == (2,)
