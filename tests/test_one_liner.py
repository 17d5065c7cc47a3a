"""The one-liner, from text to onnxruntime: what the project promises on its first page."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

import flowspec

TEXT = "Normal(0,1) |> Affine(0,2) |> Tanh |> Affine(0.5,0.5)"
POINTS = [0.1, 0.5, 0.77]
DENSITIES = [-0.0481559, -0.9189385, -0.6198176]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return flowspec.load(
        flowspec.compile(flowspec.parse(TEXT), tmp_path_factory.mktemp("one") / "bundle")
    )


def test_its_density_in_every_interpreter(bundle):
    flow = flowspec.parse(TEXT)
    found = [
        flowspec.Model(flow).log_prob(POINTS),
        bundle.log_prob(POINTS),
        flowspec.to_torch(flow)().log_prob(torch.tensor(POINTS)).numpy(),
    ]
    for log_prob in found:
        np.testing.assert_allclose(log_prob, DENSITIES, atol=3e-7)


def test_outside_it_is_minus_infinity_and_nan_stays_nan(bundle):
    outside = [-1.0, 0.0, 1.0, 1.5, np.inf, -np.inf]
    assert np.isneginf(bundle.log_prob(outside)).all()
    assert np.isnan(bundle.log_prob([np.nan])).all()


def test_its_support_is_derived():
    assert str(flowspec.parse(TEXT).space) == "(0, 1)"


def test_its_density_graph_is_small(bundle):
    graph = onnx.load(bundle.path / "log_prob.onnx").graph
    support_test = [node for node in graph.node if node.name.startswith("support/")]
    assert graph.node[-1].op_type == "Where", "the last node sets -inf outside the support"
    assert len(graph.node) - len(support_test) - 1 <= 16


def test_samples_carry_their_density(bundle):
    x, log_prob = bundle.sample(1000, seed=3, with_log_prob=True)
    assert ((x > 0) & (x < 1)).all()
    inner = (x > 1e-3) & (x < 1 - 1e-3)
    np.testing.assert_allclose(bundle.log_prob(x)[inner], log_prob[inner], atol=2e-3)
