"""Membership in a support, and the moves that keep points where formulas are finite.

A point outside the support is replaced by a safe one *before* the formulas, which would
be NaN there and poison gradients. A point that rounding puts on an open end is moved to
the nearest number inside.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.support.space import Space
from flowspec.support.support import REAL, Interval

Ends = float | np.ndarray
"""A number where all coordinates share it, else a column."""
Rounding = Callable[[tuple[Interval, ...], np.dtype], tuple[np.ndarray, np.ndarray]]


def either(a: Array | None, b: Array | None) -> Array | None:
    """True where one of the two is; None stands for nowhere."""
    if a is None or b is None:
        return b if a is None else a
    return a | b


def outside_of(ops: Ops, space: Space, x: Array) -> Array:
    """Rows (N,) of x that do not lie in the support.

    False for NaN, so that NaN goes through the formulas.
    """
    if space.intervals is not None:
        outside = _outside_box(ops, space, x)
        return outside if space.scalar else ops.any(outside)
    (first, run), *others = _remembered(space, "runs", _runs)
    outside = _outside_run(ops, run, x[first])
    for block, run in others:
        outside = outside | _outside_run(ops, run, x[block])
    return outside


def uncircled(space: Space) -> Space:
    """The space for points that a transform has given.

    On a circle they lie for sure, but for a rounding error.
    """
    return _remembered(space, "uncircled", _without_circles)


def _without_circles(space: Space) -> Space:
    if not any(support.period for support in space.supports):
        return space
    return space.with_supports(REAL if support.period else support for support in space.supports)


def prepare(space: Space) -> None:
    """Fill the memory of a space with everything that the functions here look up.

    Compilers of Python code see what is known as constants.
    """
    _ = space.size, space.is_real, space.blocks
    if space.intervals is None:
        for _, run in _remembered(space, "runs", _runs):
            if run.intervals is not None:
                prepare(run)
    else:
        for dtype in map(np.dtype, ("float32", "float64")):
            for rounding in (beyond_others, closed_at_0, within):
                _ends(space, rounding, dtype)
        _at_0(space)
    _safe_point(space)
    if uncircled(space) is not space:
        prepare(uncircled(space))


def _remembered(space: Space, key: str, make: Callable[[Space], Any]) -> Any:
    """make(space), worked out once."""
    if key not in space.memory:
        space.memory[key] = make(space)
    return space.memory[key]


def _runs(space: Space) -> list[tuple[slice, Space]]:
    """Neighboring intervals together, joint supports alone."""
    runs: list[tuple[slice, Space]] = []
    for joint, blocks in groupby(space.blocks, key=lambda block: block[1].joint):
        slices, supports = zip(*blocks, strict=True)
        if joint:
            runs += [(block, Space((s,))) for block, s in zip(slices, supports, strict=True)]
        else:
            runs.append((slice(slices[0].start, slices[-1].stop), Space(supports)))
    return runs


def _outside_run(ops: Ops, run: Space, x: Array) -> Array:
    if run.intervals is None:
        return run.supports[0].outside(ops, x)
    return ops.any(_outside_box(ops, run, x))


def _outside_box(ops: Ops, space: Space, x: Array) -> Array:
    if space.is_real:
        return ops.isinf(x)
    # Nothing is compared with the numbers next to 0, which some engines take for 0 themselves.
    low, high = _ends(space, beyond_others, ops.data_dtype)
    low_at_0, high_at_0 = _ends(space, closed_at_0, ops.data_dtype)
    (no_low, all_low), (no_high, all_high) = _at_0(space)
    below = either(
        None if all_low else x <= _end(ops, low),
        None if no_low else x < _end(ops, low_at_0),
    )
    above = either(
        None if all_high else x >= _end(ops, high),
        None if no_high else x > _end(ops, high_at_0),
    )
    outside = either(below, above)
    assert outside is not None
    return outside


Counts = tuple[bool, bool]
"""True for none, and true for all."""


def _at_0(space: Space) -> tuple[Counts, Counts]:
    """How many of the lower and of the upper ends are 0 and belong to their intervals."""
    found: tuple[Counts, Counts] = _remembered(space, "at 0", _counted_at_0)
    return found


def _counted_at_0(space: Space) -> tuple[Counts, ...]:
    ends = closed_at_0(space.intervals or (), np.dtype(np.float64))
    return tuple((bool((side != 0).all()), bool((side == 0).all())) for side in ends)


# --- ends in the float type of the data -----------------------------------------------------------


def beyond(intervals: tuple[Interval, ...], dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The greatest number below each interval and the least one above, in the float type
    of the data.

    They make one comparison right for open and closed ends, and for ends that the type
    cannot hold.
    """
    low = np.array([_round(i.low, dtype, -1, closed=i.closed_low) for i in intervals], dtype)
    high = np.array([_round(i.high, dtype, +1, closed=i.closed_high) for i in intervals], dtype)
    return low, high


