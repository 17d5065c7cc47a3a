"""The search for an inverse: exact to the last digits, with the inverse's derivatives."""

import numpy as np
import pytest
import torch

from flowspec.ops.numpy import NumpyOps
from flowspec.ops.torch import TorchOps
from flowspec.transforms.splines.searched import MARGIN, continued, invert


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_finds_roots_of_steep_and_flat_functions(dtype):
    ops = NumpyOps(dtype)
    x = np.linspace(-9, 9, 101).astype(dtype)

    def function(z):
        steep = np.tanh(50 * z)
        return z**3 + steep, np.log(3 * z**2 + 50 * (1 - steep**2) + 1e-30)

    found = invert(ops, function, function(x)[0], 10.0)
    np.testing.assert_allclose(
        found, x, rtol=20 * np.finfo(dtype).eps, atol=1e-6 if dtype == "float32" else 1e-14
    )


def test_gradients_are_those_of_the_inverse_function():
    ops = TorchOps(torch.float64)
    scale = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    y = torch.linspace(-3, 3, 7, dtype=torch.float64, requires_grad=True)

    def inverse(y, scale):
        return invert(
            ops,
            lambda x: (x + scale * torch.tanh(x), torch.log1p(scale / torch.cosh(x) ** 2)),
            y,
            10.0,
        )

    assert torch.autograd.gradcheck(inverse, (y, scale))


def test_what_lies_beyond_the_limit_is_found_exactly():
    """Even where the slope changes right up to the limit."""
    whole = continued(NumpyOps(), lambda x: (x + np.sin(x), np.log1p(np.cos(x))), 10.0)
    x = np.array([-1e6, -10.1, -10.0, 10.0, 10.001, 25.0, 1e9])
    np.testing.assert_allclose(invert(NumpyOps(), whole, whole(x)[0], MARGIN * 10.0), x, rtol=1e-12)


def test_nan_stays_nan():
    found = invert(
        NumpyOps(), lambda x: (2 * x, np.log(2.0) + 0 * x), np.array([np.nan, 1.0]), 10.0
    )
    assert np.isnan(found[0])
    assert found[1] == 0.5
