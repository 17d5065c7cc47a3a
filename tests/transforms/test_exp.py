"""Exp and Log against torch."""

import numpy as np
from torch.distributions import transforms

from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.elementwise.exp import Exp, Log


def test_exp_equals_torch(agree):
    agree(Exp(), transforms.ExpTransform(), np.array([-700.0, -1.0, 0.0, 2.0, 700.0]))


def test_log_equals_torch(agree):
    agree(Log(), transforms.ExpTransform().inv, np.array([1e-300, 0.5, 1.0, 3.0, 1e300]))


def test_log_of_what_overflows_has_a_finite_slope():
    with np.errstate(over="ignore"):
        assert Log().inverse_and_log_slope(REFERENCE, np.array([1e5]))[1] == [-1e5]


def test_support(support):
    assert support("Normal(0, 1) |> Exp") == "positive"
    assert support("Uniform(0, 1) |> Exp |> Log") == "[0, 1]"
