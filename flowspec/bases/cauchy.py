"""The Cauchy distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flowspec.bases.base import LocationScale
from flowspec.bases.student_t import log1p_square
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array


@dataclass(frozen=True, eq=False)
class Cauchy(LocationScale):
    """1 / (pi scale (1 + z^2)), z = (x - loc) / scale.

    Source: torch.distributions.Cauchy.
    """

    examples = ("Cauchy(0, 1)", "Cauchy([0, 1, 2], 0.5)", "Cauchy(learn(1), learn(2))[2]")

    def standard_log_density(self, ops: Ops, z: Array) -> Array:
        return -math.log(math.pi) - log1p_square(ops, ops.abs(z))

    def standard_cdf(self, ops: Ops, z: Array) -> Array:
        # The lower tail is atan(-1/z) / pi: 1/2 + atan(z)/pi would cancel there.
        low = z < -1
        tail = ops.atan(1 / ops.where(low, -z, 1.0)) / math.pi
        return ops.where(low, tail, 0.5 + ops.atan(ops.where(low, 0.0, z)) / math.pi)

    def standard_quantile(self, ops: Ops, p: Array) -> Array:
        # -cot(pi p), from the nearer end: exact in both tails.
        lower = p < 0.5
        angle = math.pi * ops.where(lower, p, 1 - p)
        size = ops.cos(angle) / ops.sin(angle)
        return ops.where(lower, -size, size)
