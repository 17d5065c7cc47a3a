"""Gumbel against scipy."""

import pytest
from scipy import stats


@pytest.mark.parametrize(
    ("text", "law"),
    [("Gumbel(0, 1)", stats.gumbel_r()), ("Gumbel(-3, 0.2)", stats.gumbel_r(-3, 0.2))],
)
def test_law(text, law, follows, has_quantiles):
    follows(text, law)
    has_quantiles(text, law)


def test_far_tails(log_prob):
    assert log_prob("Gumbel(0, 1)", [1e15, -5]) == pytest.approx([-1e15, 5 - 148.4131591025766])
