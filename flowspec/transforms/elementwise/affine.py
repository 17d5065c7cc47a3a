"""Scale and shift."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import parameter
from flowspec.parts.values import NONZERO, Value, value_range
from flowspec.support.support import Interval
from flowspec.transforms.transform import Univariate


class ScaleAndShift(Univariate):
    """y = shift + scale x, for whoever says what the two are."""

    is_affine = True

    shift: Value
    scale: Value

    def forward(self, ops: Ops, x: Array) -> Array:
        return x * self.scale + self.shift

    def inverse(self, ops: Ops, y: Array) -> Array:
        return (y - self.shift) / self.scale

    def log_slope(self, ops: Ops, x: Array) -> Array:
        return ops.log(ops.abs(self.scale))

    def image_when_varying(self, interval: Interval) -> Interval:
        return plus(times(value_range(self.scale, NONZERO), interval), value_range(self.shift))

    def preimage_when_varying(self, interval: Interval) -> Interval:
        shift, scale = value_range(self.shift), value_range(self.scale, NONZERO)
        return times(
            reciprocal(scale), plus(interval, Interval(-shift.high, -shift.low, True, True))
        )


@dataclass(frozen=True, eq=False)
class Affine(ScaleAndShift):
    """y = shift + scale x.

    Slope: |scale|.
    Source: torch.distributions.transforms.AffineTransform.
    """

    examples = (
        "Affine(0.5, -2)",
        "Affine([1, 2, 3], [0.5, 1, 2])",
        "Affine(learn(0.1), learn(1.5))",
    )

    shift: Value = parameter(0.0, doc="added after scaling")
    scale: Value = parameter(1.0, within=NONZERO, doc="factor; negative mirrors")


@dataclass(frozen=True, eq=False)
class Shift(ScaleAndShift):
    """y = x + shift.

    Slope: 1.
    Source: torch.distributions.transforms.AffineTransform with scale 1.
    """

    scale = 1.0
    examples = ("Shift(0.5)", "Shift(learn(0.1))")

    shift: Value = parameter(doc="added to each coordinate")


@dataclass(frozen=True, eq=False)
class Scale(ScaleAndShift):
    """y = scale x.

    Slope: |scale|.
    Source: torch.distributions.transforms.AffineTransform with loc 0.
    """

    shift = 0.0
    examples = ("Scale(-2)", "Scale([0.5, 1, 2])", "Scale(learn(1.5))")

    scale: Value = parameter(within=NONZERO, doc="factor; negative mirrors")


def plus(a: Interval, b: Interval) -> Interval:
    """All sums of a number of each."""
    return Interval(
        a.low + b.low,
        a.high + b.high,
        a.closed_low and b.closed_low,
        a.closed_high and b.closed_high,
    )


def times(a: Interval, b: Interval) -> Interval:
    """All products of a number of each.

    A limit 0 x infinity can be anything of its sign: it adds no new end but 0.
    """
    corners = [
        (0.0 if 0 in (x, y) else x * y, xc and yc)
        for x, xc in ((a.low, a.closed_low), (a.high, a.closed_high))
        for y, yc in ((b.low, b.closed_low), (b.high, b.closed_high))
    ]
    low, high = min(c for c, _ in corners), max(c for c, _ in corners)
    return Interval(low, high, (low, True) in corners, (high, True) in corners)


def reciprocal(a: Interval) -> Interval:
    """1 / a for an interval without 0 inside."""
    low = 1 / a.high if a.high != 0 else -math.inf
    high = 1 / a.low if a.low != 0 else math.inf
    return Interval(low, high, a.closed_high, a.closed_low)
