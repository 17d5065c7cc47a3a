"""JAX differentiates the density that HSSM reads, and finds what the gradient graph says.

It runs where jax and jaxonnxruntime are installed, as in the environment of `make matrix`.
"""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax")
pytest.importorskip("jaxonnxruntime")

import onnx  # noqa: E402 (after the skips)

import flowspec  # noqa: E402
from flowspec.runtime.engines.jax import _reader  # noqa: E402

FLOWS = {
    "affine": "context k: real\nMAF(2, transforms=2, hidden=[8])",
    "splines": "context k: real, s: positive\nNSF(2, transforms=1, hidden=[8])",
    "ends": "context k: real\nevent t: positive, p: (0, 1)\nMAF(2, hidden=[8]) |> Onto(event)",
}


# The reader asks for whole numbers of 64 bits, which JAX has as 32 unless told otherwise.
@pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")
@pytest.mark.parametrize("text", FLOWS.values(), ids=FLOWS)
def test_jax_agrees_with_the_gradient_graph(text, tmp_path):
    flow = flowspec.parse(text)
    likelihood = flowspec.compile(flow, tmp_path / "hssm", target="hssm")
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "usual", gradient="log_prob"))
    context = np.linspace(0.3, 1.1, 12 * len(bundle.context)).reshape(12, -1).astype(np.float32)
    x = bundle.sample(seed=1, context=context)
    x = np.concatenate([x, x - 100])  # where there is a support, outside of it
    context = np.tile(context, (2, 1))
    rows = np.hstack([context, x])
    model = onnx.load(likelihood / "log_prob.onnx")
    function, weights = _reader().call_onnx_model(model, {"row": rows[0]})
    slope = jax.jit(jax.vmap(jax.grad(lambda row: function(weights, {"row": row})[0][0])))
    found = np.asarray(slope(rows))
    expected = bundle.log_prob_grad(x, context)
    assert np.isfinite(found).all()
    names = len(bundle.context)
    np.testing.assert_allclose(found[:, names:], expected.x_grad, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found[:, :names], expected.context_grad, rtol=1e-3, atol=1e-3)
