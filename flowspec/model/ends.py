"""Neighboring steps as one, where a point near an end of its support would lose its
distance to that end between them.

`(x - low) / width`, and a logarithm of what is left to 1, know x = 399.99997 of (0, 400)
to two digits in float32. From `x - low` and `high - x`, which are exact near their ends,
all digits come through. Ends that a float32 cannot hold are two numbers, the nearest
float32 and the rest.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flowspec.bases.base import Base, BoundedBase
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.fields import component, parameter
from flowspec.parts.values import Value
from flowspec.support.space import Space
from flowspec.support.support import Interval
from flowspec.transforms.bounded import Bounded, FromBounded
from flowspec.transforms.chain import Step
from flowspec.transforms.elementwise.affine import ScaleAndShift
from flowspec.transforms.forms.inverse import Inverse
from flowspec.transforms.forms.on import On
from flowspec.transforms.transform import Transform, Univariate


@dataclass(frozen=True, eq=False)
class Stretch:
    """y = shift + scale u, for u between two ends.

    first, second   the values of y at the lower and at the upper end of u
    sign            that of the scale
    """

    shift: Value = parameter()
    scale: Value = parameter()
    first: Value = parameter()
    first_rest: Value = parameter()
    second: Value = parameter()
    second_rest: Value = parameter()
    width: Value = parameter()
    sign: Value = parameter()

    def distances(self, ops: Ops, y: Array) -> tuple[Array, Array]:
        """The distances of y to the first and to the second end."""
        from_first = distance(ops, self.first, self.first_rest, y, -self.sign)
        return from_first, distance(ops, self.second, self.second_rest, y, self.sign)

    def shares(self, ops: Ops, y: Array) -> tuple[Array, Array, None]:
        """The same, as shares of the width; no row is beyond ends that are fixed."""
        above, below = self.distances(ops, y)
        least = float(np.finfo(ops.dtype).tiny)
        above_share = ops.maximum(above / self.width, least)
        return above_share, ops.maximum(below / self.width, least), None

    def log_scale(self, ops: Ops) -> Array:
        return ops.log(ops.abs(self.scale))


def distance(ops: Ops, end: Value, rest: Value, y: Array, sign: Value) -> Array:
    """sign (end - y), where `rest` is what `end` leaves out.

    Next to an end at 0 there are numbers that engines take for 0: it is never that.
    """
    if not _is(rest, 0.0):
        apart = ((end - y) + rest) * sign
    elif _is(end, 0.0):
        apart = y if _is(sign, -1.0) else -y * sign
    else:
        apart = end - y if _is(sign, 1.0) else y - end if _is(sign, -1.0) else (end - y) * sign
    may_be_zero = np.ndim(end) or _is(end, 0.0)
    return ops.maximum(apart, float(np.finfo(ops.dtype).tiny)) if may_be_zero else apart


def _is(value: Value, number: float) -> bool:
    return isinstance(value, float) and value == number


@dataclass(frozen=True, eq=False)
class Stretched(Univariate):
    """y = shift + scale f(x), for a bounded map f."""

    bounded: Bounded = component()
    stretch: Stretch = component()

    def forward(self, ops: Ops, x: Array) -> Array:
        return self.bounded.forward(ops, x) * self.stretch.scale + self.stretch.shift

    def log_slope(self, ops: Ops, x: Array) -> Operand:
        return self.bounded.log_slope(ops, x) + self.stretch.log_scale(ops)

    def forward_and_log_slope(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        y, log_slope = self.bounded.forward_and_log_slope(ops, x)
        return y * self.stretch.scale + self.stretch.shift, log_slope + self.stretch.log_scale(ops)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return self.inverse_and_log_slope(ops, y)[0]

    def inverse_and_log_slope(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        above, below = self.stretch.distances(ops, y)
        log_scale = self.stretch.log_scale(ops)
        return self.bounded.from_ends(ops, above, below, self.stretch.width, log_scale)


@dataclass(frozen=True, eq=False)
class FromEnd(ScaleAndShift):
    """y = shift + scale x, where x = 0 is an end of the support."""

    shift: Value = parameter()
    scale: Value = parameter()
    nearest: Value = parameter()
    rest: Value = parameter()

    def inverse(self, ops: Ops, y: Array) -> Array:
        return ((y - self.nearest) - self.rest) / self.scale


def placed(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps, each of which knows its places in the flow as written."""
    return tuple(replace(step, places=step.places or (index,)) for index, step in enumerate(steps))


