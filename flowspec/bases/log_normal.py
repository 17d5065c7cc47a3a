"""The log-normal distribution."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.bases.base import WithQuantile
from flowspec.ops import Ops
from flowspec.ops.vocabulary import LOG_2PI, Array
from flowspec.parts.fields import parameter
from flowspec.parts.values import Value
from flowspec.support.support import POSITIVE


@dataclass(frozen=True, eq=False)
class LogNormal(WithQuantile):
    """exp(-z^2 / 2) / (x scale sqrt(2 pi)), z = (log x - loc) / scale.

    Source: torch.distributions.LogNormal.
    """

    support = POSITIVE
    draws = ("normal",)
    examples = (
        "LogNormal(0, 1)",
        "LogNormal([0, 1, 2], 0.5)",
        "LogNormal(learn(1), learn(0.5))[2]",
    )

    loc: Value = parameter(0.0, doc="mean of the logarithm")
    scale: Value = parameter(1.0, within=POSITIVE, doc="standard deviation of the logarithm")

    def draw(self, ops: Ops, noise: Array) -> Array:
        return ops.exp(self.loc + self.scale * noise[0])

    def to_latent(self, ops: Ops, x: Array) -> Array:
        return (ops.log(x) - self.loc) / self.scale

    def log_density(self, ops: Ops, x: Array) -> Array:
        log_x = ops.log(x)
        z = (log_x - self.loc) / self.scale
        return -0.5 * ops.square(z) - 0.5 * LOG_2PI - ops.log(self.scale) - log_x

    def cdf(self, ops: Ops, x: Array) -> Array:
        return ops.normal_cdf((ops.log(x) - self.loc) / self.scale)

    def survival(self, ops: Ops, x: Array) -> Array:
        return ops.normal_cdf((self.loc - ops.log(x)) / self.scale)

    def quantile(self, ops: Ops, p: Array) -> Array:
        return ops.exp(self.loc + self.scale * ops.normal_quantile(p))

    def upper_quantile(self, ops: Ops, q: Array) -> Array:
        return ops.exp(self.loc - self.scale * ops.normal_quantile(q))
