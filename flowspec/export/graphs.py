"""The graphs of a bundle, recorded from a flow without learned parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.export.profiles import ONNXRUNTIME, Profile
from flowspec.export.targets import GraphsMissing, Target, check_graph, check_loops, place_of
from flowspec.model import density
from flowspec.model.binding import bind
from flowspec.model.fixed import FixedFlow
from flowspec.ops.onnx.writer import write
from flowspec.ops.philox import noise
from flowspec.ops.tape import BATCH, Recorded, Tape, TapeOps
from flowspec.ops.tape.derivatives import NoDerivative
from flowspec.ops.tape.gradient import gradient
from flowspec.ops.vocabulary import Array
from flowspec.ops.words import Halves, WholeWords
from flowspec.optimize.passes import optimize
from flowspec.runtime.targets import ROW
from flowspec.version import VERSION

LOG_PROB_DOC = "Natural logarithm of the density at each row of x; -inf outside the support."


def log_prob_graph(flow: FixedFlow, target: Target) -> Tape:
    """`x` [N, D] (, `context` [N, C]) -> `log_prob` [N]; or `row` [C + D] -> `log_prob` [1]."""
    ops = TapeOps(target.dtype)
    flow = optimize(flow, sampling=False)
    x, context = (_one_vector if target.one_vector else _points)(ops, flow)
    bound = bind(ops, flow, context=context)
    ops.output("log_prob", ops.with_batch(density.log_prob(ops, bound, x), x), LOG_PROB_DOC)
    return ops.tape


def _points(ops: TapeOps, flow: FixedFlow) -> tuple[Recorded, Recorded | None]:
    """The points and their context, the batch last."""
    x = ops.input("x", _row(flow), ops.dtype, f"Points: {', '.join(flow.columns)}.")
    return ops.transpose(x), _context(ops, flow)


def _one_vector(ops: TapeOps, flow: FixedFlow) -> tuple[Recorded, Recorded | None]:
    """The same, of one row that comes as one vector."""
    names = [*(flow.context.names if flow.context else ()), *flow.columns]
    first = len(names) - len(flow.columns)
    row = ops.input(ROW, (len(names),), ops.dtype, f"One row: {', '.join(names)}.")
    x = row[first:] if flow.shape == () else row[first:, None]
    return x, row[:first, None] if flow.context else None


def to_base_graph(flow: FixedFlow, target: Target) -> Tape:
    """`x` [N, D] (, `context`) -> `z` [N, D], `log_prob` [N]."""
    ops = TapeOps(target.dtype, keeps_stages=target.keeps_stages)
    flow = optimize(flow, sampling=False)
    x = ops.transpose(ops.input("x", _row(flow), ops.dtype, f"Points: {', '.join(flow.columns)}."))
    bound = bind(ops, flow, context=_context(ops, flow))
    z, log_prob = density.to_base(ops, bound, x)
    doc = f"Points of the base, distributed as {', '.join(dict.fromkeys(flow.base.latent))}."
    ops.output("z", ops.transpose(ops.with_batch(z, x)), doc)
    ops.output("log_prob", ops.with_batch(log_prob, x), LOG_PROB_DOC)
    return ops.tape


def from_noise_graph(flow: FixedFlow, target: Target) -> Tape:
    """`noise` [N, K] (, `context` [N, C]) -> `x` [N, D], `log_prob` [N]."""
    ops = TapeOps(target.dtype, keeps_stages=target.keeps_stages)
    _outputs(ops, flow, _noise(ops, flow), _context(ops, flow))
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
        arithmetic = Halves if target.profile.small_words else WholeWords
        standard = noise(ops, seed, rows, list(flow.noise), arithmetic)
    _outputs(ops, flow, standard, context)
    return ops.tape


def noise_graph(flow: FixedFlow, target: Target) -> Tape:
    """`seed`, `first_row`, `n` -> `noise` [N, K], which `sample_graph` makes samples of."""
    ops = TapeOps(target.dtype)
    seed, first_row, count = (ops.input(name, (), np.int64) for name in ("seed", "first_row", "n"))
    standard = noise(ops, seed, first_row + ops.arange(count), list(flow.noise))
    ops.output("noise", ops.transpose(standard))
    return ops.tape


GRAPHS: Mapping[str, Callable[[FixedFlow, Target], Tape]] = {
    "log_prob.onnx": log_prob_graph,
    "sample.onnx": sample_graph,
    "from_noise.onnx": from_noise_graph,
    "to_base.onnx": to_base_graph,
}
"""Graphs that every bundle has."""


# --- gradients ------------------------------------------------------------------------------------


def log_prob_grad_graph(flow: FixedFlow, target: Target) -> Tape:
    """`x` (, `context`) -> `log_prob` [N], `x_grad` [N, D] (, `context_grad` [N, C])."""
    ops = TapeOps(target.dtype, differentiates=True, data_dtype=target.data)
    flow = optimize(flow, sampling=False)
    x = ops.transpose(ops.input("x", _row(flow), ops.dtype, f"Points: {', '.join(flow.columns)}."))
    context = _context(ops, flow)
    log_prob = ops.with_batch(density.log_prob(ops, bind(ops, flow, context=context), x), x)
    ops.output("log_prob", log_prob, LOG_PROB_DOC)
    one = ops.with_batch(np.ones(1), log_prob)
    _derivatives(ops, [(log_prob, one)], {"x": x, "context": context}, log_prob, "log_prob")
    return ops.tape


def from_noise_grad_graph(flow: FixedFlow, target: Target) -> Tape:
    """`noise` [N, K] (, `context` [N, C]), `x_cotangent` [N, D], `log_prob_cotangent` [N] ->
    `x` [N, D], `log_prob` [N], `noise_grad` [N, K] (, `context_grad` [N, C]).
    """
    ops = TapeOps(target.dtype, differentiates=True, data_dtype=target.data)
    standard, context = _noise(ops, flow), _context(ops, flow)
    x, log_prob = _outputs(ops, flow, standard, context)
    seeds = []
    for name, value, shape in (("x", x, _row(flow)), ("log_prob", log_prob, (BATCH,))):
        doc = f"The weight of {name} in the sum whose derivatives are given."
        cotangent = ops.input(f"{name}_cotangent", shape, ops.dtype, doc)
        seeds.append((value, ops.transpose(cotangent)))
    inputs = {"noise": standard, "context": context}
    _derivatives(ops, seeds, inputs, log_prob, "the weighted sum of x and log_prob")
    return ops.tape


def _derivatives(
    ops: TapeOps,
    seeds: list[tuple[Recorded, Recorded]],
    inputs: Mapping[str, Recorded | None],
    log_prob: Recorded,
    what: str,
) -> None:
    """Declare the derivatives with respect to inputs as outputs.

    They are finite where the log-density is a number: a slope that overflows is the largest number,
    and 0 where nothing is left of it.
    """
    there = {name: value for name, value in inputs.items() if value is not None}
    try:
        found = gradient(ops, seeds, [*there.values()])
    except NoDerivative as missing:
        raise FlowError(
            NoGradient(place=place_of(missing.scope), what=UNKNOWN.get(missing.op, missing.op))
        ) from None
    most = float(np.finfo(ops.dtype).max)
    for name, value in zip(there, found, strict=True):
        lost = (log_prob <= math.inf) & ~(value <= math.inf)
        finite = ops.clip(ops.where(lost, 0.0, value), -most, most)
        doc = f"The derivatives of {what} with respect to {name}."
        ops.output(f"{name}_grad", ops.transpose(finite), doc)


UNKNOWN = {"log_gamma_gradient": "draws of Gamma, Beta and StudentT with respect to the context"}
"""What has no derivative, in words, by the operation."""


@mistake
class NoGradient(Diagnostic):
    message = "there is no gradient graph of samples: {place} holds {what}"
    help = "ask for the gradient of the density alone: `--gradient log_prob`"
    place: str
    what: str


GRADIENTS: Mapping[str, Callable[[FixedFlow, Target], Tape]] = {
    "log_prob_grad.onnx": log_prob_grad_graph,
    "from_noise_grad.onnx": from_noise_grad_graph,
}
"""Graphs that are written where they are asked for."""


def recorders(
    gradient: str | bool = False, profile: Profile = ONNXRUNTIME
) -> dict[str, Callable[[FixedFlow, Target], Tape]]:
    """What records each graph of a target, by the name of its file.

    gradient   True for all gradients, "log_prob" for that of the density, False for none
    Errors:    FlowError, where the target gets no gradients.
    """
    chosen = [name for name in GRADIENTS if gradient is True or name == f"{gradient}_grad.onnx"]
    wanted = {f"{name}.onnx" for name in profile.graphs}
    if {*chosen} - wanted:
        raise FlowError(GraphsMissing(target=profile.name))
    every = {**GRAPHS, **{name: GRADIENTS[name] for name in chosen}}
    return {name: record for name, record in every.items() if name in wanted}


def graph_model(name: str, tape: Tape, target: Target, spec: str = "") -> ir.Model:
    """The tape of a graph as a model of ONNX.

    Errors:  FlowError, where it needs what the target lacks.
    """
    check_loops(tape, target)
    batch = "N" if target.batch is None else target.batch
    model = ir.Model(
        write(tape, name, target.opset, batch, target.profile.dialect).graph,
        ir_version=target.ir_version,
        producer_name="flowspec",
        producer_version=VERSION,
        metadata_props={"flowspec.spec": spec, "flowspec.version": VERSION},
    )
    RemoveUnusedNodesPass()(model)
    check_graph(model.graph, target)
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


def _noise(ops: TapeOps, flow: FixedFlow) -> Recorded:
    """The noise input as (K, N)."""
    doc = f"Standard draws, column by column: {', '.join(flow.noise)}."
    return ops.transpose(ops.input("noise", (BATCH, len(flow.noise)), ops.dtype, doc))


def _outputs(
    ops: TapeOps, flow: FixedFlow, standard: Array, context: Recorded | None
) -> tuple[Recorded, Recorded]:
    """Declare points and their log-densities as outputs; here they have the batch last."""
    flow = optimize(flow, sampling=True)
    drawn = density.sample(ops, bind(ops, flow, context=context), standard)
    x, log_prob = (ops.with_batch(value, standard) for value in drawn)
    ops.output("x", ops.transpose(x), f"Samples: {', '.join(flow.columns)}.")
    ops.output("log_prob", log_prob, LOG_PROB_DOC)
    return x, log_prob
