"""Ends that training or the context moves: points next to them keep all their digits in float32."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import flowspec
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.pairs import Pair, over, pair, plus, times
from tests.helpers.ends import at_the_ends

LEARNED = {
    "a scale": "Normal(0, 1) |> Sigmoid |> Scale(learn(400))",
    "a scale and a shift": "Normal(0, 1) |> Sigmoid |> Affine(learn(0.1), learn(400))",
    "mirrored": "Normal(0, 1) |> Tanh |> Affine(learn(-300), learn(-7))",
    "two of them": "Normal(0, 1) |> Sigmoid |> Affine(learn(-1), learn(2)) |> Affine(0.1, -333)",
    "the first is fixed": "Normal(0, 1) |> NormalCDF |> Affine(0.1, 3.14) |> Scale(learn(100))",
    "an inverse": "Normal(0, 1) |> Softclip(3) |> inverse { Affine(learn(0.1), learn(0.01)) }",
    "measured": "Normal(0, 1) |> Sigmoid |> ActNorm |> Scale(400)",
    "a base": "Beta(2, 3) |> Affine(learn(-100), learn(400))",
    "a trained base": "Beta(learn(2), learn(3)) |> Scale(learn(-400))",
}


def as_trained(text: str) -> tuple[torch.nn.Module, flowspec.Model]:
    """A module in float32, and the model whose weights are its very numbers."""
    module = flowspec.to_torch(flowspec.parse(text), dtype=torch.float32)
    weights = {
        path: value.detach().numpy().astype(float)
        for path, value in module.parameter_values(module.bound(torch.zeros(1), None)[0]).items()
    }
    return module, flowspec.Model(module.flow, weights)


@pytest.mark.parametrize("text", LEARNED.values(), ids=LEARNED)
def test_a_module_is_right_next_to_an_end_that_it_learns(text):
    module, model = as_trained(text)
    x = at_the_ends(model.fixed.space.intervals[0])
    accurate, single = model.log_prob(x), module().log_prob(torch.as_tensor(x)).detach().numpy()
    inside = np.isfinite(accurate) & (accurate > -1e36)
    assert inside.sum() >= 4
    np.testing.assert_array_equal(np.isneginf(single), np.isneginf(accurate))
    np.testing.assert_allclose(single[inside], accurate[inside], rtol=4e-6, atol=4e-6)


@pytest.mark.parametrize("text", LEARNED.values(), ids=LEARNED)
def test_gradients_are_finite_for_rows_beyond_the_ends_too(text):
    module, model = as_trained(text)
    end = np.float32(model.fixed.space.intervals[0].high)
    x = torch.tensor([end, end + 1000, end - 1000, end - np.abs(end) * 1e-3])
    log_prob = module().log_prob(x)
    assert torch.isneginf(log_prob[1:3]).all()
    log_prob[3].backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in module.parameters())


CONDITIONAL = {
    "a scale": ("Normal(0, 1) |> Sigmoid |> Affine(0, z)", 400),
    "an inverse": ("Normal(0, 1) |> Sigmoid |> inverse { Affine(0, z) }", 2**-8),
    "a base": ("Beta(2, 3) |> Scale(z)", 400),
}


@pytest.mark.parametrize(("text", "z"), CONDITIONAL.values(), ids=CONDITIONAL)
def test_every_interpreter_is_right_next_to_an_end_that_the_context_moves(text, z, tmp_path):
    flow = flowspec.parse(f"context z: positive\n{text}")
    width = z if z > 1 else 1 / z
    x = np.array([np.nextafter(np.float32(width), np.float32(0)), width / 3, 1e-5], np.float32)
    beyond = np.array([-1, width, 2 * width], np.float32)
    context = np.full((3, 1), z, np.float32)
    model, module = flowspec.Model(flow), flowspec.to_torch(flow, dtype=torch.float32)
    distribution = module(torch.as_tensor(context))
    for log_prob in (
        flowspec.load(flowspec.compile(flow, tmp_path / "m")).log_prob,
        lambda x, context: model.log_prob(x, context, dtype=np.float32),
        lambda x, context: distribution.log_prob(torch.as_tensor(x)).numpy(),
    ):
        np.testing.assert_allclose(log_prob(x, context), model.log_prob(x, context), rtol=2e-6)
        assert np.isneginf(log_prob(beyond, context)).all()


def test_coordinates_of_a_vector_have_ends_of_their_own():
    text = "Normal(0, 1)[3] |> on(0, 2) { Sigmoid |> Affine(learn(0.1), learn([400, 3])) }"
    module, model = as_trained(text)
    ends = [model.fixed.space.intervals[i].high for i in (0, 2)]
    near = [np.nextafter(np.float32(end), np.float32(0)) for end in ends]
    x = np.array([[near[0], 1, 2], [200, 1, near[1]], [near[0], 1, 5]], np.float32)
    single = module().log_prob(torch.as_tensor(x)).detach().numpy()
    np.testing.assert_allclose(single, model.log_prob(x), rtol=2e-6)
    assert np.isneginf(single).tolist() == [False, False, True]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pairs_hold_what_rounding_leaves_out(dtype):
    ops, rng = NumpyOps(dtype), np.random.default_rng(0)
    a, b = rng.normal(size=(2, 100)).astype(dtype)
    for result, exact in (
        (plus(ops, Pair(a), Pair(b)), a.astype(np.longdouble) + b),
        (times(ops, Pair(a), Pair(b)), a.astype(np.longdouble) * b),
        (over(ops, Pair(a), Pair(b)), a.astype(np.longdouble) / b),
    ):
        total = np.asarray(result.nearest, np.longdouble) + result.rest
        np.testing.assert_allclose(total, exact, rtol=float(np.finfo(dtype).eps) / 1000)


def test_a_plain_number_is_split_as_the_float_type_holds_it():
    assert pair(NumpyOps("float32"), 0.1) == (float(np.float32(0.1)), 0.1 - float(np.float32(0.1)))
    assert pair(NumpyOps("float64"), 0.1) == (0.1, 0.0)
