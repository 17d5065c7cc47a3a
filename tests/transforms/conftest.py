"""What the tests of the transforms share."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

import flowspec
from flowspec import Model
from flowspec.ops.numpy import REFERENCE


@pytest.fixture
def agree():
    """agree(part, other, x): values, inverse and log-determinants of `part` are those of `other`,
    of torch or zuko.

    x is (N,) or (D, N); a part with vectors in its fields takes them as formulas see them, (D, 1).
    """

    def check(part, other, x, rtol=1e-12, atol=1e-14):
        rows = torch.tensor(np.asarray(x, float).T)
        expected = other(rows)
        slope = other.log_abs_det_jacobian(rows, expected)
        log_det = (slope if slope.dim() == 1 else slope.sum(-1)).numpy()
        y, found = part.forward_and_log_det(REFERENCE, x)
        back, found_back = part.inverse_and_log_det(REFERENCE, expected.numpy().T)
        assert_allclose(y, expected.numpy().T, rtol, atol)
        assert_allclose(back, other.inv(expected).numpy().T, rtol, atol)
        for each in (found, found_back):
            assert_allclose(np.broadcast_to(each, log_det.shape), log_det, rtol, atol)

    return check


@pytest.fixture
def support():
    """support(text): the support of the data of a flow, as the language writes it."""
    return lambda text: str(flowspec.parse(text).space)


@pytest.fixture
def density():
    """density(text, x): log-density of a flow at x."""
    return lambda text, x, **options: Model(flowspec.parse(text)).log_prob(x, **options)
