"""Truncated: both tails, ends beyond the support, thin pieces."""

import numpy as np
import pytest
from scipy import stats

import flowspec
from flowspec.bases.base import WithQuantile
from flowspec.ir.registry import bases
from flowspec.model.model import Model

CASES = [
    ("Truncated(Normal(0, 1), -1, 2)", stats.truncnorm(-1, 2)),
    ("Truncated(Normal(0, 1), 8)", stats.truncnorm(8, np.inf)),
    ("Truncated(Normal(0, 1), 8, 8.5)", stats.truncnorm(8, 8.5)),
    ("Truncated(Normal(0, 1), high=-9)", stats.truncnorm(-np.inf, -9)),
    ("Truncated(Normal(1, 2), -40, 40)", stats.norm(1, 2)),
    ("Truncated(Exponential(1), -1, 2)", stats.truncexpon(2)),
]


@pytest.mark.parametrize(("text", "law"), CASES)
def test_law(text, law, log_prob, draw):
    x = law.ppf([1e-6, 0.1, 0.5, 0.9])
    np.testing.assert_allclose(log_prob(text, x), law.logpdf(x), rtol=1e-10)
    for dtype in (np.float64, np.float32):
        assert stats.ks_1samp(draw(text, 20_000, dtype).astype(float), law.cdf).pvalue > 1e-3


LAWS = {
    "Normal": stats.norm(),
    "Laplace": stats.laplace(),
    "Logistic": stats.logistic(),
    "Cauchy": stats.cauchy(),
    "Gumbel": stats.gumbel_r(),
}


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize(
    ("low", "high"), [(-0.5, 1), (3, 5), (-2.5, -1.5), (2, np.inf), (-np.inf, -1)]
)
def test_draws_and_density_are_those_of_the_piece(name, low, high, draw, log_prob):
    text, law = f"Truncated({name}(0, 1), {low}, {high})", LAWS[name]
    below, above = law.cdf([low, high])
    assert (
        stats.ks_1samp(draw(text, 5000), lambda x: (law.cdf(x) - below) / (above - below)).pvalue
        > 1e-3
    )
    x = np.linspace(max(low, -6), min(high, 6), 9)
    np.testing.assert_allclose(
        log_prob(text, x), law.logpdf(x) - np.log(above - below), rtol=1e-12, atol=1e-14
    )


def test_vector_is_cut_by_coordinate(log_prob, draw):
    text = "Truncated(Normal([0, 5], [1, 2]), 0, 4)"
    laws = [stats.truncnorm(0, 4), stats.truncnorm(-2.5, -0.5, 5, 2)]
    x = draw(text, 5000)
    np.testing.assert_allclose(
        log_prob(text, x), sum(law.logpdf(x[:, i]) for i, law in enumerate(laws)), rtol=1e-10
    )
    assert all(stats.ks_1samp(x[:, i], law.cdf).pvalue > 1e-3 for i, law in enumerate(laws))


@pytest.mark.parametrize(
    ("text", "support"),
    [
        ("Truncated(Exponential(1), -1, 2)", "[0, 2]"),
        ("Truncated(LogNormal, -1)", "positive"),
        ("Truncated(Normal(0, 1), 0)[2]", "nonnegative x 2"),
        ("Truncated(Uniform([0, 1], [3, 4]), 0.5, 3.5)", "[0.5, 3], [1, 3.5]"),
    ],
)
def test_support(text, support, log_prob):
    flow = flowspec.parse(text)
    assert str(flow.space) == support


def test_ends_outside_the_support_of_the_base_cut_nothing(log_prob):
    x = [0.2, 1.5]
    for base in ("LogNormal", "HalfNormal", "Exponential(2)", "Gumbel(0, 1)"):
        np.testing.assert_allclose(
            log_prob(f"Truncated({base}, -1e4)", x), log_prob(base, x), rtol=1e-14
        )
    np.testing.assert_allclose(
        log_prob("Truncated(Uniform([0, 1], 2), -5, 1.5)", [[0.5, 1.2]]),
        [-np.log(1.5) - np.log(0.5)],
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Truncated(Gamma(2, 1), 1)", "Gamma has none"),
        ("Truncated(Join(Normal), 1)", "Join has none"),
        ("Truncated(Normal(0, 1), 2, 1)", "must be less than"),
        ("Truncated(Exponential(1), -2, -1)", "nothing of the base is left"),
        ("Truncated(Normal(0, 1), 40)", "less than 1e-30 of the probability of Normal"),
        ("Truncated(Normal([0, -100], 1), 1)", "less than 1e-30 of the probability of Normal"),
    ],
)
def test_mistakes(text, message):
    with pytest.raises(flowspec.FlowError, match=message):
        flowspec.parse(text)


def test_trained_ends_of_the_base_move_inside_the_cut():
    flow = flowspec.parse("Truncated(Uniform(learn(0, high=1), learn(3, low=2)), 0.5, 2.5)")
    model = Model(flow, {"base.base.low": np.array(0.75), "base.base.high": np.array(2.25)})
    found = model.log_prob([0.6, 1.0, 2.2, 2.4])
    np.testing.assert_allclose(found, [-np.inf, -np.log(1.5), -np.log(1.5), -np.inf])


def test_context_far_away_leaves_finite_densities_and_draws_inside():
    model = Model(flowspec.parse("context z: real\nTruncated(Normal(z, 1), 0, 1)"))
    z = np.array([[-100.0], [0.0], [100.0]])
    for dtype in (np.float64, np.float32):
        assert np.isfinite(model.log_prob(np.full(3, 0.3), z, dtype=dtype)).all()
        x, found = model.from_noise(np.full((3, 1), 0.4), z, dtype=dtype)
        assert ((x >= 0) & (x <= 1)).all()
        assert np.isfinite(found).all()


def test_the_advice_names_every_base_that_can_be_truncated():
    with pytest.raises(flowspec.FlowError) as caught:
        flowspec.parse("Truncated(Gamma(2, 1), 1)")
    advised = set(caught.value.diagnostics[0].help.partition(": ")[2].split(", "))
    assert advised == {name for name, kind in bases().items() if issubclass(kind, WithQuantile)}
