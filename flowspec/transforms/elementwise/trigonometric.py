"""Sine and cosine on the stretch where they are monotone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flowspec.ops import Ops
from flowspec.ops.vocabulary import LOG_2, Array
from flowspec.parts.values import Value
from flowspec.support.support import Interval
from flowspec.transforms.bounded import Bounded

_SYMMETRIC = Interval(-1, 1)


@dataclass(frozen=True, eq=False)
class Sin(Bounded):
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

    def from_ends(
        self, ops: Ops, above: Array, below: Array, width: Value, log_scale: Array
    ) -> tuple[Array, Array]:
        # From either end sin grows by 2 sin(x / 2)^2.
        to_end = math.pi / 2 - _angle(ops, ops.minimum(above, below) / width)
        x = ops.where(above < below, -to_end, to_end)
        return x, _log_sine(ops, above, below, width, log_scale)


@dataclass(frozen=True, eq=False)
class Cos(Bounded):
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

    def from_ends(
        self, ops: Ops, above: Array, below: Array, width: Value, log_scale: Array
    ) -> tuple[Array, Array]:
        to_end = _angle(ops, ops.minimum(above, below) / width)
        x = ops.where(above < below, math.pi - to_end, to_end)
        return x, _log_sine(ops, above, below, width, log_scale)


def _angle(ops: Ops, share: Array) -> Array:
    """The angle at which 1 - cos has grown to this share of 2."""
    return 2 * ops.asin(ops.sqrt(share))


def _log_sine(ops: Ops, above: Array, below: Array, width: Value, log_scale: Array) -> Array:
    """log sqrt((1 - y)(1 + y)), from the distances to 1 and -1 where width stands for 2."""
    constant = log_scale - (ops.log(width) - LOG_2)
    return 0.5 * (ops.log(above) + ops.log(below)) + constant
