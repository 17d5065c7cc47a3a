"""Powers of positive and of signed numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowspec.parameter import NONZERO, Value, parameter
from flowspec.support import POSITIVE
from flowspec.transforms.transform import Elementwise


@dataclass(frozen=True, eq=False)
class Power(Elementwise):
    """y = x^exponent, for x > 0.   Slope: |exponent| x^(exponent - 1).   Source: torch's PowerTransform."""

    domain = POSITIVE
    codomain = POSITIVE
    examples = ("Power(2)", "Power(-0.5)", "Power([0.5, 1, 3])", "Power(learn(1.5))")
    before = "Exponential([1, 2, 0.5])"

    exponent: Value = parameter(within=NONZERO, doc="the power; negative turns large into small")

    def forward(self, ops, x):
        return ops.power(x, self.exponent)

    def inverse(self, ops, y):
        return ops.power(y, 1 / self.exponent)

    def log_slope(self, ops, x):
        return ops.log(ops.abs(self.exponent)) + (self.exponent - 1) * ops.log(x)


@dataclass(frozen=True, eq=False)
class SignedPower(Elementwise):
    """y = sign(x) |x|^exponent.   Slope: exponent |x|^(exponent - 1).   Source: zuko.transforms.SignedPowerTransform.

    At x = 0 the slope is 0 or infinite, unless the exponent is 1; the log-slope is that of the smallest
    normal number there, so that it stays finite.
    """

    examples = ("SignedPower(2)", "SignedPower(0.5)", "SignedPower(learn(1.5))")

    exponent: Value = parameter(within=POSITIVE, doc="the power of the absolute value")

    def forward(self, ops, x):
        return _signed_power(ops, x, self.exponent)

    def inverse(self, ops, y):
        return _signed_power(ops, y, 1 / self.exponent)

    def log_slope(self, ops, x):
        size = ops.maximum(ops.abs(x), float(np.finfo(ops.dtype).tiny))
        return ops.log(self.exponent) + (self.exponent - 1) * ops.log(size)


def _signed_power(ops, x, exponent):
    # The derivative of |x|^p is not finite at 0 for p < 1: the power never sees it.
    at_zero = ops.abs(x) <= 0.0
    size = ops.where(at_zero, 1.0, ops.abs(x))
    return ops.where(at_zero, 0.0 * x, ops.sign(x) * ops.power(size, exponent))
