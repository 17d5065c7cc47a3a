"""What a training starts from, and where its weight decay draws it."""

import numpy as np
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

import flowspec

MIXED = np.random.default_rng(1).normal(size=(6, 6))
ROWS = np.random.default_rng(0).normal(size=(1500, 6)) @ MIXED
OTHERS = np.random.default_rng(2).normal(size=(3000, 6)) @ MIXED


def gaussian() -> float:
    """What one Gaussian scores, fitted to the same rows."""
    density = multivariate_normal(ROWS.mean(axis=0), np.cov(ROWS.T))
    return float(density.logpdf(OTHERS).mean())


def test_a_flow_with_lu_linear_starts_at_one_gaussian():
    flow = flowspec.parse("Normal(0, 1)[6] |> LULinear |> Standardize")
    model = flowspec.fit(flow, ROWS, epochs=1, steps=0, learning_rate=1e-9, validation=0)
    assert_allclose(model.log_prob(OTHERS).mean(), gaussian(), atol=0.01)


def test_weight_decay_leaves_matrices_and_scales_alone():
    flow = flowspec.parse("Normal(0, 1)[6] |> LULinear |> Standardize")
    settings = {"optimizer": "adamw", "weight_decay": 1, "learning_rate": 1e-2}
    model = flowspec.fit(flow, ROWS, epochs=40, **settings)
    assert_allclose(model.log_prob(OTHERS).mean(), gaussian(), atol=0.03)


def test_weight_decay_draws_networks_to_nought():
    flow = flowspec.parse("NSF(6, transforms=1, hidden=[8]) |> Standardize")
    norms = [
        np.sqrt(sum(np.sum(w**2) for path, w in model.weights.items() if ".network." in path))
        for decay in (0, 10)
        for model in [flowspec.fit(flow, ROWS, epochs=15, optimizer="adamw", weight_decay=decay)]
    ]
    assert norms[1] < 0.7 * norms[0]
