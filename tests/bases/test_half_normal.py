"""HalfNormal against scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from flowspec.ops.numpy import NumpyOps


@pytest.mark.parametrize(
    ("text", "law"), [("HalfNormal", stats.halfnorm()), ("HalfNormal(3)", stats.halfnorm(scale=3))]
)
def test_law(text, law, follows, has_quantiles):
    follows(text, law)
    has_quantiles(text, law)


def test_distribution_function_near_zero_keeps_its_digits(base):
    x = np.array([1e-30, 1e-9, 0.3, 0.70, 0.71, 3.0])
    np.testing.assert_allclose(
        base("HalfNormal").cdf(NumpyOps(), x),
        [math.erf(each / math.sqrt(2)) for each in x],
        rtol=4e-15,
    )


def test_zero_is_inside(log_prob):
    assert log_prob("HalfNormal", [0, -1]) == pytest.approx(
        [0.5 * math.log(2 / math.pi), -math.inf]
    )
