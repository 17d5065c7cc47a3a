"""Join: independent blocks."""

import numpy as np
import pytest
from scipy import stats

import flowspec
from flowspec.model.model import Model

TEXT = "Join(Normal(1, 2), Exponential([1, 3]), VonMises(0, 2), Beta(2, 3))"
LAWS = [
    stats.norm(1, 2),
    stats.expon(),
    stats.expon(scale=1 / 3),
    stats.vonmises(2),
    stats.beta(2, 3),
]


def test_density_is_the_product(log_prob, draw):
    x = draw(TEXT, 50)
    expected = sum(law.logpdf(x[:, i]) for i, law in enumerate(LAWS))
    np.testing.assert_allclose(log_prob(TEXT, x), expected, rtol=1e-12)


def test_draws_follow_each_law_and_are_independent(draw):
    x = draw(TEXT)
    for column, law in zip(x.T, LAWS, strict=True):
        assert stats.ks_1samp(column, law.cdf).pvalue > 1e-3
    assert np.abs(np.corrcoef(x.T) - np.eye(5)).max() < 0.03


def test_support_and_noise_are_those_of_the_blocks():
    flow = flowspec.parse("Join(Normal(0, 1), Uniform(0, 1)[2], Join(Exponential, Normal[2]))")
    assert str(flow.space) == "real, [0, 1] x 2, nonnegative, real x 2"
    assert flow.noise == ("normal", "uniform", "uniform", "uniform", "normal", "normal")


def test_one_block_outside_is_outside(log_prob):
    assert log_prob("Join(Normal(0, 1), Uniform(0, 1))", [[0, 2], [0, -1]]).tolist() == [
        -np.inf,
        -np.inf,
    ]


def test_trained_support_of_a_block():
    flow = flowspec.parse("Join(Normal(0, 1), Uniform(learn(0, high=1), learn(2, low=1)))")
    model = Model(flow, {"base.bases.1.high": np.array(5.0)})
    found = model.log_prob([[0, 4.5], [0, 5.5]])
    assert found == pytest.approx([stats.norm.logpdf(0) - np.log(5), -np.inf])


def test_join_has_no_copies():
    with pytest.raises(flowspec.FlowError, match="cannot have copies"):
        flowspec.parse("Join(Uniform([0, 1], [1, 2]))[2]")


def test_mistake_inside_is_reported_once():
    with pytest.raises(flowspec.FlowError) as caught:
        flowspec.parse("Join(Uniform([0, 1], [1, 2, 3]), Normal(0, 1))")
    assert [type(each).__name__ for each in caught.value.diagnostics] == ["UnequalSizes"]
