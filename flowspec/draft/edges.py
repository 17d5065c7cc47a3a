"""Hard edges: ends of columns where the density does not vanish."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowspec.draft.facts import ATOM, Column

LEAST_ROWS = 1_000
"""Rows below which an edge is no more than a guess, which the next row may lie beyond."""

NEAREST, MOST_NEAREST = 60, 2_000
"""Rows next to an end that are looked at: a twentieth, but at least and at most so many."""

HARD = 0.4
"""Share of the nearest rows in the nearer half of their stretch: a density that does not vanish has
a half there, one that vanishes linearly a quarter.
"""

DISTINCT = 20
"""Values among the nearest rows that tell their density."""

GAPS = 10
"""Mean distances of the nearest rows within which a round number may be the end."""


@dataclass(frozen=True)
class Edge:
    """An end of a column where the density does not vanish.

    end    a round number just beyond all rows
    near   the share of the nearest rows in the nearer half of their stretch
    rows   how many were looked at
    """

    end: float
    near: float
    rows: int

    @property
    def reason(self) -> str:
        return (
            f"a hard edge at {self.end:g}: of the {self.rows:,} rows nearest to it "
            f"{100 * self.near:.0f} % lie in the nearer half of their stretch"
        )


def lower_edge(column: Column) -> Edge | None:
    """The hard edge at the lower end of a column; None if its density vanishes there."""
    return _edge(column, column.numbers)


def upper_edge(column: Column) -> Edge | None:
    """The same at the upper end."""
    edge = _edge(column, -column.numbers)
    return edge and Edge(0.0 - edge.end, edge.near, edge.rows)


def _edge(column: Column, numbers: NDArray[np.floating]) -> Edge | None:
    if len(numbers) < LEAST_ROWS or column.is_whole or column.commonest[1] >= ATOM:
        return None
    nearest = _nearest(numbers)
    count = len(nearest) - 1
    gap = (nearest[-1] - nearest[0]) / count
    end = _round_below(float(nearest[0]), GAPS * gap)
    if end == nearest[0]:
        step = _resolution(nearest)
        if step < gap / 10 and (nearest == end).sum() > 2:
            return None  # a value that is repeated, in a column that is not rounded
        end -= step / 2
    near = float(np.mean(nearest[:-1] - end <= (nearest[-1] - end) / 2))
    return Edge(float(f"{end:.6g}"), near, count) if near >= HARD and gap > 0 else None


def _nearest(numbers: NDArray[np.floating]) -> NDArray[np.floating]:
    """The rows next to the lower end, in order: of rounded columns so many that they differ."""
    count = min(max(len(numbers) // 20, NEAREST), MOST_NEAREST)
    while True:
        nearest = np.sort(np.partition(numbers, count)[: count + 1]).astype(float)
        if len(np.unique(nearest)) >= DISTINCT or 2 * count > len(numbers) // 5:
            return nearest
        count *= 2


def _resolution(nearest: NDArray[np.floating]) -> float:
    """The step to which numbers are rounded."""
    steps = np.diff(np.unique(nearest))
    return float(steps.min()) if len(steps) else 1.0


def _round_below(value: float, slack: float) -> float:
    """The roundest number that is at most so much below a value."""
    largest = math.ceil(math.log10(max(abs(value), slack, 1e-300))) + 1
    for exponent in range(largest, largest - 18, -1):
        for step in (10.0**exponent, 5 * 10.0 ** (exponent - 1)):
            below = math.floor(value / step) * step
            if below >= value - slack:
                return float(f"{below:.12g}")
    return value
