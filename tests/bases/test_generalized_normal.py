"""GeneralizedNormal against scipy and zuko."""

import numpy as np
import pytest
import torch
import zuko
from scipy import stats


@pytest.mark.parametrize("power", [0.6, 1, 2, 8])
def test_law(power, follows):
    follows(f"GeneralizedNormal({power}, 1, 2)", stats.gennorm(power, 1, 2))


def test_density_is_that_of_zuko(log_prob):
    x = np.linspace(-3, 3, 13)
    law = zuko.distributions.GeneralizedNormal(torch.tensor(3.0, dtype=torch.float64))
    np.testing.assert_allclose(
        log_prob("GeneralizedNormal(3)", x), law.log_prob(torch.tensor(x)).numpy()
    )


def test_centre_is_finite_for_a_sharp_peak(log_prob):
    assert log_prob("GeneralizedNormal(0.3)", [0.0]) == pytest.approx(stats.gennorm(0.3).logpdf(0))
