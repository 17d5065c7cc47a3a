"""Cauchy against scipy."""

import pytest
from scipy import stats


@pytest.mark.parametrize(
    ("text", "law"), [("Cauchy(0, 1)", stats.cauchy()), ("Cauchy(-3, 0.2)", stats.cauchy(-3, 0.2))]
)
def test_law(text, law, follows, has_quantiles):
    follows(text, law)
    has_quantiles(text, law)


def test_far_tails(log_prob):
    # -log pi - 2 log |x|: the square of x overflows.
    assert log_prob("Cauchy(0, 1)", [1e200, -1e300]) == pytest.approx([-922.1787671, -1382.6957856])
