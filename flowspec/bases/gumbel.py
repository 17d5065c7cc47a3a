"""The Gumbel distribution."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.bases.base import LocationScale
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array


@dataclass(frozen=True, eq=False)
class Gumbel(LocationScale):
    """exp(-z - exp(-z)) / scale, z = (x - loc) / scale.

    Source: torch.distributions.Gumbel.
    """

    examples = ("Gumbel(0, 1)", "Gumbel([0, 1, 2], 0.5)", "Gumbel(learn(1), learn(2))[2]")

    def standard_log_density(self, ops: Ops, z: Array) -> Array:
        z = ops.squarable(z)  # infinities would cancel
        return -z - ops.exp(-z)

    def standard_cdf(self, ops: Ops, z: Array) -> Array:
        return ops.exp(-ops.exp(-z))

    def standard_survival(self, ops: Ops, z: Array) -> Array:
        return -ops.expm1(-ops.exp(-z))

    def standard_quantile(self, ops: Ops, p: Array) -> Array:
        return -ops.log(-ops.log(p))

    def standard_upper_quantile(self, ops: Ops, q: Array) -> Array:
        return -ops.log(-ops.log1p(-q))
