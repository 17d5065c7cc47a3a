"""The normal distribution."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.bases.base import LocationScale
from flowspec.ops import Ops
from flowspec.ops.vocabulary import LOG_2PI, Array


@dataclass(frozen=True, eq=False)
class Normal(LocationScale):
    """exp(-z^2 / 2) / (scale sqrt(2 pi)), z = (x - loc) / scale.

    Source: torch.distributions.Normal.
    """

    is_gaussian = True
    examples = (
        "Normal(0, 1)",
        "Normal([0, 1], [1, 2])",
        "Normal(0.5, 2)[3]",
        "Normal(learn(1), learn(2))[2]",
    )
    draws = ("normal",)

    def draw(self, ops: Ops, noise: Array) -> Array:
        return self.located(noise[0])

    def to_latent(self, ops: Ops, x: Array) -> Array:
        return self.standardized(x)

    def standard_log_density(self, ops: Ops, z: Array) -> Array:
        return -0.5 * ops.square(ops.squarable(z)) - 0.5 * LOG_2PI

    def standard_cdf(self, ops: Ops, z: Array) -> Array:
        return ops.normal_cdf(z)

    def standard_quantile(self, ops: Ops, p: Array) -> Array:
        return ops.normal_quantile(p)
