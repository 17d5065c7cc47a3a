"""Logistic against scipy."""

import pytest
from scipy import stats


@pytest.mark.parametrize(
    ("text", "law"),
    [("Logistic(0, 1)", stats.logistic()), ("Logistic(-3, 0.2)", stats.logistic(-3, 0.2))],
)
def test_law(text, law, follows, has_quantiles):
    follows(text, law)
    has_quantiles(text, law)


def test_far_tails(log_prob):
    assert log_prob("Logistic(0, 1)", [-1e15, 800, 1e-30]) == pytest.approx(
        [-1e15, -800, -1.3862943611198906]
    )
