"""An angle in the context: networks see it without a seam, arguments take it as a number."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec import FlowError
from flowspec.model.model import Model
from flowspec.runtime.verification import verify

NETWORKS = [
    "Normal(0, 1)[2] |> Autoregressive(MonotonicAffine, hidden=[4])",
    "Normal(0, 1)[2] "
    "|> Autoregressive(MonotonicAffine, hidden=[4], adjacency=[[1, 0, 1, 0], [1, 1, 0, 1]])",
    "Normal(0, 1)[2] |> Coupling(MonotonicAffine, hidden=[4])",
    "Normal(0, 1)[2] |> Elementwise(MonotonicAffine, hidden=[4])",
    "GaussianMixture(2, components=2, hidden=[4])",
    "CNF(2, hidden=[4])",
    "BNAF(2, hidden=[2], transforms=1)",
]
HEAD = "context z: circle(0, 360), w: real\n"
RANDOM = np.random.default_rng(0)
ANGLES = RANDOM.uniform(0, 360, 200)
CONTEXT = np.stack([ANGLES, RANDOM.normal(5, 2, 200)], axis=1)
DATA = np.cos(np.radians(ANGLES))[:, None] + RANDOM.normal(size=(200, 2))


@pytest.fixture(scope="module")
def model() -> Model:
    flow = flowspec.parse(f"{HEAD}MAF(2, hidden=[8], transforms=1)")
    return flowspec.fit(flow, DATA, CONTEXT, epochs=2, validation=0.0)


@pytest.mark.parametrize("text", NETWORKS)
def test_both_ends_of_a_circle_give_one_density(text):
    model = Model(flowspec.parse(HEAD + text))
    ends = model.log_prob([[0.3, -1], [0.3, -1]], [[0, 1], [360, 1]])
    assert ends[0] == pytest.approx(ends[1], rel=1e-12)


def test_the_density_depends_on_the_angle():
    model = Model(flowspec.parse(f"{HEAD}MAF(2, hidden=[8], transforms=1)"))
    first, second = model.log_prob([[0.3, -1], [0.3, -1]], [[90, 1], [270, 1]])
    assert first != pytest.approx(second, rel=1e-6)


def test_an_adjacency_says_who_sees_an_angle():
    model = Model(flowspec.parse(HEAD + NETWORKS[1]))
    noise = np.array([[0.3, -1.0]] * 2)
    x, _ = model.from_noise(noise, [[0, 1], [90, 1]])
    assert x[0, 0] != x[1, 0]
    other, _ = model.from_noise(noise, [[0, 1], [0, 2]])
    assert other[0, 0] == other[1, 0]


def test_only_numbers_are_brought_to_one_scale(model):
    location, scale = model.weights["context.location"], model.weights["context.scale"]
    assert (location[0], scale[0]) == (0, 1)
    assert location[1] == pytest.approx(CONTEXT[:, 1].mean(), rel=1e-6)
    assert scale[1] == pytest.approx(CONTEXT[:, 1].std(), rel=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_graphs_have_it(model, tmp_path, dtype):
    bundle = flowspec.load(flowspec.compile(model, tmp_path / "it", dtype=dtype))
    assert all(each.passed for each in verify(tmp_path / "it"))
    context = np.array([[0, 5], [360, 5], [100, 4]])
    np.testing.assert_allclose(
        bundle.log_prob(DATA[:3], context),
        model.log_prob(DATA[:3], context),
        rtol=1e-4 if dtype == "float32" else 1e-12,
    )
    assert flowspec.from_json(bundle.about["flow"]) == model.flow


def test_a_module_has_it(model):
    import torch

    module = flowspec.to_torch(model, dtype=torch.float64)
    found = module(torch.tensor(CONTEXT)).log_prob(torch.tensor(DATA)).detach()
    np.testing.assert_allclose(found, model.log_prob(DATA, CONTEXT), rtol=1e-10)


def test_an_angle_beyond_its_circle_is_refused(model):
    words = r"context `z` is 361 in row 1, outside of circle\(0, 360\)"
    with pytest.raises(FlowError, match=words):
        model.log_prob(DATA[:1], [[361, 0]])


def test_an_argument_takes_an_angle_as_a_number():
    text = "context z: circle\nCircularUniform(-pi, pi) |> CircularShift(z)"
    x, _ = Model(flowspec.parse(text)).from_noise([0.75, 0.75], [[0.0], [1.0]])
    np.testing.assert_allclose(x, [math.pi / 2, math.pi / 2 + 1])


def test_an_angle_that_may_be_zero_is_no_scale():
    with pytest.raises(FlowError, match="the context `z` can be numbers in"):
        flowspec.parse("context z: circle(0, 1)\nNormal(0, 1) |> Scale(z)")
