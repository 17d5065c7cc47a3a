"""Points on the ends of intervals and next to them."""

from __future__ import annotations

import numpy as np

from flowspec.support.support import Interval


def at_the_ends(interval: Interval) -> np.ndarray:
    """Float32 numbers on both ends of an interval, next to them, and far in."""
    low, high = (np.float32(end) for end in (interval.low, interval.high))
    points = [low, high] + [
        step(end, steps) for end, step in ((low, _up), (high, _down)) for steps in (1, 2, 3, 100)
    ]
    middle = (
        (low + high) / 2 if np.isfinite(low + high) else low + 1 if np.isfinite(low) else high - 1
    )
    return np.array([x for x in [*points, middle] if np.isfinite(x)], np.float32)


def _up(x: np.float32, steps: int) -> np.float32:
    return _moved(x, steps, np.float32(np.inf))


def _down(x: np.float32, steps: int) -> np.float32:
    return _moved(x, steps, np.float32(-np.inf))


def _moved(x: np.float32, steps: int, towards: np.float32) -> np.float32:
    # Not among the subnormal numbers next to 0, which engines may take for 0.
    x = np.float32(np.copysign(1e-30, towards)) if x == 0 else x
    for _ in range(steps):
        x = np.nextafter(x, towards)
    return x
