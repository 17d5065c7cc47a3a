"""LogNormal against scipy."""

import math

import pytest
from scipy import stats


@pytest.mark.parametrize(
    ("text", "law"),
    [("LogNormal", stats.lognorm(1)), ("LogNormal(2, 0.5)", stats.lognorm(0.5, scale=math.exp(2)))],
)
def test_law(text, law, follows, has_quantiles):
    follows(text, law)
    has_quantiles(text, law)


def test_support_is_open_at_zero(log_prob):
    found = log_prob("LogNormal", [0, -1, 1e-300, 1e300])
    assert found[:2].tolist() == [-math.inf, -math.inf]
    assert found[2:] == pytest.approx(stats.lognorm(1).logpdf([1e-300, 1e300]))
