"""The Laplace distribution."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.bases.base import LocationScale
from flowspec.ops import Ops
from flowspec.ops.vocabulary import LOG_2, Array


@dataclass(frozen=True, eq=False)
class Laplace(LocationScale):
    """exp(-|z|) / (2 scale), z = (x - loc) / scale.

    Source: torch.distributions.Laplace.
    """

    examples = ("Laplace(0, 1)", "Laplace([0, 1, 2], 0.5)", "Laplace(learn(1), learn(2))[2]")

    def standard_log_density(self, ops: Ops, z: Array) -> Array:
        return -ops.abs(z) - LOG_2

    def standard_cdf(self, ops: Ops, z: Array) -> Array:
        tail = 0.5 * ops.exp(-ops.abs(z))
        return ops.where(z < 0, tail, 1 - tail)

    def standard_quantile(self, ops: Ops, p: Array) -> Array:
        # Each half from its own tail: log(2 p) below the median, -log(2 (1 - p)) above.
        lower = p < 0.5
        size = ops.log(2 * ops.where(lower, p, 1 - p))
        return ops.where(lower, size, -size)
