"""Sample and log-density of a flow, composed once for every interpreter.

Both take a flow whose parameters are bound: numbers or arrays of the interpreter `ops`.
The batch is the last axis: points are (D, N) or (N,), noise is (K, N), log-densities are
(N,).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import numpy as np

from flowspec.bases.base import BoundedBase
from flowspec.ir.pipeline import Step
from flowspec.model.binding import BoundFlow, path_of
from flowspec.model.ends import Stretch
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.support.membership import (
    either,
    keep_finite,
    keep_inside,
    move_to_safety,
    outside_of,
    uncircled,
)
from flowspec.transforms.transform import over_event


def sample(ops: Ops, flow: BoundFlow, noise: Array) -> tuple[Array, Array]:
    """Points and their log-densities from the base's standard noise."""
    with ops.scope("base"):
        x = sample_base(ops, flow, noise)
        log_prob = flow.base.log_prob(ops, x)
    x, log_det = forward(ops, flow.steps, x)
    return x, _finite(ops, log_prob - log_det)


def sample_base(ops: Ops, flow: BoundFlow, noise: Array) -> Array:
    """Points of the base from its standard noise."""
    keep = keep_inside if flow.steps else keep_finite
    return keep(ops, flow.base_space, flow.base.sample(ops, noise))


def base_log_prob(ops: Ops, flow: BoundFlow, x: Array) -> Array:
    """Log-density of the base alone, -inf outside its support."""
    return flow.base.log_prob_anywhere(ops, x)


def log_prob(ops: Ops, flow: BoundFlow, x: Array) -> Array:
    """Log-density: -inf outside the support, NaN only where `x` is NaN."""
    with ops.scope("support"):
        outside = outside_of(ops, flow.space, x)
        x = move_to_safety(ops, flow.space, x, outside)
        if ops.data_dtype != ops.dtype:  # the nearest float32 to an end may lie beyond it
            x = keep_inside(ops, flow.space, x)
    if flow.stretch is not None:
        return ops.where(outside, -math.inf, _stretched_log_prob(ops, flow, flow.stretch, x))
    x, log_det, left = inverse(ops, flow.steps, x)
    with ops.scope("base"):
        if flow.retests_base:
            left = either(left, flow.base.outside(ops, x))
        x = move_to_safety(ops, flow.base_space, x, left)
        density = flow.base.log_prob(ops, x) - log_det
    outside = outside if left is None else outside | left
    return ops.where(outside, -math.inf, _finite(ops, density))


def _finite(ops: Ops, log_prob: Array) -> Array:
    """The log-density, where it is too small for the float type the least that it holds."""
    return ops.maximum(log_prob, float(np.finfo(ops.dtype).min))


def _stretched_log_prob(ops: Ops, flow: BoundFlow, stretch: Stretch, x: Array) -> Array:
    """Log-density where the first step and the base are one, so that ends keep their digits."""
    x, log_det, left = inverse(ops, flow.steps[1:], x)
    with ops.scope("base"):
        x = move_to_safety(ops, flow.steps[0].output, x, left)
        base = cast(BoundedBase, flow.base)
        density = base.log_density_from_ends(ops, *stretch.shares(ops, x)) - stretch.log_scale(ops)
        log_prob = cast(Array, over_event(ops, density, x)) - log_det
    log_prob = _finite(ops, log_prob)
    return log_prob if left is None else ops.where(left, -math.inf, log_prob)


def forward(ops: Ops, steps: Sequence[Step], x: Array) -> tuple[Array, Operand]:
    """The steps from base to data: y and log |det dy/dx| (N,), or a number where it is
    the same for every row.
    """
    total: Operand = 0.0
    for step in steps:
        with ops.scope(scope_name(step)):
            x, log_det = step.transform.forward_and_log_det(ops, x)
            keep = keep_finite if step is steps[-1] else keep_inside
            x, total = keep(ops, step.output, x), total + log_det
    return x, total


def inverse(ops: Ops, steps: Sequence[Step], y: Array) -> tuple[Array, Operand, Array | None]:
    """The steps from data to base: x, log |det dy/dx|, and the rows found to lie outside,
    if tested.

    The image of a step with varying parameters is known only as a hull, so what is pulled
    back through it is tested again.
    """
    total: Operand = 0.0
    outside = None
    for step in reversed(steps):
        with ops.scope(scope_name(step)):
            y = ops.within_reach(y) if step.transform.has_reach else y
            y, log_det = step.transform.inverse_and_log_det(ops, y)
            total = total + log_det
            if step.retests:
                left = outside_of(ops, uncircled(step.input), y)
                outside, y = either(outside, left), move_to_safety(ops, step.input, y, left)
            y = keep_inside(ops, step.input, y)
    if any(step.transform.has_reach for step in steps):
        y = ops.within_reach(y)
    return y, total, outside


def scope_name(step: Step) -> str:
    """The name of a step's nodes in a graph: `steps.1.tanh`; `steps.0+1.affine` if it was
    merged.
    """
    return f"{path_of(step)}.{type(step.transform).__name__.lower()}"
