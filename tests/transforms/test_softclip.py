"""Softclip and Softsign against zuko."""

import numpy as np
import pytest
import torch
import zuko
from numpy.testing import assert_allclose

from flowspec.ops.numpy import REFERENCE
from flowspec.ops.torch import TorchOps
from flowspec.transforms.elementwise.softclip import Softclip, Softsign

X = np.array([-1e3, -1.0, 0.0, 0.5, 30.0])
PARTS = pytest.mark.parametrize(
    "part, bound", [(Softsign(), 1.0), (Softclip(5.0), 5.0)], ids=["Softsign", "Softclip"]
)


@PARTS
def test_equals_zuko(agree, part, bound):
    agree(part, zuko.transforms.SoftclipTransform(bound), X, rtol=1e-10)


@PARTS
def test_log_slope_of_far_points(part, bound):
    assert_allclose(
        part.log_slope(REFERENCE, np.array([1e15])), -2 * np.log(1e15 / bound), rtol=1e-12
    )


@PARTS
def test_gradient_at_zero(part, bound):
    x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    y, log_slope = part.forward_and_log_slope(TorchOps(torch.float64), x)
    assert torch.autograd.grad(y.sum() + log_slope.sum(), x)[0] == 1


def test_support(support):
    assert support("Normal(0, 1) |> Softclip(5)") == "(-5, 5)"
    assert support("Normal(0, 1) |> Softsign |> inverse { Softsign }") == "real"
