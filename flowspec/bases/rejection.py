"""Rejection sampling in a graph: a fixed number of proposals, drawn at once, of which the
first accepted one counts.
"""

from __future__ import annotations

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array


def first_accepted(ops: Ops, proposals: Array, accepted: Array) -> Array:
    """Along the first axis the first accepted proposal; the last one if all are rejected.

    proposals, accepted   (K, ...)

    If a proposal is rejected with probability r, the law of the result differs from the
    exact one by at most r^K in total variation.
    """
    rejected = ops.number(ops.cumsum(ops.number(accepted)) < 0.5)
    # As many as were rejected before the first accepted one.
    index = ops.minimum(ops.sum(rejected), float(proposals.shape[0] - 1))
    return ops.take_along(proposals, ops.to_index(index))