def exact_ends(steps: Sequence[Step], apart: Set[int] = frozenset()) -> tuple[Step, ...]:
    """The steps, those as one that keep the distance to an end only together.

    apart   places of steps that stay by themselves
    """
    done: list[Step] = []
    for step in steps:
        alone = not done or not apart.isdisjoint((done[-1].places[0], step.places[0]))
        both = None if alone else joined(done[-1].transform, step.transform)
        if both:
            before = done.pop()
            done.append(
                replace(
                    step,
                    transform=both,
                    input=before.input,
                    retests=before.retests or step.retests,
                    places=(*before.places, *step.places),
                )
            )
        else:
            done.append(step)
    return tuple(_from_end(step) for step in done)


def _from_end(step: Step) -> Step:
    transform = from_end(step.transform, step.input)
    return replace(step, transform=transform) if transform else step


def base_stretch(base: Base, steps: Sequence[Step]) -> Stretch | None:
    """The scale and the shift behind a base whose density has poles or zeros at two ends."""
    if not isinstance(base, BoundedBase) or not steps:
        return None
    numbers = scale_and_shift(steps[0].transform)
    return numbers and stretch(base.support, *numbers)


def joined(first: Transform, second: Transform) -> Transform | None:
    """Both transforms as one; None if nothing is lost between them."""
    if isinstance(first, On) and isinstance(second, On):
        same = first.coordinates == second.coordinates
        inner = joined(first.transform, second.transform) if same else None
        return inner and On(first.coordinates, inner)
    return _stretched(first, second) or _unstretched(first, second)


def _stretched(first: Transform, second: Transform) -> Stretched | None:
    """A bounded map, then a scale and a shift."""
    numbers = scale_and_shift(second)
    if numbers is None:
        return None
    if isinstance(first, Stretched):
        bounded, (scale, shift) = first.bounded, numbers
        numbers = scale * first.stretch.scale, shift + scale * first.stretch.shift
    elif (map_ := _bounded(first)) is None or map_.varies:
        return None
    else:
        bounded = map_
    between = stretch(bounded.codomain, *numbers)
    return Stretched(bounded, between) if between else None


def stretch(interval: Interval, scale: np.ndarray, shift: np.ndarray) -> Stretch | None:
    """The scale and the shift of an interval; None if it has not two ends behind them."""
    ends = [shift + scale * end for end in (interval.low, interval.high)]
    if not np.all(np.isfinite(ends)) or np.any(ends[0] == ends[1]):
        return None
    (first, first_rest), (second, second_rest) = map(split, ends)
    width, sign = np.abs(ends[1] - ends[0]), np.sign(scale)
    numbers = (shift, scale, first, first_rest, second, second_rest, width, sign)
    return Stretch(*map(plain, numbers))


def _unstretched(first: Transform, second: Transform) -> Inverse | None:
    """A shift and a scale, then the inverse of a bounded map."""
    if not isinstance(second, FromBounded | Inverse):
        return None
    inner = _stretched(_inverse(second), _inverse(first))
    return Inverse(inner) if inner else None


def _inverse(transform: Transform) -> Transform:
    return transform.transform if isinstance(transform, Inverse) else Inverse(transform)


def _bounded(transform: Transform) -> Bounded | None:
    if isinstance(transform, Inverse) and isinstance(transform.transform, FromBounded):
        return transform.transform.inverse_of()
    return transform if isinstance(transform, Bounded) else None


def from_end(transform: Transform, space: Space) -> Transform | None:
    """A scale and a shift behind an end at 0, which float32 shall not move; None if it
    does not.
    """
    if isinstance(transform, On):
        inner = from_end(transform.transform, transform.inner_space(space))
        return inner and On(transform.coordinates, inner)
    numbers = scale_and_shift(transform)
    if numbers is None or not all(_ends_at_zero(i) for i in space.intervals or [None]):
        return None
    scale, shift = numbers
    nearest, rest = split(shift)
    if not np.any(rest):
        return None
    return FromEnd(*map(plain, (shift, scale, nearest, rest)))


def _ends_at_zero(interval: Any) -> bool:
    return interval is not None and 0.0 in (interval.low, interval.high)


def scale_and_shift(step: Transform) -> tuple[np.ndarray, np.ndarray] | None:
    """Fixed numbers of each coordinate."""
    if isinstance(step, Inverse):
        inner = scale_and_shift(step.transform)
        return inner and (1.0 / inner[0], -inner[1] / inner[0])
    if not isinstance(step, ScaleAndShift) or step.varies:
        return None
    return np.asarray(step.scale, float), np.asarray(step.shift, float)


def split(end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest float32, and what it leaves out."""
    with np.errstate(over="ignore"):
        nearest = np.asarray(end, np.float32).astype(float)
    nearest = np.where(np.isfinite(nearest), nearest, end)
    return nearest, end - nearest


def plain(value: np.ndarray) -> Value:
    """One number where all are the same."""
    array = np.asarray(value, float)
    return float(array.flat[0]) if (array == array.flat[0]).all() else array
