"""Laplace against scipy."""

import pytest
from scipy import stats


@pytest.mark.parametrize(
    ("text", "law"),
    [("Laplace(0, 1)", stats.laplace()), ("Laplace(-3, 0.2)", stats.laplace(-3, 0.2))],
)
def test_law(text, law, follows, has_quantiles):
    follows(text, law)
    has_quantiles(text, law)


def test_far_tails(log_prob):
    assert log_prob("Laplace(0, 1)", [-1e15, 1e15]) == pytest.approx([-1e15, -1e15])
