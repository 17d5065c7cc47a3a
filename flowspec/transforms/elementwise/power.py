"""Powers of positive and of signed numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter
from flowspec.parts.values import NONZERO, Value, value_range
from flowspec.support.support import POSITIVE, Interval
from flowspec.transforms.elementwise.affine import reciprocal
from flowspec.transforms.transform import Univariate


@dataclass(frozen=True, eq=False)
class Power(Univariate):
    """y = x^exponent, for x > 0.

    Slope: |exponent| x^(exponent - 1).
    Source: torch's PowerTransform.
    """

    domain = POSITIVE
    codomain = POSITIVE
    examples = ("Power(2)", "Power(-0.5)", "Power([0.5, 1, 3])", "Power(learn(1.5))")
    before = "Exponential([1, 2, 0.5])"

    exponent: Value = parameter(within=NONZERO, doc="the power; negative turns large into small")

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.power(x, self.exponent)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.power(y, 1 / self.exponent)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return ops.log(ops.abs(self.exponent)) + (self.exponent - 1) * ops.log(x)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        # From y: x may over- or underflow.
        return self.inverse(ops, y), ops.log(ops.abs(self.exponent)) + (
            1 - 1 / self.exponent
        ) * ops.log(y)

    def image_when_varying(self, interval: Interval) -> Interval:
        return powers(interval, value_range(self.exponent, NONZERO))

    def preimage_when_varying(self, interval: Interval) -> Interval:
        return powers(interval, reciprocal(value_range(self.exponent, NONZERO)))


@dataclass(frozen=True, eq=False)
class SignedPower(Univariate):
    """y = sign(x) |x|^exponent.

    Slope: exponent |x|^(exponent - 1).
    Source: zuko.transforms.SignedPowerTransform.

    At x = 0 the slope is 0 or infinite, unless the exponent is 1; the log-slope is that
    of the smallest normal number there, so that it stays finite.
    """

    examples = ("SignedPower(2)", "SignedPower(0.5)", "SignedPower(learn(1.5))")

    exponent: Value = parameter(within=POSITIVE, doc="the power of the absolute value")

    def forward(self, ops: Ops, x: Array) -> Array:
        return _signed_power(ops, x, self.exponent)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return _signed_power(ops, y, 1 / self.exponent)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        size = ops.maximum(ops.abs(x), float(np.finfo(ops.dtype).tiny))
        return ops.log(self.exponent) + (self.exponent - 1) * ops.log(size)

    def image_when_varying(self, interval: Interval) -> Interval:
        return _signed_powers(interval, value_range(self.exponent, POSITIVE))

    def preimage_when_varying(self, interval: Interval) -> Interval:
        return _signed_powers(interval, reciprocal(value_range(self.exponent, POSITIVE)))


def _signed_power(ops: Ops, x: Array, exponent: Value) -> Array:
    # The derivative of |x|^p is not finite at 0 for p < 1: the power never sees it.
    at_zero = ops.abs(x) <= 0.0
    size = ops.where(at_zero, 1.0, ops.abs(x))
    return ops.where(at_zero, 0.0 * x, ops.sign(x) * ops.power(size, exponent))


def powers(interval: Interval, exponents: Interval) -> Interval:
    """All powers of numbers of a positive interval, for exponents of one sign."""
    if exponents.high <= 0:
        return reciprocal(powers(interval, Interval(-exponents.high, -exponents.low)))
    return _signed_powers(interval, exponents)


def _signed_powers(interval: Interval, exponents: Interval) -> Interval:
    """The same for both signs of the numbers, and positive exponents."""
    low, high = interval.low, interval.high
    lowest = -max(_powers(-low, exponents)) if low < 0 else min(_powers(low, exponents))
    highest = max(_powers(high, exponents)) if high > 0 else -min(_powers(-high, exponents))
    return Interval(lowest, highest, interval.closed_low, interval.closed_high)


def _powers(number: float, exponents: Interval) -> tuple[float, float]:
    return _power(number, exponents.low), _power(number, exponents.high)


def _power(number: float, exponent: float) -> float:
    """The power, as the limit of those with positive exponents."""
    if exponent == 0 and number in (0, math.inf):
        return number
    try:
        return number**exponent
    except OverflowError:
        return math.inf
