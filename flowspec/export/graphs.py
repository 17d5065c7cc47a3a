"""The three graphs of a bundle, recorded from a flow without learned parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from flowspec.model import density
from flowspec.model.binding import bind
from flowspec.model.fixed import FixedFlow
from flowspec.ops.onnx import BATCH, OnnxOps, Recorded
from flowspec.ops.philox import noise
from flowspec.optimize.passes import optimize
from flowspec.version import VERSION


@dataclass(frozen=True)
class Target:
    """What the graphs are written for.

    dtype   "float32" or "float64"
    opset   version of the ONNX operators
    batch   None for any number of rows, else a fixed one
    """

    dtype: str = "float32"
    opset: int = 18
    batch: int | None = None


LOWEST_OPSET, HIGHEST_OPSET = 18, 22
IR_VERSIONS = {18: 8, 19: 9, 20: 9, 21: 10, 22: 10}
"""The oldest IR version that carries each opset, so that the oldest runtimes open the file."""

LOG_PROB_DOC = "Natural logarithm of the density at each row of x; -inf outside the support."


def log_prob_graph(flow: FixedFlow, target: Target) -> OnnxOps:
    """`x` [N, D] (, `context` [N, C]) -> `log_prob` [N]."""
    ops = _recorder("log_prob", target)
    flow = optimize(flow, sampling=False)
    x = ops.input("x", _row(flow), ops.dtype, f"Points: {', '.join(flow.columns)}.")
    bound = bind(ops, flow, context=_context(ops, flow))
    found = density.log_prob(ops, bound, ops.transpose(x))
    ops.output("log_prob", ops.with_batch(found, ops.transpose(x)), LOG_PROB_DOC)
    return ops


def from_noise_graph(flow: FixedFlow, target: Target) -> OnnxOps:
    """`noise` [N, K] (, `context` [N, C]) -> `x` [N, D], `log_prob` [N]."""
    ops = _recorder("from_noise", target)
    kinds = ", ".join(flow.noise)
    standard = ops.input(
        "noise", (BATCH, len(flow.noise)), ops.dtype, f"Standard draws, column by column: {kinds}."
    )
    _outputs(ops, flow, ops.transpose(standard), _context(ops, flow))
    return ops


def sample_graph(flow: FixedFlow, target: Target) -> OnnxOps:
    """`seed`, `n` (or `context` [N, C]), `first_row` -> `x` [N, D], `log_prob` [N]."""
    ops = _recorder("sample", target)
    seed = ops.input("seed", (), np.int64, "The same seed gives the same samples everywhere.")
    context = _context(ops, flow)
    count = None
    if context is None and target.batch is None:
        count = ops.input("n", (), np.int64, "How many rows to draw.")
    # Not optional: onnxruntime-node drops what is fed for an input that has a default, without a word.
    doc = (
        "Number of the first row, 0 for a fresh draw: row i depends only on seed and first_row + i."
    )
    first_row = ops.input("first_row", (), np.int64, doc)
    with ops.scope("noise"):
        rows = first_row + _row_numbers(ops, count, context, target)
        standard = noise(ops, seed, rows, list(flow.noise))
    _outputs(ops, flow, standard, context)
    return ops


GRAPHS: Mapping[str, Callable[[FixedFlow, Target], OnnxOps]] = {
    "log_prob.onnx": log_prob_graph,
    "sample.onnx": sample_graph,
    "from_noise.onnx": from_noise_graph,
}


def serialise(ops: OnnxOps, target: Target, spec: str) -> bytes:
    """The recorded graph as an ONNX file, unused nodes left out. Same input, same bytes."""
    model = ir.Model(
        ops.graph,
        ir_version=IR_VERSIONS[target.opset],
        producer_name="flowspec",
        producer_version=VERSION,
        metadata_props={"flowspec.spec": spec, "flowspec.version": VERSION},
    )
    RemoveUnusedNodesPass()(model)
    return ir.to_proto(model).SerializeToString(deterministic=True)


def _recorder(name: str, target: Target) -> OnnxOps:
    return OnnxOps(
        name, np.dtype(target.dtype), target.opset, "N" if target.batch is None else target.batch
    )


def _row(flow: FixedFlow) -> tuple[int | None, ...]:
    return (BATCH, *flow.shape)


def _context(ops: OnnxOps, flow: FixedFlow) -> Recorded | None:
    """The context input as (C, N); None if the flow has none."""
    if flow.context is None:
        return None
    doc = f"Conditioning variables: {', '.join(flow.context.names)}."
    return ops.transpose(ops.input("context", (BATCH, len(flow.context.names)), ops.dtype, doc))


def _row_numbers(ops: OnnxOps, count: Recorded | None, context: Recorded | None, target: Target):
    """0, 1, ... for each row to draw."""
    if target.batch is not None:
        return np.arange(target.batch)
    if count is None:
        assert context is not None
        count = ops.batch_length(context)[0]
    return ops.arange(count)


def _outputs(ops: OnnxOps, flow: FixedFlow, standard: Recorded, context: Recorded | None) -> None:
    flow = optimize(flow, sampling=True)
    x, log_prob = density.sample(ops, bind(ops, flow, context=context), standard)
    ops.output(
        "x", ops.transpose(ops.with_batch(x, standard)), f"Samples: {', '.join(flow.columns)}."
    )
    ops.output("log_prob", ops.with_batch(log_prob, standard), LOG_PROB_DOC)
