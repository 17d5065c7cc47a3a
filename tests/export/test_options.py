"""A target is what was asked for: batch, opset, float type."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

import flowspec
from flowspec import FlowError
from flowspec.runtime.verification import verify
from graphs import (
    GRAPHS,
    context_for,
    expected_signature,
    model,
    signature,
)

GIVEN = "context z: positive\nevent a, b: positive\nNormal(0, 1)[2] |> Scale(z) |> Onto(event)"
OPERATORS = (
    "Join(VonMises(0, 2), Gamma(2, 1), Normal(0, 1)[2])"
    " |> on(2, 3) { RQS |> LULinear |> SinhArcsinh(0.1, 2) |> Softplus }"
)
TEXTS = {"scalar": "Normal(0, 1) |> Tanh", "pair": "Normal(0, 1)[2] |> RQS", "given": GIVEN}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_fixed_batch_is_fixed_everywhere(made, text):
    bundle = made(text, batch=6)
    for graph in GRAPHS:
        found = model(bundle, graph).graph
        inputs, outputs = expected_signature(bundle, graph, rows=6)
        assert (signature(found.input), signature(found.output)) == (inputs, outputs)
    assert [each for each in verify(bundle.path) if not each.passed] == []
    feeds = {
        name: np.zeros((5, *shape[1:]), bundle.dtype)
        for name, (_, shape) in expected_signature(bundle, "log_prob", 6)[0].items()
    }
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument):
        bundle.session("log_prob").run(None, feeds)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("rows", [0, 6, 20])
def test_a_fixed_batch_gives_the_numbers_of_a_free_one(made, text, rows):
    free, fixed = made(text, "free"), made(text, "fixed", batch=6)
    context = context_for(free, rows).get("context")
    count = None if free.context else rows
    for one, other in zip(
        free.sample(count, seed=4, context=context, first_row=9, with_log_prob=True),
        fixed.sample(count, seed=4, context=context, first_row=9, with_log_prob=True),
        strict=True,
    ):
        assert len(one) == rows
        np.testing.assert_allclose(other, one, rtol=2e-6, atol=2e-6)
    x = free.sample(count, seed=4, context=context)
    np.testing.assert_allclose(
        fixed.log_prob(x, context), free.log_prob(x, context), rtol=2e-6, atol=2e-6
    )
    standard = np.random.default_rng(0).random((rows, len(free.noise)))
    for one, other in zip(
        free.from_noise(standard, context), fixed.from_noise(standard, context), strict=True
    ):
        np.testing.assert_allclose(other, one, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize(("opset", "ir_version"), [(18, 8), (19, 9), (20, 9), (21, 10), (22, 10)])
def test_an_opset_is_heeded_with_the_oldest_ir_version_for_it(made, opset, ir_version):
    bundle = made(OPERATORS, opset=opset)
    for graph in GRAPHS:
        found = model(bundle, graph)
        onnx.checker.check_model(found, full_check=True)
        assert [(each.domain, each.version) for each in found.opset_import] == [("", opset)]
        assert found.ir_version == ir_version
    assert bundle.about["opset"] == opset
    assert [each for each in verify(bundle.path) if not each.passed] == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"dtype": "float16"}, "unknown-dtype"),
        ({"dtype": "double"}, "unknown-dtype"),
        ({"batch": 0}, "impossible-batch"),
        ({"batch": -1}, "impossible-batch"),
        ({"batch": 2**24 + 1}, "impossible-batch"),
        ({"opset": 17}, "opset-unsupported"),
        ({"opset": 23}, "opset-unsupported"),
    ],
    ids=str,
)
def test_a_target_that_cannot_be_had_is_refused(made, tmp_path, options, code):
    with pytest.raises(FlowError) as caught:
        made("Normal(0, 1)", **options)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]
    assert not list(tmp_path.iterdir())


def test_everything_wrong_with_a_target_is_told_at_once(made):
    with pytest.raises(FlowError) as caught:
        made("Normal(0, 1)", dtype="float16", batch=0, opset=1)
    assert len(caught.value.diagnostics) == 3


ODD_OPTIONS = [
    {"batch": 0},
    {"batch": -3},
    {"batch": True},
    {"batch": "7"},
    {"batch": 2.5},
    {"opset": 17},
    {"opset": 99},
    {"opset": "x"},
    {"dtype": "float16"},
    {"solver_error": -1},
    {"solver_error": float("nan")},
    {"weights": {"nope": 1}},
    {"weights": 3},
]


@pytest.mark.parametrize("option", ODD_OPTIONS, ids=str)
@pytest.mark.parametrize("text", ["Normal(0, 1)", "NAF(2, transforms=1, hidden=[8], network=[8])"])
def test_odd_options_are_refused_in_words(text, option, tmp_path):
    """No exception of Python's own reaches a user."""
    with pytest.raises((FlowError, TypeError)) as refused:
        flowspec.compile(flowspec.parse(text), tmp_path / "m", **option)
    assert isinstance(refused.value, FlowError) or "() takes" in str(refused.value)
    assert not (tmp_path / "m").exists()
