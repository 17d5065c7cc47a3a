"""Ends of a bounded support that training or the context moves: bounded maps, and bases,
with scales and shifts behind them, undone together once all values are put in.

The ends follow from the scales and shifts as pairs of numbers, so that a point keeps its
distance to each of them with all its digits (see `flowspec.model.ends`, where both ends
are fixed).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

from flowspec.bases.base import Base, BoundedBase
from flowspec.ops import Ops
from flowspec.ops.pairs import Pair, minus, over, pair, plus, times
from flowspec.ops.vocabulary import Array, Operand
from flowspec.support.membership import keep_inside, prepare
from flowspec.support.space import Space
from flowspec.support.support import Interval
from flowspec.transforms.bounded import Bounded
from flowspec.transforms.chain import Step
from flowspec.transforms.elementwise.affine import ScaleAndShift
from flowspec.transforms.forms.inverse import Inverse
from flowspec.transforms.forms.on import On
from flowspec.transforms.transform import Transform, Univariate


class Between(NamedTuple):
    """The interval behind which the scales and shifts stand, looked up once: compilers of
    Python code see it as constants.
    """

    space: Space
    low: float
    high: float

    @classmethod
    def of(cls, interval: Interval) -> Between:
        space = Space.of(interval)
        prepare(space)
        return cls(space, interval.low, interval.high)


class Run(NamedTuple):
    """Steps, by their first places, that `merged` makes one."""

    places: tuple[int, ...]
    between: Between


@dataclass(frozen=True, eq=False)
class VaryingStretch(Univariate):
    """Scales and shifts behind an interval, with the values of an interpreter."""

    between: Between
    parts: tuple[Transform, ...]

    def forward(self, ops: Ops, x: Array) -> Array:
        for part in self.parts:
            x, _ = part.forward_and_log_det(ops, x)
        return x

    def inverse(self, ops: Ops, y: Array) -> Array:
        for part in reversed(self.parts):
            y, _ = part.inverse_and_log_det(ops, y)
        return y

    def log_slope(self, ops: Ops, x: Array) -> Operand:
        return self.log_scale(ops)

    def log_scale(self, ops: Ops) -> Array:
        total: Operand = 0.0
        for part in self.parts:
            scale, sign = _scale_of(part)
            total = total + sign * ops.log(ops.abs(scale))
        return cast(Array, total)

    def distances(self, ops: Ops, y: Array) -> tuple[Array, Array, Array]:
        """The distances of y to the ends that were the lower and the upper one, and where
        y is not between them: there both are those of the middle.
        """
        side = self._side(ops)
        above = _distance(y, self._end(ops, self.between.low)) * side
        below = _distance(y, self._end(ops, self.between.high)) * -side
        outside = (above <= 0.0) | (below <= 0.0)
        half = 0.5 * self.width(ops)
        return ops.where(outside, half, above), ops.where(outside, half, below), outside

    def shares(self, ops: Ops, y: Array) -> tuple[Array, Array, Array]:
        """The same, the distances as shares of the width."""
        above, below, outside = self.distances(ops, y)
        width = self.width(ops)
        return above / width, below / width, outside

    def width(self, ops: Ops) -> Array:
        return ops.exp(self.log_scale(ops)) * (self.between.high - self.between.low)

    def _side(self, ops: Ops) -> Operand:
        side: Operand = 1.0
        for part in self.parts:
            side = side * ops.sign(_scale_of(part)[0])
        return side

    def _end(self, ops: Ops, end: float) -> Pair:
        carried = pair(ops, end)
        for part in self.parts:
            carried = _carry(ops, part, carried)
        return carried


def _distance(y: Array, end: Pair) -> Array:
    return (y - end.nearest) - end.rest


def _carry(ops: Ops, part: Transform, end: Pair) -> Pair:
    if isinstance(part, Inverse):
        inner = _affine(part)
        return over(ops, plus(ops, end, minus(pair(ops, inner.shift))), pair(ops, inner.scale))
    affine = _affine(part)
    return plus(ops, times(ops, end, pair(ops, affine.scale)), pair(ops, affine.shift))


def _affine(part: Transform) -> ScaleAndShift:
    inner = part.transform if isinstance(part, Inverse) else part
    assert isinstance(inner, ScaleAndShift)
    return inner


def _scale_of(part: Transform) -> tuple[Operand, float]:
    """The scale, and -1 where it divides."""
    return _affine(part).scale, -1.0 if isinstance(part, Inverse) else 1.0


@dataclass(frozen=True, eq=False)
class VaryingStretched(Univariate):
    """y = stretched f(x), for a bounded map f: an infinity comes back from beyond the ends."""

    image_of_reals_varies = True

    bounded: Bounded
    stretch: VaryingStretch

    def forward(self, ops: Ops, x: Array) -> Array:
        return self.forward_and_log_slope(ops, x)[0]

    def inverse(self, ops: Ops, y: Array) -> Array:
        return self.inverse_and_log_slope(ops, y)[0]

    def log_slope(self, ops: Ops, x: Array) -> Operand:
        return self.bounded.log_slope(ops, x) + self.stretch.log_scale(ops)

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        between, log_slope = self.bounded.forward_and_log_slope(ops, x)
        between = keep_inside(ops, self.stretch.between.space, between)
        return self.stretch.forward(ops, between), log_slope + self.stretch.log_scale(ops)

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        above, below, outside = self.stretch.distances(ops, y)
        width, log_scale = self.stretch.width(ops), self.stretch.log_scale(ops)
        x, log_slope = self.bounded.from_ends(ops, above, below, width, log_scale)
        return ops.where(outside, math.inf, x), log_slope


def varying_runs(base: Base, steps: Sequence[Step]) -> list[Run]:
    """The runs of a flow: a bounded map, or none behind a bounded base, and the scales and
    shifts behind it, of which one varies.
    """
    bounded = [(i, _bounded(step.transform)) for i, step in enumerate(steps)]
    runs = [
        (range(i, _stop(steps, i + 1, steps[i].transform)), first.codomain)
        for i, first in bounded
        if first
    ]
    if isinstance(base, BoundedBase):
        runs.append((range(_stop(steps, 0, None)), base.support))
    return [
        _run([steps[i] for i in run], interval)
        for run, interval in runs
        if any(steps[i].transform.varies for i in run)
    ]


def _run(steps: Sequence[Step], interval: Interval) -> Run:
    prepare(steps[0].input)
    return Run(tuple(step.places[0] for step in steps), Between.of(interval))


def _stop(steps: Sequence[Step], place: int, first: Transform | None) -> int:
    """The end of the scales and shifts from a place on, of the coordinates of the first step."""
    while place < len(steps) and _joins(first, steps[place].transform):
        place += 1
    return place


def _joins(first: Transform | None, second: Transform) -> bool:
    if isinstance(first, On) and isinstance(second, On):
        return first.coordinates == second.coordinates and _joins(None, second.transform)
    inner = second.transform if isinstance(second, Inverse) else second
    return not isinstance(first, On) and isinstance(inner, ScaleAndShift)


def _bounded(transform: Transform) -> Bounded | None:
    inner = transform.transform if isinstance(transform, On) else transform
    return inner if isinstance(inner, Bounded) and not inner.varies else None


def merged(steps: Sequence[Step], between: Between) -> Step:
    """The steps of a run as one, with the values of an interpreter."""
    first, last = steps[0], steps[-1]
    return replace(
        last,
        transform=_merged([step.transform for step in steps], between),
        input=first.input,
        retests=any(step.retests for step in steps),
        places=tuple(place for step in steps for place in step.places),
    )


def _merged(transforms: Sequence[Transform], between: Between) -> Transform:
    first = transforms[0]
    if isinstance(first, On):
        inner = [part.transform for part in transforms if isinstance(part, On)]
        return On(first.coordinates, _merged(inner, between))
    if not isinstance(first, Bounded):
        return VaryingStretch(between, tuple(transforms))
    return VaryingStretched(first, VaryingStretch(between, tuple(transforms[1:])))
