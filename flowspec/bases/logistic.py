"""The logistic distribution."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.bases.base import LocationScale
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array


@dataclass(frozen=True, eq=False)
class Logistic(LocationScale):
    """exp(-z) / (scale (1 + exp(-z))^2), z = (x - loc) / scale.

    Source: scipy.stats.logistic.
    """

    examples = ("Logistic(0, 1)", "Logistic([0, 1, 2], 0.5)", "Logistic(learn(1), learn(2))[2]")

    def standard_log_density(self, ops: Ops, z: Array) -> Array:
        # Written with |z|, of which the density is a function: the exponential cannot overflow.
        size = ops.abs(z)
        return -size - 2 * ops.softplus(-size)

    def standard_cdf(self, ops: Ops, z: Array) -> Array:
        return ops.sigmoid(z)

    def standard_quantile(self, ops: Ops, p: Array) -> Array:
        return ops.log(p) - ops.log1p(-p)
