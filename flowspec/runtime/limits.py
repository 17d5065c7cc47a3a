"""The quick test that all values of a context lie in their supports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from flowspec.support.circle import Circle
from flowspec.support.membership import beyond
from flowspec.support.support import Interval


class Limits:
    """The numbers next to those of some intervals, on both sides, in one float type."""

    def __init__(self, supports: Sequence[Interval | Circle], dtype: DTypeLike):
        self._low, self._high = beyond(tuple(map(_interval, supports)), np.dtype(dtype))

    def hold(self, rows: NDArray[Any]) -> bool:
        """True if no value (rows, columns) lies outside; NaN does not."""
        return not ((rows <= self._low) | (rows >= self._high)).any()


def _interval(support: Interval | Circle) -> Interval:
    return support.interval
