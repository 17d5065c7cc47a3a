"""Sylvester, against its formula in matrices."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import flowspec
from flowspec.model.model import Model
from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.learned.sylvester import Sylvester

RANDOM = np.random.default_rng(0)


def made(rank, size):
    a, bent = RANDOM.normal(size=(2, rank, rank))
    return Sylvester(rank, RANDOM.normal(size=(rank, size)), a, bent, RANDOM.normal(size=(rank, 1)))


@pytest.mark.parametrize(("rank", "size"), [(1, 1), (2, 3), (4, 4)])
def test_is_the_formula_and_comes_back(rank, size):
    step = made(rank, size)
    x = RANDOM.normal(size=(size, 30)) * 2
    basis = step._basis(REFERENCE, size)
    assert_allclose(basis.T @ basis, np.eye(rank), atol=1e-12)
    a, bent = (
        np.triu(free, 1) + np.diag(0.99 * np.tanh(np.diag(free))) for free in (step.a, step.bent)
    )
    y, log_det = step.forward_and_log_det(REFERENCE, x)
    assert_allclose(y, x + basis @ a @ np.tanh(bent @ basis.T @ x + step.b), atol=1e-12)
    again, back = step.inverse_and_log_det(REFERENCE, y)
    assert_allclose(again, x, atol=1e-10)
    assert_allclose(back, log_det, atol=1e-9)


def test_starts_from_random_numbers_of_the_seed():
    flow = flowspec.parse("Normal(0, 1)[3] |> Sylvester(2)")
    first, again, other = (
        Model(flow, seed=seed).complete_weights["steps.0.directions"] for seed in (0, 0, 1)
    )
    assert (first == again).all()
    assert (first != other).all()
