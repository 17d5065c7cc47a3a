"""The normal distribution function and its inverse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import LOG_2PI, Array
from flowspec.parts.values import Value
from flowspec.support.support import UNIT
from flowspec.transforms.bounded import Bounded, FromBounded


@dataclass(frozen=True, eq=False)
class NormalCDF(Bounded):
    """y = Phi(x), the standard normal distribution function.

    Slope: exp(-x^2/2) / sqrt(2 pi).

    Source: zuko.transforms.CumulativeDistributionTransform of a normal; TensorFlow
        Probability's NormalCDF.
    """

    codomain = UNIT
    examples = ("NormalCDF",)

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.normal_cdf(x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.normal_quantile(y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return log_normal_density(ops, x)

    def from_ends(
        self, ops: Ops, above: Array, below: Array, width: Value, log_scale: Array
    ) -> tuple[Array, Array]:
        share = ops.minimum(above, below) / width
        tail = ops.normal_quantile(ops.maximum(share, float(np.finfo(ops.dtype).tiny)))
        x = ops.where(above < below, tail, -tail)
        return x, log_normal_density(ops, x) + log_scale


@dataclass(frozen=True, eq=False)
class NormalQuantile(FromBounded):
    """y = Phi^-1(x), for 0 < x < 1.

    Slope: sqrt(2 pi) exp(y^2/2).
    Source: the inverse of NormalCDF.
    """

    domain = UNIT
    inverse_of = NormalCDF
    examples = ("NormalQuantile",)
    before = "Uniform(0, 1)[3]"

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.normal_quantile(x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.normal_cdf(y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return -log_normal_density(ops, ops.normal_quantile(x))

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        y = ops.normal_quantile(x)
        return y, -log_normal_density(ops, y)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        return ops.normal_cdf(y), -log_normal_density(ops, y)


def log_normal_density(ops: Ops, x: Array) -> Array:
    """Logarithm of the standard normal density."""
    return -0.5 * ops.square(x) - 0.5 * LOG_2PI
