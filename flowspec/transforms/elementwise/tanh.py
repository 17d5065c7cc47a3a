"""Hyperbolic tangent and its inverse."""

from __future__ import annotations

from dataclasses import dataclass

from flowspec.ops import Ops
from flowspec.ops.vocabulary import LOG_2, Array
from flowspec.parts.values import Value
from flowspec.support.support import Interval
from flowspec.transforms.bounded import Bounded, FromBounded


@dataclass(frozen=True, eq=False)
class Tanh(Bounded):
    """y = tanh(x).

    Slope: 1 - tanh(x)^2.
    Source: TensorFlow Probability, bijectors/tanh.py.
    """

    codomain = Interval(-1, 1)
    examples = ("Tanh",)

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.tanh(x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.atanh(y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return log_tanh_slope(ops, x)

    def from_ends(
        self, ops: Ops, above: Array, below: Array, width: Value, log_scale: Array
    ) -> tuple[Array, Array]:
        # With shares a and b of the width: artanh(a - b), and 1 - (a - b)^2 = 4 a b.
        log_above, log_below = ops.log(above), ops.log(below)
        constant = log_scale - 2 * (ops.log(width) - LOG_2)
        return 0.5 * (log_above - log_below), log_above + log_below + constant


@dataclass(frozen=True, eq=False)
class Atanh(FromBounded):
    """y = artanh(x), for -1 < x < 1.

    Slope: 1 / (1 - x^2).
    Source: the inverse of TanhTransform.
    """

    domain = Interval(-1, 1)
    inverse_of = Tanh
    examples = ("Atanh",)
    before = "Normal([-0.5, 0, 0.5], 1) |> Tanh"

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.atanh(x)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.tanh(y)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        # Factored: 1 - x^2 would lose half of the digits near the ends.
        return -(ops.log1p(x) + ops.log1p(-x))

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        # From y: x rounds to 1 where y is 19, or 9 in float32.
        return ops.tanh(y), -log_tanh_slope(ops, y)


def log_tanh_slope(ops: Ops, x: Array) -> Array:
    """log(1 - tanh(x)^2)."""
    # It is 2 (log 2 - x - softplus(-2x)).
    # The left side is log(0) from |x| = 9 on in float32; the right side is exact.
    return 2 * (LOG_2 - x - ops.softplus(-2 * x))
