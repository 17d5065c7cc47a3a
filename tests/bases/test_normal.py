"""Normal against scipy."""

import pytest
from scipy import stats


@pytest.mark.parametrize(
    ("text", "law"), [("Normal(0, 1)", stats.norm()), ("Normal(-3, 0.2)", stats.norm(-3, 0.2))]
)
def test_law(text, law, follows, has_quantiles):
    follows(text, law)
    has_quantiles(text, law)


def test_coordinates_are_independent(log_prob):
    found = log_prob("Normal([0, 1], [1, 2])", [[0.3, -1.0]])
    assert found == pytest.approx(stats.norm.logpdf(0.3) + stats.norm.logpdf(-1, 1, 2))


def test_far_tails_are_finite(log_prob):
    assert log_prob("Normal(0, 1)", [1e15, -1e-300])[0] == pytest.approx(-5e29)
