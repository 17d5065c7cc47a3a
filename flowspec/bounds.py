"""Is a point in a support? Tests, and the moves that keep points where formulas are finite.

A point outside the support is replaced by a safe one *before* the formulas, which would be NaN there
and poison gradients. A point that rounding puts on an open end is moved to the nearest number inside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.support import Interval, Ordered, Part, Simplex, Space, as_interval

SUM_TOLERANCE = 1e-5
"""How far the sum of a simplex point may be from one: six digits of a table, or float32 sums over thousands."""


def either(a: Array | None, b: Array | None) -> Array | None:
    """True where one of the two is; None stands for nowhere."""
    if a is None or b is None:
        return b if a is None else a
    return a | b


def outside_of(ops: Ops, space: Space, x: Array) -> Array:
    """Which rows (N,) do not lie in the support. False for NaN, so that NaN goes through the formulas."""
    if space.intervals is not None:
        found = _outside_box(ops, space.intervals, x)
        return found if space.scalar else ops.any(found)
    found = None
    for box, parts in _runs(space):
        here = _outside_part(ops, parts, x[box])
        found = either(found, here)
    return found


def _runs(space: Space) -> Iterator[tuple[slice, list[Part]]]:
    """Neighbouring intervals together, joint sets alone."""
    start, run = 0, []
    for block, part in space.blocks:
        if as_interval(part) is not None:
            run.append(part)
            continue
        if run:
            yield slice(start, block.start), run
        yield block, [part]
        start, run = block.stop, []
    if run:
        yield slice(start, space.size), run


def _outside_part(ops: Ops, parts: list[Part], x: Array) -> Array:
    (part, *_) = parts
    if isinstance(part, Simplex):
        off = ops.abs(ops.sum(x) - 1) > SUM_TOLERANCE
        return off | ops.any(x <= 0)
    if isinstance(part, Ordered):
        return ops.any(x[1:] <= x[:-1]) | ops.any(ops.isinf(x))
    return ops.any(_outside_box(ops, Space(tuple(parts)).intervals or (), x))


def _outside_box(ops: Ops, intervals: tuple[Interval, ...], x: Array) -> Array:
    if all(interval == Interval() for interval in intervals):
        return ops.isinf(x)
    low, high = beyond(intervals, ops.dtype)
    below = x <= _bound(ops, low, x)
    return below | (x >= _bound(ops, high, x))


@lru_cache(maxsize=1024)
def beyond(intervals: tuple[Interval, ...], dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The greatest number below each interval and the least one above, in the float type of the data.

    They make one comparison right for open and closed ends, and for ends that the type cannot hold.
    """
    low = np.array([_round(i.low, dtype, -1, strictly=i.closed_low) for i in intervals], dtype)
    high = np.array([_round(i.high, dtype, +1, strictly=i.closed_high) for i in intervals], dtype)
    return low, high


@lru_cache(maxsize=1024)
def within(intervals: tuple[Interval, ...], dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest number inside each interval. Next to 0 that is the smallest normal number:
    engines differ in whether they keep smaller ones."""
    low = np.array([_round(i.low, dtype, +1, strictly=not i.closed_low) for i in intervals], dtype)
    high = np.array([_round(i.high, dtype, -1, strictly=not i.closed_high) for i in intervals], dtype)
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


def _bound(ops: Ops, ends: np.ndarray, x: Array) -> Array:
    """Ends as a number where all coordinates share it, else as a column."""
    if len(x.shape) == 1 or (ends == ends[0]).all():
        return float(ends[0])
    return ops.constant(ends.astype(np.float64)[:, None])


def keep_inside(ops: Ops, space: Space, x: Array) -> Array:
    """Move what rounding has put on or beyond a finite end of a support to the nearest number inside it."""
    if space.is_real or space.intervals is None:
        return x
    low, high = within(space.intervals, ops.dtype)
    has_low, has_high = not np.isinf(low).all(), not np.isinf(high).all()
    if has_low and has_high:
        return ops.clip(x, _bound(ops, low, x), _bound(ops, high, x))
    x = ops.maximum(x, _bound(ops, low, x)) if has_low else x
    return ops.minimum(x, _bound(ops, high, x)) if has_high else x


def move_to_safety(ops: Ops, space: Space, x: Array, outside: Array | None) -> Array:
    """Put a point well inside the support in place of those outside, so that formulas and gradients stay finite."""
    if outside is None:
        return x
    return ops.where(outside, _bound(ops, safe_point(space), x), x)


def safe_point(space: Space) -> np.ndarray:
    """A point of the support at which every formula is finite."""
    return np.concatenate([_safe(part) for part in space.parts])


def _safe(part: Part) -> np.ndarray:
    if isinstance(part, Simplex):
        return np.full(part.size, 1 / part.size)
    if isinstance(part, Ordered):
        return np.arange(part.size, dtype=float)
    return np.array([part.safe_point])


def guarded(ops: Ops, base, x: Array) -> Array:
    """The log-density of a base at points that may lie outside its support: -inf there."""
    outside = either(outside_of(ops, base.space, x), base.outside(ops, x))
    return ops.where(outside, -math.inf, base.log_prob(ops, move_to_safety(ops, base.space, x, outside)))
