"""The half-normal distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flowspec.bases.base import WithQuantile
from flowspec.ops import Ops
from flowspec.ops.special import horner
from flowspec.ops.vocabulary import LOG_2, LOG_2PI, Array
from flowspec.parts.fields import parameter
from flowspec.parts.values import Value
from flowspec.support.support import NONNEGATIVE, POSITIVE

ERF_SERIES = tuple(
    (-1) ** n * 2 / math.sqrt(math.pi) / (math.factorial(n) * (2 * n + 1)) for n in range(13)
)
"""erf(z) / z in z^2: exact to the last digit of float64 up to z = 1/2."""


@dataclass(frozen=True, eq=False)
class HalfNormal(WithQuantile):
    """2 exp(-z^2 / 2) / (scale sqrt(2 pi)), z = x / scale >= 0.

    Source: torch.distributions.HalfNormal.
    """

    support = NONNEGATIVE
    draws = ("normal",)
    examples = ("HalfNormal(1)", "HalfNormal([1, 2, 0.5])", "HalfNormal(learn(2))[2]")

    scale: Value = parameter(1.0, within=POSITIVE, doc="standard deviation of the whole normal")

    def draw(self, ops: Ops, noise: Array) -> Array:
        return ops.abs(noise[0]) * self.scale

    @property
    def latent(self) -> tuple[str, ...]:
        return super(WithQuantile, self).latent

    def to_latent(self, ops: Ops, x: Array) -> Array:
        return x  # both signs of the noise give it

    def log_density(self, ops: Ops, x: Array) -> Array:
        return -0.5 * ops.square(x / self.scale) + (LOG_2 - 0.5 * LOG_2PI) - ops.log(self.scale)

    def survival(self, ops: Ops, x: Array) -> Array:
        return ops.erfc(x / self.scale * math.sqrt(0.5))

    def cdf(self, ops: Ops, x: Array) -> Array:
        # 1 - erfc(z) would lose the digits near 0, where erf(z) is about 2 z / sqrt(pi).
        z = x / self.scale * math.sqrt(0.5)
        near = z < 0.5
        small = ops.where(near, z, 0.0)
        return ops.where(near, small * horner(ops.square(small), ERF_SERIES), 1 - ops.erfc(z))

    def quantile(self, ops: Ops, p: Array) -> Array:
        return self.upper_quantile(ops, 1 - p)

    def upper_quantile(self, ops: Ops, q: Array) -> Array:
        return -ops.normal_quantile(0.5 * q) * self.scale
