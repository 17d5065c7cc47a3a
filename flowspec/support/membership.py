"""Is a point in a support? Tests, and the moves that keep points where formulas are finite.

A point outside the support is replaced by a safe one *before* the formulas, which would be NaN there
and poison gradients. A point that rounding puts on an open end is moved to the nearest number inside.
"""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.support.sets import REAL, Circle, Interval, Ordered, Part, Simplex, as_interval
from flowspec.support.space import Space

SUM_TOLERANCE = 1e-5
"""How far the sum of a simplex point may be from one: six digits of a table, or float32 sums over thousands."""

Ends = float | np.ndarray
"""A number where all coordinates share it, else a column."""


def either(a: Array | None, b: Array | None) -> Array | None:
    """True where one of the two is; None stands for nowhere."""
    if a is None or b is None:
        return b if a is None else a
    return a | b


def outside_of(ops: Ops, space: Space, x: Array) -> Array:
    """Which rows (N,) do not lie in the support. False for NaN, so that NaN goes through the formulas."""
    if space.intervals is not None:
        found = _outside_box(ops, space, x)
        return found if space.scalar else ops.any(found)
    found = None
    for box, part in _remembered(space, "runs", _runs):
        found = either(found, _outside_part(ops, part, x[box]))
    return found


def uncircled(space: Space) -> Space:
    """The space for points that a step has given: on a circle they are for sure, but for a rounding error."""
    return _remembered(space, "uncircled", _without_circles)


def _without_circles(space: Space) -> Space:
    return space.with_parts(REAL if isinstance(part, Circle) else part for part in space.parts)


def prepare(space: Space) -> None:
    """Work out now what the functions here need of a space: compilers of Python code see what is known as constants."""
    _ = space.size, space.is_real, space.blocks
    if space.intervals is None:
        for _, part in _remembered(space, "runs", _runs):
            if part.intervals is not None:
                prepare(part)
    else:
        for dtype in map(np.dtype, ("float32", "float64")):
            _ends(space, beyond, dtype)
            _ends(space, within, dtype)
    _safe_point(space)
    if uncircled(space) != space:
        prepare(uncircled(space))


def _remembered(space: Space, key, make):
    """make(space), worked out once."""
    if key not in space.memory:
        space.memory[key] = make(space)
    return space.memory[key]


def _runs(space: Space) -> list[tuple[slice, Space]]:
    """Neighbouring intervals together, joint sets alone."""
    found: list[tuple[slice, Space]] = []
    for together, blocks in groupby(
        space.blocks, key=lambda block: as_interval(block[1]) is not None
    ):
        slices, parts = zip(*blocks, strict=True)
        if together:
            found.append((slice(slices[0].start, slices[-1].stop), Space(parts)))
        else:
            found += [(here, Space((part,))) for here, part in zip(slices, parts, strict=True)]
    return found


def _outside_part(ops: Ops, space: Space, x: Array) -> Array:
    part = space.parts[0]
    if isinstance(part, Simplex):
        off = ops.abs(ops.sum(x) - 1) > SUM_TOLERANCE
        return off | ops.any(x <= 0)
    if isinstance(part, Ordered):
        return ops.any(x[1:] <= x[:-1]) | ops.any(ops.isinf(x))
    return ops.any(_outside_box(ops, space, x))


def _outside_box(ops: Ops, space: Space, x: Array) -> Array:
    if space.is_real:
        return ops.isinf(x)
    low, high = _ends(space, beyond, ops.dtype)
    below = x <= _bound(ops, low)
    return below | (x >= _bound(ops, high))


def beyond(intervals: tuple[Interval, ...], dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The greatest number below each interval and the least one above, in the float type of the data.

    They make one comparison right for open and closed ends, and for ends that the type cannot hold.
    """
    low = np.array([_round(i.low, dtype, -1, strictly=i.closed_low) for i in intervals], dtype)
    high = np.array([_round(i.high, dtype, +1, strictly=i.closed_high) for i in intervals], dtype)
    return low, high


def within(intervals: tuple[Interval, ...], dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest number inside each interval. Next to 0 that is the smallest normal number:
    engines differ in whether they keep smaller ones."""
    low = np.array([_round(i.low, dtype, +1, strictly=not i.closed_low) for i in intervals], dtype)
    high = np.array(
        [_round(i.high, dtype, -1, strictly=not i.closed_high) for i in intervals], dtype
    )
    tiny = np.finfo(dtype).tiny
    low = np.where((low > 0) & (low < tiny), tiny, low)
    return low, np.where((high < 0) & (high > -tiny), -tiny, high)


def _round(end: float, dtype: np.dtype, direction: int, strictly: bool) -> np.floating:
    """The number of the type nearest to `end` on the given side of it, `end` itself unless `strictly`."""
    if math.isinf(end):
        return dtype.type(end)
    value = dtype.type(end)
    too_near = (float(value) - end) * direction < 0 or (strictly and float(value) == end)
    return np.nextafter(value, dtype.type(direction * math.inf)) if too_near else value


def _ends(space: Space, rounding, dtype: np.dtype) -> tuple[Ends, Ends]:
    """The lower and upper ends of the intervals of a space, as `beyond` or `within` rounds them."""
    # Plain words as keys: compilers of Python code look them up.
    key = (rounding.__name__, dtype.itemsize)
    if key not in space.memory:
        low, high = rounding(space.intervals, dtype)
        space.memory[key] = (_shared(low), _shared(high))
    return space.memory[key]


def _shared(ends: np.ndarray) -> Ends:
    return float(ends[0]) if (ends == ends[0]).all() else ends.astype(np.float64)[:, None]


def _bound(ops: Ops, ends: Ends) -> Array:
    return ends if isinstance(ends, float) else ops.constant(ends)


def keep_inside(ops: Ops, space: Space, x: Array) -> Array:
    """Move what rounding has put on or beyond a finite end of a support to the nearest number inside it."""
    if space.is_real or space.intervals is None:
        return x
    low, high = _ends(space, within, ops.dtype)
    has_low, has_high = _is_finite(low), _is_finite(high)
    if has_low and has_high:
        return ops.clip(x, _bound(ops, low), _bound(ops, high))
    x = ops.maximum(x, _bound(ops, low)) if has_low else x
    return ops.minimum(x, _bound(ops, high)) if has_high else x


def _is_finite(ends: Ends) -> bool:
    """Is any of the ends? (A column has ends that differ.)"""
    return not isinstance(ends, float) or math.isfinite(ends)


def move_to_safety(ops: Ops, space: Space, x: Array, outside: Array | None) -> Array:
    """Put a point well inside the support in place of those outside, so that formulas and gradients stay finite."""
    if outside is None:
        return x
    return ops.where(outside, _bound(ops, _safe_point(space)), x)


def _safe_point(space: Space) -> Ends:
    """A point of the support at which every formula is finite."""
    return _remembered(
        space,
        "safe point",
        lambda space: _shared(np.concatenate([_safe(part) for part in space.parts])),
    )


def _safe(part: Part) -> np.ndarray:
    if isinstance(part, Simplex):
        return np.full(part.size, 1 / part.size)
    if isinstance(part, Ordered):
        return np.arange(part.size, dtype=float)
    return np.array([part.safe_point])


def guarded(ops: Ops, base, x: Array) -> Array:
    """The log-density of a base at points that may lie outside its support: -inf there."""
    outside = either(outside_of(ops, base.space, x), base.outside(ops, x))
    return ops.where(
        outside, -math.inf, base.log_prob(ops, move_to_safety(ops, base.space, x, outside))
    )
