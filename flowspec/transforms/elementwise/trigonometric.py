"""Sine and cosine on the stretch where they are monotone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.support.support import Interval
from flowspec.transforms.transform import Univariate

_SYMMETRIC = Interval(-1, 1)


@dataclass(frozen=True, eq=False)
class Sin(Univariate):
    """y = sin(x), for -pi/2 < x < pi/2.

    Slope: cos(x).
    Source: zuko.transforms.SinTransform.
    """

    domain = Interval(-math.pi / 2, math.pi / 2)
    codomain = _SYMMETRIC
    examples = ("Sin",)
    before = "Uniform(-1.5, 1.5)[3]"

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.sin(x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.asin(y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return ops.log(ops.cos(x))

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        # cos(arcsin(y))^2 = (1 - y)(1 + y), whose logarithm is exact near the ends.
        return ops.asin(y), 0.5 * (ops.log1p(-y) + ops.log1p(y))


@dataclass(frozen=True, eq=False)
class Cos(Univariate):
    """y = cos(x), for 0 < x < pi, decreasing.

    Slope: sin(x).
    Source: the negative of zuko.transforms.CosTransform.
    """

    domain = Interval(0.0, math.pi)
    codomain = _SYMMETRIC
    examples = ("Cos",)
    before = "Uniform(0.1, 3)[3]"

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.cos(x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.acos(y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return ops.log(ops.sin(x))

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        return ops.acos(y), 0.5 * (ops.log1p(-y) + ops.log1p(y))
