"""NormalCDF and NormalQuantile against torch and scipy, in the tails too."""

import numpy as np
import scipy.stats
import torch
from numpy.testing import assert_allclose
from torch.distributions.transforms import CumulativeDistributionTransform

from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.elementwise.normal_cdf import NormalCDF, NormalQuantile


def test_equals_torch(agree):
    normal = torch.distributions.Normal(torch.tensor(0.0, dtype=torch.float64), 1)
    agree(NormalCDF(), CumulativeDistributionTransform(normal), np.linspace(-2, 2, 9), rtol=1e-11)


def test_lower_tail_is_exact():
    x = np.array([-37.0, -20.0, -8.0])
    assert_allclose(NormalCDF().forward(REFERENCE, x), scipy.stats.norm.cdf(x), rtol=1e-12)
    assert_allclose(NormalCDF().inverse(REFERENCE, scipy.stats.norm.cdf(x)), x, rtol=1e-12)


def test_log_slope_stays_finite_in_the_tails():
    y = np.array([-30.0, 30.0])
    assert_allclose(NormalCDF().log_slope(REFERENCE, y), scipy.stats.norm.logpdf(y))
    assert_allclose(
        NormalQuantile().inverse_and_log_slope(REFERENCE, y)[1], -scipy.stats.norm.logpdf(y)
    )


def test_quantile_of_a_uniform_is_normal(density):
    x = np.array([-30.0, -1.0, 0.0, 5.0, 30.0])
    assert_allclose(density("Uniform(0, 1) |> NormalQuantile", x), scipy.stats.norm.logpdf(x))


def test_support(support):
    assert support("Normal(0, 1) |> NormalCDF") == "(0, 1)"
    assert support("Uniform(0, 1) |> NormalQuantile") == "real"
