"""Sample and log-density of a flow, composed once for every interpreter.

Both take a flow whose parameters are bound: numbers or arrays of the interpreter `ops`.
The batch is the last axis: points are (D, N) or (N,), noise is (K, N), log-densities are
(N,).
"""

from __future__ import annotations

import math

import numpy as np

from flowspec.model.binding import BoundFlow
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.support.membership import (
    keep_finite,
    keep_inside,
    move_to_safety,
    outside_of,
)
from flowspec.transforms.chain import forward


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


def to_base(ops: Ops, flow: BoundFlow, x: Array) -> tuple[Array, Array]:
    """Points of the base's latent space that give `x`, and log-densities of `x`; NaN outside the
    support.
    """
    x, outside = _inside(ops, flow, x)
    base_point, log_prob, left = flow.back(ops, x)
    with ops.scope("base"):
        z = flow.base.to_latent(ops, base_point)
    outside = outside if left is None else outside | left
    return (
        ops.where(outside, math.nan, z),
        ops.where(outside, -math.inf, _finite(ops, log_prob)),
    )


def log_prob(ops: Ops, flow: BoundFlow, x: Array) -> Array:
    """Log-density: -inf outside the support, NaN only where `x` is NaN."""
    x, outside = _inside(ops, flow, x)
    log_prob, left = flow.log_prob_and_outside(ops, x)
    outside = outside if left is None else outside | left
    return ops.where(outside, -math.inf, _finite(ops, log_prob))


def _inside(ops: Ops, flow: BoundFlow, x: Array) -> tuple[Array, Array]:
    """The points, those outside the support moved into it, and where they were."""
    with ops.scope("support"):
        outside = outside_of(ops, flow.space, x)
        x = move_to_safety(ops, flow.space, x, outside)
        if ops.data_dtype != ops.dtype:  # the nearest float32 to an end may lie beyond it
            x = keep_inside(ops, flow.space, x)
    return x, outside


def _finite(ops: Ops, log_prob: Array) -> Array:
    """The log-density, where it is too small for the float type the least that it holds."""
    return ops.maximum(log_prob, float(np.finfo(ops.dtype).min))
