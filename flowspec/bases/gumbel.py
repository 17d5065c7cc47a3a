"""The Gumbel distribution."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.bases.base import LocationScale


@dataclass(frozen=True, eq=False)
class Gumbel(LocationScale):
    """exp(-z - exp(-z)) / scale, z = (x - loc) / scale.   Source: torch.distributions.Gumbel."""

    examples = ("Gumbel(0, 1)", "Gumbel([0, 1, 2], 0.5)", "Gumbel(learn(1), learn(2))[2]")

    def standard_log_density(self, ops, z):
        return -z - ops.exp(-z)

    def standard_cdf(self, ops, z):
        return ops.exp(-ops.exp(-z))

    def standard_survival(self, ops, z):
        return -ops.expm1(-ops.exp(-z))

    def standard_quantile(self, ops, p):
        return -ops.log(-ops.log(p))

    def standard_upper_quantile(self, ops, q):
        return -ops.log(-ops.log1p(-q))
