"""Steps that are linear on one side or in the tails."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flowspec.parameter import Value, parameter, setting
from flowspec.support import POSITIVE, Interval
from flowspec.transforms.transform import Elementwise


@dataclass(frozen=True, eq=False)
class LeakyReLU(Elementwise):
    """y = x for x >= 0, slope x below.   Slope: 1 or slope.   Source: nflows, nonlinearities.LeakyReLU."""

    examples = ("LeakyReLU", "LeakyReLU([0.1, 0.5, 2])", "LeakyReLU(learn(0.3))")

    slope: Value = parameter(0.01, within=POSITIVE, doc="slope of the negative side")

    def forward(self, ops, x):
        return ops.where(x >= 0.0, x, x * self.slope)

    def inverse(self, ops, y):
        return ops.where(y >= 0.0, y, y / self.slope)

    def log_slope(self, ops, x):
        return ops.where(x >= 0.0, 0.0 * x, ops.log(self.slope))

    def image_when_varying(self, interval):
        return Interval(
            interval.low if interval.low >= 0 else -math.inf, interval.high if interval.high > 0 else 0.0,
            interval.closed_low, interval.closed_high,
        )  # fmt: skip

    preimage_when_varying = image_when_varying


@dataclass(frozen=True, eq=False)
class ELU(Elementwise):
    """y = x for x >= 0, alpha (exp(x) - 1) below.   Slope: 1 or alpha exp(x).   Source: arXiv:1511.07289, eq. 15."""

    examples = ("ELU", "ELU([0.5, 1, 2])", "ELU(learn(1.5))")

    alpha: Value = parameter(1.0, within=POSITIVE, doc="-alpha is the limit on the negative side")

    def forward(self, ops, x):
        return ops.where(x >= 0.0, x, self.alpha * ops.expm1(ops.minimum(x, 0.0)))

    def inverse(self, ops, y):
        return ops.where(y >= 0.0, y, ops.log1p(ops.minimum(y, 0.0) / self.alpha))

    def log_slope(self, ops, x):
        return ops.where(x >= 0.0, 0.0 * x, ops.log(self.alpha) + ops.minimum(x, 0.0))


@dataclass(frozen=True, eq=False)
class LeakyTanh(Elementwise):
    """y = tanh(x) for |x| <= bound, and its tangent beyond.   Slope: 1 - tanh(x)^2, constant beyond the bound.

    Source: the LeakyTanh of flowjax (bijections/tanh.py): an image that is all of R, with tanh's centre.
    """

    examples = ("LeakyTanh", "LeakyTanh(1.5)")

    bound: float = setting(3.0, kind=float, low=1e-3, high=15.0, doc="absolute value from which on it is linear")

    @property
    def _tail_slope(self) -> float:
        return 1 / math.cosh(self.bound) ** 2

    def forward(self, ops, x):
        inner = ops.clip(x, -self.bound, self.bound)
        return ops.tanh(inner) + (x - inner) * self._tail_slope

    def inverse(self, ops, y):
        height = math.tanh(self.bound)
        inner = ops.clip(y, -height, height)
        return ops.atanh(inner) + (y - inner) / self._tail_slope

    def log_slope(self, ops, x):
        inner = ops.minimum(ops.abs(x), self.bound)
        return 2.0 * (math.log(2) - inner - ops.softplus(-2.0 * inner))
