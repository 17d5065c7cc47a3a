"""Gaussianization against zuko, and against a mixture whose distribution is known."""

import numpy as np
import torch
import zuko
from scipy import stats

import flowspec
from flowspec.transforms.splines.gaussianization import Gaussianization

RANDOM = np.random.default_rng(0)


def test_equals_zuko(agree):
    shift, log_scale = RANDOM.normal(size=(2, 6))
    oracle = zuko.transforms.GaussianizationTransform(torch.tensor(shift), torch.tensor(log_scale))
    agree(
        Gaussianization(6, shift[:, None], log_scale[:, None]),
        oracle,
        RANDOM.uniform(-2, 2, size=50),
        rtol=1e-6,
        atol=2e-5,
    )  # zuko looks for the inverse up to 1e-6


def test_makes_a_normal_of_a_mixture():
    flow = flowspec.parse(
        "Normal(0, 1) |> inverse { Gaussianization(2, [2, -3], [0, 0.5]) } |> inverse { Shift(0) }"
    )
    forward = flowspec.parse("Normal(0, 1) |> inverse { Gaussianization(2, [2, -3], [0, 0.5]) }")
    scale = np.exp(-0.5)
    x = np.linspace(-4, 4, 41)
    expected = np.log(0.5 * stats.norm.pdf(x, -2, 1) + 0.5 * stats.norm.pdf(x, 3 * scale, scale))
    np.testing.assert_allclose(flowspec.Model(flow).log_prob(x), expected, atol=1e-5)
    np.testing.assert_allclose(flowspec.Model(forward).log_prob(x), expected, atol=1e-5)
