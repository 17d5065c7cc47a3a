"""Exponential against scipy."""

import math

import pytest
from scipy import stats


@pytest.mark.parametrize(
    ("text", "law"), [("Exponential", stats.expon()), ("Exponential(4)", stats.expon(scale=0.25))]
)
def test_law(text, law, follows, has_quantiles):
    follows(text, law)
    has_quantiles(text, law)


def test_zero_is_inside(log_prob):
    assert log_prob("Exponential(2)", [0, -1e-30, 1e15]) == pytest.approx(
        [math.log(2), -math.inf, -2e15]
    )
