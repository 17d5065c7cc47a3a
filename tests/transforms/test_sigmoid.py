"""Sigmoid and Logit against torch, in the tails too."""

import numpy as np
import scipy.stats
from numpy.testing import assert_allclose
from torch.distributions import transforms

from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.elementwise.sigmoid import Logit, Sigmoid


def test_sigmoid_equals_torch(agree):
    agree(
        Sigmoid(), transforms.SigmoidTransform(), np.array([-20.0, -1.0, 0.0, 2.0, 5.0]), rtol=1e-12
    )


def test_logit_equals_torch(agree):
    agree(
        Logit(), transforms.SigmoidTransform().inv, np.array([1e-12, 0.25, 0.5, 0.875]), rtol=1e-12
    )


def test_log_slope_of_far_points():
    x = np.array([-1e15, -800.0, 800.0])
    assert_allclose(Sigmoid().log_slope(REFERENCE, x), -np.abs(x))


def test_logit_of_a_uniform_is_logistic(density):
    x = np.array([-700.0, -40.0, 0.0, 1.0, 40.0, 700.0])
    assert_allclose(density("Uniform(0, 1) |> Logit", x), scipy.stats.logistic.logpdf(x))


def test_support(support):
    assert support("Normal(0, 1) |> Sigmoid") == "(0, 1)"
    assert support("Uniform(0, 1) |> Logit") == "real"
