"""The half-normal distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flowspec.bases.base import WithQuantile
from flowspec.ops.vocabulary import LOG_2, LOG_2PI
from flowspec.parameter import Value, parameter
from flowspec.support import NONNEGATIVE, POSITIVE


@dataclass(frozen=True, eq=False)
class HalfNormal(WithQuantile):
    """2 exp(-z^2 / 2) / (scale sqrt(2 pi)), z = x / scale >= 0.   Source: torch.distributions.HalfNormal."""

    support = NONNEGATIVE
    draws = ("normal",)
    examples = ("HalfNormal(1)", "HalfNormal([1, 2, 0.5])", "HalfNormal(learn(2))[2]")

    scale: Value = parameter(1.0, within=POSITIVE, doc="standard deviation of the whole normal")

    def draw(self, ops, *noise):
        (normal,) = noise
        return ops.abs(normal) * self.scale

    def log_density(self, ops, x):
        return -0.5 * ops.square(x / self.scale) + (LOG_2 - 0.5 * LOG_2PI) - ops.log(self.scale)

    def survival(self, ops, x):
        return ops.erfc(x / self.scale * math.sqrt(0.5))

    def cdf(self, ops, x):
        return 1 - self.survival(ops, x)

    def quantile(self, ops, p):
        return self.upper_quantile(ops, 1 - p)

    def upper_quantile(self, ops, q):
        return -ops.normal_quantile(0.5 * q) * self.scale
