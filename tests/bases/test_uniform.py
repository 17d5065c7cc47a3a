"""Uniform and CircularUniform."""

import math

import numpy as np
import pytest
from scipy import stats

import flowspec
from flowspec.model.model import Model
from flowspec.ops.numpy import NumpyOps


@pytest.mark.parametrize(
    ("text", "law"), [("Uniform", stats.uniform()), ("Uniform(-2, 3)", stats.uniform(-2, 5))]
)
def test_law(text, law, follows, has_quantiles):
    follows(text, law)
    # scipy's own upper tail is 1 - cdf.
    has_quantiles(text, law, rtol=1e-6)


def test_distribution_function_outside(base):
    found = base("Uniform(1, 2)")
    assert found.cdf(NumpyOps(), np.array([0.0, 5.0])).tolist() == [0, 1]
    assert found.survival(NumpyOps(), np.array([0.0, 5.0])).tolist() == [1, 0]


@pytest.mark.parametrize("text", ["Uniform(0, 1)", "CircularUniform(0, 1)"])
def test_ends_are_inside_and_missing_values_stay_missing(text, log_prob):
    found = log_prob(text, [-0.1, 0, 0.5, 1, 1.1, math.inf, math.nan])
    np.testing.assert_array_equal(found, [-math.inf, 0, 0, 0, -math.inf, -math.inf, math.nan])


def test_circle_is_covered_evenly(draw, log_prob):
    assert (
        stats.ks_1samp(draw("CircularUniform"), stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue
        > 1e-3
    )
    assert log_prob("CircularUniform[2]", [[1.0, -3.0]]) == pytest.approx(
        -2 * math.log(2 * math.pi)
    )


def test_trained_ends_decide_what_lies_outside():
    flow = flowspec.parse("Uniform(learn(0, high=1), learn(2, low=1))")
    assert str(flow.space) == "real"
    model = Model(flow, {"base.low": np.array(-3.0), "base.high": np.array(5.0)})
    np.testing.assert_allclose(
        model.log_prob([-4, -3, 5, 6]), [-math.inf, -math.log(8), -math.log(8), -math.inf]
    )


def test_ends_in_the_wrong_order_are_refused():
    for text in (
        "Uniform(1, 0)",
        "Uniform(1, 1)",
        "Uniform([0, 3], 2)",
        "Uniform(learn(0), learn(1))",
        "CircularUniform(2, 1)",
    ):
        with pytest.raises(flowspec.FlowError, match="must be less than"):
            flowspec.parse(text)
