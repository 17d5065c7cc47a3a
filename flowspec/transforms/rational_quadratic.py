"""Rational-quadratic splines.

Source: Neural Spline Flows, Durkan et al., 2019, arXiv:1906.04032: eq. 4 (value), 5 (slope), 6 to 8 (inverse).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from flowspec import mistakes
from flowspec.parameter import Learn, Value, parameter, setting
from flowspec.support import POSITIVE, Circle, Interval
from flowspec.transforms.transform import Univariate


class RationalQuadratic(Univariate):
    """A monotone spline between knots; the formulas for whoever says what the knots are."""

    @abstractmethod
    def knots(self, ops, x):
        """Positions, values and slopes at the knots, each (K + 1, ..., N) or constant over the batch."""

    def forward(self, ops, x):
        return self.forward_and_log_slope(ops, x)[0]

    def inverse(self, ops, y):
        return self.inverse_and_log_slope(ops, y)[0]

    def log_slope(self, ops, x):
        return self.forward_and_log_slope(ops, x)[1]


def spline(ops, x, positions, values, slopes):
    """The spline and its log-slope at `x`, which lies between the first and the last knot."""
    x0, width, y0, height, d0, d1 = _bin(ops, x, positions, positions, values, slopes)
    steep = height / width
    z = (x - x0) / width
    return _value(y0, height, steep, d0, d1, z), _log_slope(ops, steep, d0, d1, z)


def inverse_spline(ops, y, positions, values, slopes):
    """The inverse spline at `y`, and the log-slope of the spline there."""
    x0, width, y0, height, d0, d1 = _bin(ops, y, values, positions, values, slopes)
    steep = height / width
    above, bend = y - y0, d0 + d1 - 2.0 * steep
    a = height * (steep - d0) + above * bend
    b = height * d0 - above * bend
    c = -steep * above
    # The root of a z^2 + b z + c that does not cancel; rounding may push the discriminant below 0.
    root = ops.sqrt(ops.maximum(b * b - 4.0 * a * c, 0.0))
    z = 2.0 * c / (-b - root)
    return x0 + z * width, _log_slope(ops, steep, d0, d1, z)


def _bin(ops, x, edges, positions, values, slopes):
    """Start and extent of the bin of each x in both directions, and the slopes at its ends.

    edges   the knots that x is compared with: positions, or values for the inverse
    """
    index = ops.to_index(ops.sum(ops.number(x >= edges[1:-1]))) if edges.shape[0] > 2 else None
    widths, heights = positions[1:] - positions[:-1], values[1:] - values[:-1]
    rows = [positions[:-1], widths, values[:-1], heights, slopes[:-1], slopes[1:]]
    return [row[0] if index is None else ops.take_along(row, index) for row in rows]


def _value(y0, height, steep, d0, d1, z):
    inner = z * (1.0 - z)
    return y0 + height * (steep * z * z + d0 * inner) / (steep + (d0 + d1 - 2.0 * steep) * inner)


def _log_slope(ops, steep, d0, d1, z):
    rest = 1.0 - z
    inner = z * rest
    above = d1 * z * z + 2.0 * steep * inner + d0 * rest * rest
    return 2.0 * ops.log(steep) + ops.log(above) - 2.0 * ops.log(steep + (d0 + d1 - 2.0 * steep) * inner)


def _per_bin(part, event):
    return (part.bins, *event)


def _per_inner_knot(part, event):
    return (_inner_knots(part), *event)


def _inner_knots(part):
    return part.bins if part.circular else part.bins - 1


def _over_knots(ops, value, count, x):
    """One number for all knots as an array over them; arrays as they are."""
    return ops.constant(np.full((count, *x.shape[:-1], 1), value)) if isinstance(value, int | float) else value


@dataclass(frozen=True, eq=False)
class RQS(RationalQuadratic):
    """Rational-quadratic spline on [-bound, bound], the identity outside.   Source: arXiv:1906.04032.

    Widths, heights and slopes are free numbers, as zuko.transforms.MonotonicRQSTransform takes them: a
    softmax makes bins of the first two, an exponential slopes of the third, each pressed so that no slope
    falls below `slope`. With `circular`, the spline maps the circle (-bound, bound) onto itself, and the
    slope where the ends meet is free too.
    """

    examples = (
        "RQS",
        "RQS(bins=4, bound=3, widths=[0.5, -1, 0.2, 0.1], heights=[1, 0.3, -0.4, 0], slopes=[0.5, -0.5, 1])",
        "RQS(bins=3, bound=2, widths=learn([0.5, -1, 0.2]), slopes=learn([0.5, -0.5]))",
        "RQS(bins=3, bound=3, widths=[0.5, -1, 0.2], heights=[1, 0, -0.4], slopes=[0.5, -0.5, 1], circular=true)",
    )

    before = "CircularUniform(-3, 3)[3]"

    bins: int = setting(8, low=2, high=256, doc="number of bins")
    bound: float = setting(5.0, kind=float, low=1e-6, high=1e6, doc="half the width of the spline")
    widths: Value = parameter(Learn(0.0), shape=_per_bin, by_row=False, doc="one free number for each bin")
    heights: Value = parameter(Learn(0.0), shape=_per_bin, by_row=False, doc="one free number for each bin")
    slopes: Value = parameter(Learn(0.0), shape=_per_inner_knot, by_row=False, doc="one for each inner knot")
    slope: float = setting(1e-3, kind=float, low=1e-6, high=0.5, doc="smallest slope")
    circular: bool = setting(False, kind=bool, doc="is the support a circle?")

    @property
    def domain(self):
        return Circle(-self.bound, self.bound) if self.circular else Interval()

    @property
    def _box(self) -> Interval:
        return Interval(-self.bound, self.bound, True, True)

    def image(self, space):
        return space if self.circular else super().image(space)

    def preimage(self, space):
        return space if self.circular else super().preimage(space)

    def image_when_varying(self, interval):
        # Inside the box anything can happen; outside nothing does.
        inside = self._box.contains(Interval(interval.low, interval.high)) or interval.touches(self._box)
        return interval.hull(self._box) if inside else interval

    preimage_when_varying = image_when_varying

    def knots(self, ops, x):
        press = math.log(self.slope)
        slopes = ops.exp(_pressed(ops, _over_knots(ops, self.slopes, _inner_knots(self), x), press))
        one = 0.0 * slopes[:1] + 1.0
        ends = (slopes[-1:], slopes) if self.circular else (one, slopes, one)
        edges = [self._edges(ops, _over_knots(ops, free, self.bins, x), press) for free in (self.widths, self.heights)]
        return *edges, _joined(ops, ends)

    def _edges(self, ops, free, press):
        """Bin edges from -bound to bound."""
        # A softmax; what is pressed does not overflow.
        weights = ops.exp(_pressed(ops, free, press / 2))
        inner = ops.cumsum(weights) * (2.0 * self.bound / ops.sum(weights)) - self.bound
        end = 0.0 * inner[:1]
        # The last edge is the bound itself, whatever the sum rounds to.
        return _joined(ops, (end - self.bound, inner[:-1], end + self.bound))

    def forward_and_log_slope(self, ops, x):
        inside = ops.clip(x, -self.bound, self.bound)
        y, log_slope = spline(ops, inside, *self.knots(ops, x))
        return self._outside_too(ops, x, y, log_slope)

    def inverse_and_log_slope(self, ops, y):
        inside = ops.clip(y, -self.bound, self.bound)
        x, log_slope = inverse_spline(ops, inside, *self.knots(ops, y))
        return self._outside_too(ops, y, x, log_slope)

    def _outside_too(self, ops, given, found, log_slope):
        if self.circular:
            return found, log_slope
        inside = ops.abs(given) < self.bound
        return ops.where(inside, found, given), ops.where(inside, log_slope, 0.0)


def _pressed(ops, free, press):
    """free / (1 + |free / press|): between -|press| and |press|."""
    return free / (1.0 + ops.abs(free / press))


def _joined(ops, parts):
    return ops.concat([part for part in parts if part.shape[0]])


def _per_knot(part, event):
    given = [getattr(value, "init", value) for value in (part.x, part.y, part.slopes)]
    return (next((len(value) for value in given if np.ndim(value)), 2), *event)


@dataclass(frozen=True, eq=False)
class Spline(RationalQuadratic):
    """Rational-quadratic spline through given knots, linear outside.   Source: arXiv:1906.04032.

    The slopes at the first and the last knot are those of the continuation.
    """

    examples = ("Spline([-2, 0, 1], [-1, 0.5, 3], [1, 0.5, 2])", "Spline([0, 1], [5, 7], [1, 3])")

    x: Value = parameter(shape=_per_knot, trainable=False, doc="positions of the knots, increasing")
    y: Value = parameter(shape=_per_knot, trainable=False, doc="values at the knots, increasing")
    slopes: Value = parameter(shape=_per_knot, within=POSITIVE, by_row=False, doc="slopes at the knots, positive")

    def problems(self, space):
        for name in ("x", "y"):
            knots = np.atleast_1d(getattr(self, name))
            if len(knots) < 2 or not (np.diff(knots, axis=0) > 0).all():
                yield mistakes.UnsortedKnots(field=name)

    def knots(self, ops, x):
        return self.x, self.y, _over_knots(ops, self.slopes, self.x.shape[0], x)

    def forward_and_log_slope(self, ops, x):
        return self._linear_outside(ops, spline, x, self.x, self.y, +1)

    def inverse_and_log_slope(self, ops, y):
        return self._linear_outside(ops, inverse_spline, y, self.y, self.x, -1)

    def _linear_outside(self, ops, curve, given, edges, images, direction):
        knots = self.knots(ops, given)
        low, high, first, last = edges[0], edges[-1], knots[2][0], knots[2][-1]
        found, log_slope = curve(ops, ops.clip(given, low, high), *knots)
        below, above = given < low, given > high
        rate = (first, last) if direction > 0 else (1 / first, 1 / last)
        found = ops.where(below, images[0] + (given - low) * rate[0], found)
        found = ops.where(above, images[-1] + (given - high) * rate[1], found)
        log_slope = ops.where(below, ops.log(first), ops.where(above, ops.log(last), log_slope))
        return found, log_slope
