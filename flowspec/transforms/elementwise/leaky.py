"""Steps that are linear on one side or in the tails."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter, setting
from flowspec.parts.values import Value, value_range
from flowspec.support.space import Space
from flowspec.support.support import POSITIVE, Interval
from flowspec.transforms.elementwise.affine import reciprocal, times
from flowspec.transforms.elementwise.tanh import log_tanh_slope
from flowspec.transforms.transform import Univariate


@dataclass(frozen=True, eq=False)
class LeakyReLU(Univariate):
    """y = x for x >= 0, slope x below.

    Slope: 1 or slope.
    Source: nflows, nonlinearities.LeakyReLU.
    """

    examples = ("LeakyReLU", "LeakyReLU([0.1, 0.5, 2])", "LeakyReLU(learn(0.3))")

    slope: Value = parameter(0.01, within=POSITIVE, doc="slope of the negative side")

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.where(x >= 0.0, x, x * self.slope)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ops.where(y >= 0.0, y, y / self.slope)

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return ops.where(x >= 0.0, 0.0 * x, ops.log(self.slope))

    def image_when_varying(self, interval: Interval) -> Interval:
        return _scaled_below_zero(interval, value_range(self.slope, POSITIVE))

    def preimage_when_varying(self, interval: Interval) -> Interval:
        return _scaled_below_zero(interval, reciprocal(value_range(self.slope, POSITIVE)))


def _scaled_below_zero(interval: Interval, factors: Interval) -> Interval:
    """All numbers of an interval, the negative ones multiplied by one of the factors."""
    if interval.low >= 0:
        return interval
    if interval.high <= 0:
        return times(factors, interval)
    below = times(factors, Interval(interval.low, 0.0, interval.closed_low, True))
    return below.hull(Interval(0.0, interval.high, True, interval.closed_high))


@dataclass(frozen=True, eq=False)
class ELU(Univariate):
    """y = x for x >= 0, alpha (exp(x) - 1) below.

    Slope: 1 or alpha exp(x).
    Source: arXiv:1511.07289, eq. 15.
    """

    examples = ("ELU", "ELU([0.5, 1, 2])", "ELU(learn(1.5))")
    image_of_reals_varies = True

    alpha: Value = parameter(1.0, within=POSITIVE, doc="-alpha is the limit on the negative side")

    def forward(self, ops: Ops, x: Array) -> Array:
        return ops.where(x >= 0.0, x, self.alpha * ops.expm1(ops.minimum(x, 0.0)))

    def inverse(self, ops: Ops, y: Array) -> Array:
        beyond = y <= -self.alpha
        x = ops.log1p(ops.where(beyond, 0.0, ops.minimum(y, 0.0)) / self.alpha)
        return ops.where(y >= 0.0, y, ops.where(beyond, -math.inf, x))

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return ops.where(x >= 0.0, 0.0 * x, ops.log(self.alpha) + ops.minimum(x, 0.0))

    def range_for(self, space: Space) -> Space:
        # Its inverse takes only what it gives for every alpha that training may choose.
        least = value_range(self.alpha, POSITIVE).low
        return space.with_supports([Interval(-least, math.inf, closed_low=least == 0)] * space.size)

    def image_when_varying(self, interval: Interval) -> Interval:
        # Below 0 it may be as near to 0, and as near to its limit -alpha, as one likes.
        low = interval.low if interval.low >= 0 else -value_range(self.alpha, POSITIVE).high
        return Interval(
            low,
            max(interval.high, 0.0),
            interval.low >= 0 and interval.closed_low,
            interval.closed_high,
        )

    def preimage_when_varying(self, interval: Interval) -> Interval:
        low = interval.low if interval.low >= 0 else -math.inf
        return Interval(low, max(interval.high, 0.0), interval.closed_low, interval.closed_high)


@dataclass(frozen=True, eq=False)
class LeakyTanh(Univariate):
    """y = tanh(x) for |x| <= bound, and its tangent beyond.

    Slope: 1 - tanh(x)^2, constant beyond the bound.

    Source: the LeakyTanh of flowjax (bijections/tanh.py): an image that is all of R, with
        tanh's centre.
    """

    examples = ("LeakyTanh", "LeakyTanh(1.5)")

    # From 8 on tanh is 1 in float32, up to its last two digits.
    bound: float = setting(
        3.0, kind=float, low=1e-3, high=8.0, doc="absolute value from which on it is linear"
    )

    @property
    def _tail_slope(self) -> float:
        return 1 / math.cosh(self.bound) ** 2

    def forward(self, ops: Ops, x: Array) -> Array:
        inner = ops.clip(x, -self.bound, self.bound)
        return ops.tanh(inner) + (x - inner) * self._tail_slope

    def inverse(self, ops: Ops, y: Array) -> Array:
        height = math.tanh(self.bound)
        inner = ops.clip(y, -height, height)
        return ops.atanh(inner) + (y - inner) / self._tail_slope

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return log_tanh_slope(ops, ops.minimum(ops.abs(x), self.bound))
