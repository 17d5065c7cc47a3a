"""Mixture: weights, supports, draws."""

import numpy as np
import pytest
import torch
from scipy import stats

import flowspec
from flowspec.model import density
from flowspec.model.binding import bind
from flowspec.model.model import Model
from flowspec.ops.torch import TorchOps

TWO = "Mixture([1, 3], Normal(-2, 1), Normal(2, 0.5))"
HALVES = "Mixture([1, 1], Uniform(-1, 0), Exponential(2))"


def test_density_is_the_weighted_sum(log_prob):
    x = np.linspace(-5, 5, 21)
    expected = np.log(0.25 * stats.norm.pdf(x, -2) + 0.75 * stats.norm.pdf(x, 2, 0.5))
    np.testing.assert_allclose(log_prob(TWO, x), expected)


def test_far_from_every_component_is_finite(log_prob):
    np.testing.assert_allclose(
        log_prob(TWO, [-1e3, 1e3]), stats.norm.logpdf([-998, 1002]) + np.log(0.25)
    )


def test_draws_follow_the_law(draw):
    for text, cdf in (
        (TWO, lambda x: 0.25 * stats.norm.cdf(x, -2) + 0.75 * stats.norm.cdf(x, 2, 0.5)),
        (HALVES, lambda x: 0.5 * stats.uniform.cdf(x, -1) + 0.5 * stats.expon.cdf(x, scale=0.5)),
    ):
        assert stats.ks_1samp(draw(text), cdf).pvalue > 1e-3


def test_one_weight_for_all_means_equal_weights(log_prob):
    x = np.linspace(-3, 3, 7)
    np.testing.assert_allclose(
        log_prob("Mixture(2, Normal(-2, 1), Normal(2, 0.5))", x),
        log_prob("Mixture([1, 1], Normal(-2, 1), Normal(2, 0.5))", x),
    )


def test_component_counts_only_on_its_own_support(log_prob):
    found = log_prob(HALVES, [-1.5, -1, -0.5, 0, 1, np.inf])
    half = np.log(0.5)
    np.testing.assert_allclose(
        found, [-np.inf, half, half, np.log(0.5 + 1), half + np.log(2) - 2, -np.inf]
    )


@pytest.mark.parametrize(
    ("text", "support"),
    [
        (HALVES, "[-1, inf)"),
        ("Mixture([1, 1], LogNormal(0, 1), Normal(0, 1))", "real"),
        ("Mixture([1, 1], Gamma(2, 1), Exponential(1))", "nonnegative"),
        ("Mixture([1, 1, 1], Uniform(2, 3), Uniform(0, 1), Uniform(1, 2))", "[0, 3]"),
        ("Mixture([1, 1], VonMises(0, 1), CircularUniform)", "circle(-pi, pi)"),
        ("Mixture([1, 1], VonMises(0, 1), Uniform(0, 5))", "[-pi, 5]"),
        ("Mixture([1, 1], Join(Normal, Exponential), Join(Normal, Gamma(2)))", "real, nonnegative"),
        ("Mixture([1, 1], Uniform(learn(0, high=1), learn(2, low=1)), Normal(0, 1))", "real"),
    ],
)
def test_support_is_the_union(text, support):
    assert str(flowspec.parse(text).space) == support


@pytest.mark.parametrize(
    "text",
    [
        "Mixture([1, 1], Uniform(0, 1), Uniform(2, 3))",
        "Mixture([1, 1], Truncated(LogNormal, high=1), Truncated(Normal(0, 1), 2))",
        "Mixture([1, 1], Join(Normal, Exponential), Join(Exponential, Normal))",
        "Mixture([1, 1], VonMises(0, 1), Uniform(7, 8))",
        "Mixture([1, 1], Uniform(learn(0, high=1), learn(2, low=1)), Uniform(2, 3))",
    ],
)
def test_gaps_between_supports_are_refused(text):
    with pytest.raises(flowspec.FlowError, match="leave gaps"):
        flowspec.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Mixture([1, 1], Normal(0, 1), Normal(0, 1)[2])", "different numbers of coordinates"),
        ("Mixture([1, -1], Normal(0, 1), Normal(1, 1))", "cannot be -1"),
        ("Mixture([1, 1, 1], Normal(0, 1), Normal(1, 1))", "must be 2 numbers, not 3"),
        (
            "context z: positive\nMixture(z, Normal(0, 1), Normal(1, 1))",
            "cannot come from the context",
        ),
        ("Mixture([1, 1], Normal([0, 1], 1), Normal(0, 1)[2])[3]", "cannot have copies"),
    ],
)
def test_other_mistakes(text, message):
    with pytest.raises(flowspec.FlowError, match=message):
        flowspec.parse(text)


def test_copies_are_independent_mixtures(draw):
    flow = flowspec.parse(TWO + "[2]")
    assert flow.shape == (2,)
    assert flow.noise == ("uniform", "normal", "normal") * 2
    assert abs(np.corrcoef(draw(TWO + "[2]", 4000).T)[0, 1]) < 0.05


def test_trained_weights_and_components_are_put_in_by_path():
    flow = flowspec.parse("Mixture(learn([1, 1]), Normal(learn(-1), 1), Normal(1, 1))")
    assert set(flow.learned()) == {"base.weights", "base.bases.0.loc"}
    model = Model(flow, {"base.weights": np.array([3.0, 1.0]), "base.bases.0.loc": np.array(-4.0)})
    expected = np.log(0.75 * stats.norm.pdf(0, -4) + 0.25 * stats.norm.pdf(0, 1))
    assert model.log_prob([0.0]) == pytest.approx(expected)


def test_gradients_are_finite_outside_a_component():
    flow = flowspec.parse("Mixture(learn([1, 1]), LogNormal(learn(0), 1), Uniform(-1, 0))")
    ops = TorchOps(torch.float64)
    learned = {
        path: torch.tensor(np.array(value.init, float), requires_grad=True)
        for path, value in flow.learned().items()
    }
    x = torch.tensor([-2.0, -1.0, -0.5, 0.0, 2.0], dtype=torch.float64, requires_grad=True)
    found = density.log_prob(ops, bind(ops, flow, learned), x)
    inside = torch.isfinite(found)
    assert inside.tolist() == [False, True, True, True, True]
    for gradient in torch.autograd.grad(
        torch.where(inside, found, 0).sum(), [x, *learned.values()]
    ):
        assert torch.isfinite(gradient).all()
