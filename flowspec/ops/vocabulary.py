"""The closed vocabulary of the formulas: the operations of `ops` for transforms, bases
and networks.

A formula is plain Python over arrays whose **last axis is the batch**: a scalar event is
`(N,)`, a vector event `(D, N)`, a spline's knots `(K, D, N)`. All other dimensions are
known numbers. A formula may use

    operators     + - * / and unary -,   < <= > >=,   & | ~ on truth values
    indexing      x[0], x[1:], x[:, None]: whole numbers, forward slices and None on the
    event axes
    x.shape       for the event axes only; the batch may be unknown
    plain numbers everywhere a value may stand
    ops.NAME      the methods below

and nothing else; in particular no Python `if` on data. Numbers and constant parameters
are worked out at once, in float64, wherever no data is involved.

An interpreter subclasses `Ops`, gives the primitives, and may override a composed
function by one of its own that is better (a fused kernel, a gradient, more digits).
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from flowspec.ops import special
from flowspec.ops.array import Array, Number, Operand
from flowspec.ops.primitives import Primitives

__all__ = ["LOG_2", "LOG_2PI", "Array", "Number", "Operand", "Ops"]

LOG_2 = math.log(2)
LOG_2PI = math.log(2 * math.pi)


class Ops(Primitives):
    """One interpreter of the vocabulary: its primitives, and functions composed of them.

    A function below is the same statement for every interpreter that has nothing better.
    """

    def log_sigmoid(self, x: Operand) -> Array:
        """log(sigmoid(x)), exact at both ends."""
        return -self.softplus(-x)

    def square(self, x: Operand) -> Array:
        return cast(Array, x * x)

    def linear(self, weight: Array, x: Array, bias: Operand) -> Array:
        """weight x + bias: (M, D), (D, N), (M, 1)."""
        return self.matmul(weight, x) + bias

    def relu(self, x: Operand) -> Array:
        """x where it is positive, else 0."""
        return self.maximum(x, 0.0)

    def elu(self, x: Operand) -> Array:
        """x where it is positive, else exp(x) - 1."""
        return self.maximum(x, 0.0) + self.expm1(self.minimum(x, 0.0))

    def gelu(self, x: Operand) -> Array:
        """x times the normal distribution function of x."""
        return x * self.normal_cdf(x)

    def thinned(self, x: Array) -> Array:
        """What a hidden layer gives: all of it, but in a training with dropout."""
        return x

    def tan(self, x: Operand) -> Array:
        return self.sin(x) / self.cos(x)

    def clip(self, x: Operand, low: Operand, high: Operand) -> Array:
        """x, or the nearer end where it lies outside; NaN stays NaN."""
        return self.minimum(self.maximum(x, low), high)

    def no_farther(self, x: Operand, far: float) -> Array:
        """x, or the nearer of -far and far; at these themselves its slope may be 0 or 1."""
        return self.clip(x, -far, far)

    def squarable(self, x: Operand) -> Array:
        """x, no farther from 0 than numbers whose squares are finite: 9e18 in float32."""
        return self.no_farther(x, 0.5 * math.sqrt(float(np.finfo(self.dtype).max)))

    def within_reach(self, x: Operand) -> Array:
        """x, no farther from 0 than networks can follow: 1e12 in float32.

        Of what lies beyond, layer by layer, they would make infinities, and NaN of their
        differences and gradients.
        """
        return self.no_farther(x, float(np.finfo(self.dtype).max) ** (5 / 16))

    def lgamma(self, x: Operand) -> Array:
        """log of the gamma function, for x > 0."""
        return special.lgamma(self, x)

    def digamma(self, x: Operand) -> Array:
        """The derivative of `lgamma`, for x > 0."""
        return special.digamma(self, x)

    def erfc(self, x: Operand) -> Array:
        """Complementary error function, with full relative accuracy in the upper tail."""
        return special.erfc(self, x)

    def normal_cdf(self, x: Operand) -> Array:
        """Standard normal distribution function, with full relative accuracy in the lower
        tail.
        """
        return 0.5 * self.erfc(x * -math.sqrt(0.5))

    def normal_quantile(self, p: Operand) -> Array:
        """Inverse of `normal_cdf`, for 0 < p < 1."""
        return special.normal_quantile(self, p)
