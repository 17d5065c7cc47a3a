"""Rows exactly at an end of their support, which no sample reaches, and an end that takes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.support.support import Interval

LEAST_STEP = 2e-6
"""The least step to an end beyond, relative to the end: some sixteen of float32."""

ALONE = 1e-3
"""The step where all rows lie at ends."""


@dataclass
class RowsAtEnds:
    """Rows of a column at the ends of an interval, counted piece by piece.

    nearest   distances of the nearest other rows from either end
    beyond    True once a row lies on the far side of an end
    """

    interval: Interval
    at_low: bool = False
    at_high: bool = False
    beyond: bool = False
    nearest: tuple[float, float] = (math.inf, math.inf)

    def add(self, values: NDArray[Any], outside: NDArray[np.bool_]) -> None:
        """Look at the numbers (N,) of a piece, of which some lie outside."""
        low, high = values == self.interval.low, values == self.interval.high
        self.at_low = self.at_low or bool((low & outside).any())
        self.at_high = self.at_high or bool((high & outside).any())
        self.beyond = self.beyond or bool((outside & ~low & ~high).any())
        inside = values[~outside & ~low & ~high]
        distances = inside - self.interval.low, self.interval.high - inside
        found = (float(each.min(initial=math.inf)) for each in distances)
        self.nearest = (min(self.nearest[0], next(found)), min(self.nearest[1], next(found)))

    @property
    def are_all(self) -> bool:
        """True if every row that lies outside is at an end."""
        return (self.at_low or self.at_high) and not self.beyond

    def wider(self, declared: Interval) -> Interval:
        """What was declared, with ends half way beyond to the nearest rows: as a number that is
        rounded to a step has them.
        """
        low, high = declared.low, declared.high
        if self.at_low:
            low = _rounded(low - _step(self.nearest[0], low))
        if self.at_high:
            high = _rounded(high + _step(self.nearest[1], high))
        return self.closed(Interval(low, high, declared.closed_low, declared.closed_high))

    def closed(self, declared: Interval) -> Interval:
        """What was declared, with the ends at which rows lie."""
        at_low, at_high = self.at_low or declared.closed_low, self.at_high or declared.closed_high
        return Interval(declared.low, declared.high, at_low, at_high)


def _step(nearest: float, end: float) -> float:
    """Half the distance of the nearest row as 1, 2 or 5 times a power of 10, at most."""
    half = max(nearest / 2 if math.isfinite(nearest) else ALONE, LEAST_STEP * abs(end), 1e-300)
    power = 10.0 ** math.floor(math.log10(half * 1.001))
    return float(
        max(digit for digit in (1, 2, 5) if digit == 1 or digit * power <= half * 1.001) * power
    )


def _rounded(end: float) -> float:
    return float(f"{end:.12g}")
