"""The exponential distribution."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.bases.base import WithQuantile
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter
from flowspec.parts.values import Value
from flowspec.support.support import NONNEGATIVE, POSITIVE


@dataclass(frozen=True, eq=False)
class Exponential(WithQuantile):
    """rate exp(-rate x), for x >= 0.   Source: torch.distributions.Exponential."""

    support = NONNEGATIVE
    examples = ("Exponential(1)", "Exponential([1, 2, 0.5])", "Exponential(learn(2))[2]")

    rate: Value = parameter(1.0, within=POSITIVE, doc="1 / mean")

    def log_density(self, ops: Ops, x: Array) -> Array:
        return ops.log(self.rate) - self.rate * x

    def cdf(self, ops: Ops, x: Array) -> Array:
        return -ops.expm1(-self.rate * x)

    def survival(self, ops: Ops, x: Array) -> Array:
        return ops.exp(-self.rate * x)

    def quantile(self, ops: Ops, p: Array) -> Array:
        return -ops.log1p(-p) / self.rate

    def upper_quantile(self, ops: Ops, q: Array) -> Array:
        return -ops.log(q) / self.rate
