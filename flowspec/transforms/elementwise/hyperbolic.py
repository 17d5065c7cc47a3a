"""Hyperbolic sine, its inverse, and the two joined to shape skewness and tails."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import LOG_2, Array
from flowspec.parts.fields import parameter
from flowspec.parts.values import Value
from flowspec.support.support import POSITIVE
from flowspec.transforms.transform import Univariate


@dataclass(frozen=True, eq=False)
class Sinh(Univariate):
    """y = sinh(x).

    Slope: cosh(x).
    Source: TensorFlow Probability, bijectors/sinh.py.
    """

    examples = ("Sinh",)

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.sinh(x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.asinh(y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return log_cosh(ops, x)


@dataclass(frozen=True, eq=False)
class Arcsinh(Univariate):
    """y = arsinh(x).

    Slope: 1 / sqrt(1 + x^2).
    Source: the inverse of TensorFlow Probability's Sinh.
    """

    examples = ("Arcsinh",)

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.asinh(x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return _finite_sinh(ops, y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        # cosh(arsinh(x)) = sqrt(1 + x^2), without the overflow of the square.
        return -log_cosh(ops, ops.asinh(x))

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        y = ops.asinh(x)
        return y, -log_cosh(ops, y)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        return _finite_sinh(ops, y), -log_cosh(ops, y)


@dataclass(frozen=True, eq=False)
class SinhArcsinh(Univariate):
    """y = sinh(tailweight (arsinh(x) + skewness)).

    Slope: tailweight cosh(...) / sqrt(1 + x^2).

    Source: Sinh-arcsinh distributions, Jones and Pewsey, 2009, doi:10.1093/biomet/asp053.
        The signs are those of TensorFlow Probability's SinhArcsinh, whose factor 2 /
        sinh(tailweight arsinh(2)) is left to a `Scale` behind it.
    """

    examples = (
        "SinhArcsinh(0.3, 1.2)",
        "SinhArcsinh([0, 1, -1], 0.8)",
        "SinhArcsinh(learn(0.1), learn(0.9))",
    )

    skewness: Value = parameter(0.0, doc="positive leans to the right")
    tailweight: Value = parameter(
        1.0, within=POSITIVE, doc="above 1 for heavier tails than the base's"
    )

    def forward(self, ops: Ops, x: Array) -> Array:
        return self.forward_and_log_slope(ops, x)[0]

    def inverse(self, ops: Ops, y: Array) -> Array:
        return self.inverse_and_log_slope(ops, y)[0]

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return self.forward_and_log_slope(ops, x)[1]

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Array]:
        start = ops.asinh(x)
        end = self.tailweight * (start + self.skewness)
        return ops.sinh(end), self._log_slope(ops, start, end)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        end = ops.asinh(y)
        start = end / self.tailweight - self.skewness
        return ops.sinh(start), self._log_slope(ops, start, end)

    def _log_slope(self, ops: Ops, start: Array, end: Array) -> Array:
        """From the angles, whose hyperbolic sines are x and y."""
        return ops.log(self.tailweight) + log_cosh(ops, end) - log_cosh(ops, start)


def _finite_sinh(ops: Ops, x: Array) -> Array:
    """sinh(x), where it would overflow the largest number that it can be."""
    largest = math.log(float(np.finfo(ops.dtype).max))
    return ops.sinh(ops.clip(x, -largest, largest))


def log_cosh(ops: Ops, x: Array) -> Array:
    """log(cosh(x)) as |x| + log(1 + exp(-2 |x|)) - log 2: no overflow."""
    size = ops.abs(x)
    return size + ops.softplus(-2.0 * size) - LOG_2
