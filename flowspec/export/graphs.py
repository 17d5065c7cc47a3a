"""The three graphs of a bundle, recorded from a flow without learned parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import numpy as np
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from flowspec.export.targets import Target, check_graph
from flowspec.model import density
from flowspec.model.binding import bind
from flowspec.model.fixed import FixedFlow
from flowspec.ops.onnx.writer import write
from flowspec.ops.philox import noise
from flowspec.ops.tape import BATCH, Recorded, Tape, TapeOps
from flowspec.ops.tape.gradient import gradient
from flowspec.ops.vocabulary import Array
from flowspec.optimize.passes import optimize
from flowspec.version import VERSION

LOG_PROB_DOC = "Natural logarithm of the density at each row of x; -inf outside the support."


def log_prob_graph(flow: FixedFlow, target: Target) -> Tape:
    """`x` [N, D] (, `context` [N, C]) -> `log_prob` [N]."""
    ops = TapeOps(target.dtype)
    flow = optimize(flow, sampling=False)
    x = ops.input("x", _row(flow), ops.dtype, f"Points: {', '.join(flow.columns)}.")
    bound = bind(ops, flow, context=_context(ops, flow))
    log_prob = density.log_prob(ops, bound, ops.transpose(x))
    ops.output("log_prob", ops.with_batch(log_prob, ops.transpose(x)), LOG_PROB_DOC)
    return ops.tape


def log_prob_grad_graph(flow: FixedFlow, target: Target) -> Tape:
    """`x` (, `context`) -> `log_prob` [N], `x_grad` [N, D] (, `context_grad` [N, C])."""
    ops = TapeOps(target.dtype, differentiates=True)
    flow = optimize(flow, sampling=False)
    x = ops.input("x", _row(flow), ops.dtype, f"Points: {', '.join(flow.columns)}.")
    context = _context(ops, flow)
    log_prob = cast(
        Recorded, density.log_prob(ops, bind(ops, flow, context=context), ops.transpose(x))
    )
    one = ops.with_batch(np.ones(1), log_prob)
    inputs = [Recorded(ops, entry) for entry in ops.tape.inputs.values()]
    found = gradient(ops, [(log_prob, one)], inputs)
    ops.output("log_prob", ops.with_batch(log_prob, ops.transpose(x)), LOG_PROB_DOC)
    for name, value in zip([*ops.tape.inputs], found, strict=True):
        ops.output(f"{name}_grad", value, f"The derivatives of log_prob with respect to {name}.")
    return ops.tape


def from_noise_graph(flow: FixedFlow, target: Target) -> Tape:
    """`noise` [N, K] (, `context` [N, C]) -> `x` [N, D], `log_prob` [N]."""
    ops = TapeOps(target.dtype)
    kinds = ", ".join(flow.noise)
    standard = ops.input(
        "noise", (BATCH, len(flow.noise)), ops.dtype, f"Standard draws, column by column: {kinds}."
    )
    _outputs(ops, flow, ops.transpose(standard), _context(ops, flow))
    return ops.tape


def sample_graph(flow: FixedFlow, target: Target) -> Tape:
    """`seed`, `n` (or `context` [N, C]), `first_row` -> `x` [N, D], `log_prob` [N]."""
    ops = TapeOps(target.dtype)
    seed = ops.input("seed", (), np.int64, "The same seed gives the same samples everywhere.")
    context = _context(ops, flow)
    count = None
    if context is None and target.batch is None:
        count = ops.input("n", (), np.int64, "How many rows to draw.")
    # Not optional: onnxruntime-node drops what is fed for an input that has a default, without a
    # word.
    doc = (
        "Number of the first row, 0 for a fresh draw: row i depends only on seed and first_row + i."
    )
    first_row = ops.input("first_row", (), np.int64, doc)
    with ops.scope("noise"):
        rows = first_row + _row_numbers(ops, count, context, target)
        standard = noise(ops, seed, rows, list(flow.noise))
    _outputs(ops, flow, standard, context)
    return ops.tape


GRAPHS: Mapping[str, Callable[[FixedFlow, Target], Tape]] = {
    "log_prob.onnx": log_prob_graph,
    "sample.onnx": sample_graph,
    "from_noise.onnx": from_noise_graph,
}


def graph_model(name: str, tape: Tape, target: Target, spec: str = "") -> ir.Model:
    """The tape of a graph as a model of ONNX.

    Errors:  FlowError, where it needs what the target lacks.
    """
    batch = "N" if target.batch is None else target.batch
    model = ir.Model(
        write(tape, name, target.opset, batch).graph,
        ir_version=target.ir_version,
        producer_name="flowspec",
        producer_version=VERSION,
        metadata_props={"flowspec.spec": spec, "flowspec.version": VERSION},
    )
    RemoveUnusedNodesPass()(model)
    check_graph(tape, model.graph, target)
    return model


def serialize(name: str, tape: Tape, target: Target, spec: str) -> bytes:
    """The tape of a graph as an ONNX file. Same input, same bytes."""
    proto = ir.to_proto(graph_model(name, tape, target, spec))
    return bytes(proto.SerializeToString(deterministic=True))


def _row(flow: FixedFlow) -> tuple[int | None, ...]:
    return (BATCH, *flow.shape)


def _context(ops: TapeOps, flow: FixedFlow) -> Recorded | None:
    """The context input as (C, N); None if the flow has none."""
    if flow.context is None:
        return None
    doc = f"Conditioning variables: {', '.join(flow.context.names)}."
    return ops.transpose(ops.input("context", (BATCH, len(flow.context.names)), ops.dtype, doc))


def _row_numbers(
    ops: TapeOps, count: Recorded | None, context: Recorded | None, target: Target
) -> Recorded:
    """0, 1, ... for each row to draw."""
    if target.batch is not None:
        return ops.arange(target.batch)
    if count is None:
        assert context is not None
        count = ops.batch_length(context)
    return ops.arange(count)


def _outputs(ops: TapeOps, flow: FixedFlow, standard: Array, context: Recorded | None) -> None:
    flow = optimize(flow, sampling=True)
    x, log_prob = density.sample(ops, bind(ops, flow, context=context), standard)
    ops.output(
        "x", ops.transpose(ops.with_batch(x, standard)), f"Samples: {', '.join(flow.columns)}."
    )
    ops.output("log_prob", ops.with_batch(log_prob, standard), LOG_PROB_DOC)
