"""Points on the ends of bounded supports, and next to them, keep all their digits in float32."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import flowspec
from flowspec.ir import registry
from flowspec.model.binding import bind
from flowspec.ops.numpy import NumpyOps
from flowspec.transforms import chain
from flowspec.transforms.bounded import Bounded, FromBounded
from tests.helpers.ends import at_the_ends

BOUNDED = sorted(name for name, kind in registry.transforms().items() if issubclass(kind, Bounded))
UNDOING = sorted(
    name for name, kind in registry.transforms().items() if issubclass(kind, FromBounded)
)
BASES = {"Sin": "Uniform(-pi/2, pi/2)", "Cos": "Uniform(0, pi)"}

WRITTEN = {
    "onto": "event x: (0, 400)\nNormal(0, 1) |> Onto(event)",
    "onto closed": "event x: [0, 0.1]\nNormal(0, 1) |> Onto(event)",
    "onto with ends that no float32 is": "event x: (0.1, 0.3)\nNormal(0, 1) |> Onto(event)",
    "onto one end": "event x: (-inf, 0.1)\nNormal(0, 1) |> Onto(event)",
    "mirrored": "Normal(0, 1) |> Sigmoid |> Affine(400, -400)",
    "in two steps": "Normal(0, 1) |> Sigmoid |> Affine(1, 3) |> Affine(-1, 133)",
    "inverse of a scale": "Normal(0, 1) |> Tanh |> inverse { Affine(-1, 0.005) }",
    "inverse of a logit": "Logistic(0, 1) |> inverse { Logit } |> Scale(400)",
    "with a setting": "Normal(0, 1) |> Softclip(200) |> Shift(200)",
    "a base": "Beta(2, 3) |> Scale(400)",
    "a trained base": "Beta(learn(2), learn(3)) |> Scale(400)",
    "above an end": "Gamma(2, 1) |> Affine(0.1, 3)",
}


def same_in_float32(text: str) -> None:
    flow = flowspec.parse(text)
    model, x = flowspec.Model(flow), at_the_ends(flow.space.intervals[0])
    accurate = model.log_prob(x)
    inside = ~np.isneginf(accurate)
    told = inside & (accurate > -1e36)  # a float32 cannot tell more of the others
    assert told.sum() >= 4
    torch_log_prob = flowspec.to_torch(flow, dtype=torch.float32)().log_prob(torch.as_tensor(x))
    for log_prob in (model.log_prob(x, dtype=np.float32), torch_log_prob.detach().numpy()):
        np.testing.assert_array_equal(np.isfinite(log_prob), inside)
        np.testing.assert_allclose(log_prob[told], accurate[told], rtol=4e-6, atol=4e-6)


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_float32_is_right_next_to_an_end(text):
    same_in_float32(text)


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("behind", ["Affine(200, 200)", "Affine(0.1, -0.7)"])
def test_every_bounded_map_keeps_the_distance_to_both_ends(name, behind):
    same_in_float32(f"{BASES.get(name, 'Normal(0, 1)')} |> {name} |> {behind}")


@pytest.mark.parametrize("name", UNDOING)
def test_what_undoes_a_bounded_map_keeps_the_distance_too(name):
    low = registry.transforms()[name].domain.low
    before = "Scale(0.0025)" if low == 0 else "Affine(-1, 0.005)"
    model = flowspec.Model(flowspec.parse(f"Uniform(0, 400) |> {before} |> {name}"))
    x = np.array([399.99997, 399.9, 100, 1e-30], np.float32)
    single, double = (
        chain.forward(ops, bind(ops, model.fixed).steps, x.astype(ops.dtype))
        for ops in (NumpyOps(np.float32), NumpyOps())
    )
    np.testing.assert_allclose(single, double, rtol=2e-6)


def test_coordinates_of_a_vector_keep_their_own_ends():
    flow = flowspec.parse(
        "event a: (0, 400), b: positive, c: (-3, 0.1)\nNormal(0, 1)[3] |> Onto(event)"
    )
    x = np.array([[399.99997, 1e-30, 0.0999999], [3e-5, 2, -2.9999998]], np.float32)
    model = flowspec.Model(flow)
    np.testing.assert_allclose(model.log_prob(x, dtype=np.float32), model.log_prob(x), rtol=2e-6)


def test_the_graph_is_right_next_to_an_end(tmp_path):
    flow = flowspec.parse(WRITTEN["onto with ends that no float32 is"])
    x = at_the_ends(flow.space.intervals[0])
    log_prob = flowspec.load(flowspec.compile(flow, tmp_path / "m")).log_prob(x)
    np.testing.assert_allclose(log_prob, flowspec.Model(flow).log_prob(x), rtol=2e-6)


CLOSED = {
    "Uniform(0, 0.1)": [0, 0.1],
    "Uniform(-0.7, 0.3)": [-0.7, 0.3],
    "VonMises(0, 1)": [-np.pi, np.pi],
    "CircularUniform(-0.1, 0.3)": [-0.1, 0.3],
}


@pytest.mark.parametrize("text", CLOSED)
def test_the_nearest_float32_to_a_closed_end_is_inside(text, tmp_path):
    """And the next one beyond is not."""
    ends = np.array(CLOSED[text], np.float32)
    beyond = np.array([np.nextafter(ends[0], np.float32(-9)), np.nextafter(ends[1], np.float32(9))])
    flow = flowspec.parse(text)
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "m"))
    module, model = flowspec.to_torch(flow, dtype=torch.float32), flowspec.Model(flow)
    for log_prob in (
        bundle.log_prob,
        model.log_prob,
        lambda x: model.log_prob(x, dtype=np.float32),
        lambda x: module().log_prob(torch.as_tensor(x)).detach().numpy(),
    ):
        assert np.isfinite(log_prob(ends)).all()
        assert np.isneginf(log_prob(beyond)).all()


def test_in_float64_a_closed_end_is_itself():
    model = flowspec.Model(flowspec.parse("Uniform(0, 0.1)"))
    assert np.isfinite(model.log_prob([0.1])).all()
    assert np.isneginf(model.log_prob([np.nextafter(0.1, 1)])).all()


def test_the_nearest_float32_to_a_closed_end_of_a_context_is_inside(tmp_path):
    flow = flowspec.parse("context z: [-0.3, 0.1]\nNormal(z, 1)")
    ends = np.array([[-0.3], [0.1]], np.float32)
    x = np.zeros(2, np.float32)
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "m"))
    np.testing.assert_allclose(bundle.log_prob(x, ends), flowspec.Model(flow).log_prob(x, ends))
    beyond = np.nextafter(ends, np.float32(9) * np.sign(ends))
    for log_prob in (bundle.log_prob, flowspec.Model(flow).log_prob):
        with pytest.raises(flowspec.FlowError, match="outside of"):
            log_prob(x, beyond)