def closed_at_0(intervals: tuple[Interval, ...], dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The ends that are 0 and belong to their intervals; infinity for the others."""
    low = [0.0 if i.closed_low and i.low == 0 else -math.inf for i in intervals]
    high = [0.0 if i.closed_high and i.high == 0 else math.inf for i in intervals]
    return np.array(low, dtype), np.array(high, dtype)


def beyond_others(
    intervals: tuple[Interval, ...], dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray]:
    """As `beyond`, with infinity at the ends that `closed_at_0` has."""
    low, high = beyond(intervals, dtype)
    low_at_0, high_at_0 = closed_at_0(intervals, dtype)
    return np.where(low_at_0 == 0, -np.inf, low), np.where(high_at_0 == 0, np.inf, high)


def within(intervals: tuple[Interval, ...], dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest finite number inside each interval.

    Next to 0 that is the smallest normal number: engines differ in whether they keep
    smaller ones.
    """
    low, high = beyond(intervals, dtype)
    low = np.nextafter(low, dtype.type(math.inf))
    high = np.nextafter(high, dtype.type(-math.inf))
    tiny = np.finfo(dtype).tiny
    low = np.where((low > 0) & (low < tiny), tiny, low)
    return low, np.where((high < 0) & (high > -tiny), -tiny, high)


def _round(end: float, dtype: np.dtype, direction: int, closed: bool) -> np.floating:
    """The number of the type nearest to `end` that is not of the set, in a direction.

    The nearest number to a closed end stands for it, on whichever side it lies: what a
    user calls inside is inside.
    """
    value: np.floating = dtype.type(end)
    if math.isinf(end):
        return value
    inside = closed or (float(value) - end) * direction < 0
    return np.nextafter(value, dtype.type(direction * math.inf)) if inside else value


def _ends(space: Space, rounding: Rounding, dtype: np.dtype) -> tuple[Ends, Ends]:
    """The lower and upper ends of the intervals of a space, as `beyond` or `within`
    rounds them.
    """
    # Plain words as keys: compilers of Python code look them up.
    key = (rounding.__name__, dtype.itemsize)
    if key not in space.memory:
        low, high = rounding(space.intervals or (), dtype)
        space.memory[key] = (_shared(low), _shared(high))
    ends: tuple[Ends, Ends] = space.memory[key]
    return ends


def _shared(ends: np.ndarray) -> Ends:
    return float(ends[0]) if (ends == ends[0]).all() else ends.astype(np.float64)[:, None]


def _end(ops: Ops, ends: Ends) -> Any:
    return ends if isinstance(ends, float) else ops.constant(ends)


# --- moves ----------------------------------------------------------------------------------------


def keep_inside(ops: Ops, space: Space, x: Array) -> Array:
    """x with each number that rounding has put on or beyond an end moved to the nearest
    inside.
    """
    return x if space.is_real else keep_finite(ops, space, x)


def keep_finite(ops: Ops, space: Space, x: Array) -> Array:
    """The same where any real number lies inside, too: what has overflowed is the largest
    number.
    """
    if space.intervals is None:
        return x
    low, high = _ends(space, within, ops.dtype)
    return ops.clip(x, _end(ops, low), _end(ops, high))


def move_to_safety(ops: Ops, space: Space, x: Array, outside: Array | None) -> Array:
    """x with a point well inside the support in the place of those outside.

    Formulas and gradients stay finite there.
    """
    if outside is None:
        return x
    return ops.where(outside, _end(ops, _safe_point(space)), x)


def _safe_point(space: Space) -> Ends:
    """A point of the support at which every formula is finite."""
    return _remembered(space, "safe point", _joined_safe_points)


def _joined_safe_points(space: Space) -> Ends:
    return _shared(np.concatenate([support.safe_point for support in space.supports]))
