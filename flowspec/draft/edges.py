"""Hard edges: ends of columns where the density does not vanish."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flowspec.draft.facts import ATOM, Column

LEAST_ROWS = 500
"""Rows below which an edge is no more than a guess, which the next row may lie beyond."""

MANY_ROWS = 2_000
"""Rows from which the nearest of them tell an edge alone. Of fewer, also the nearest fifth has to:
of 1,000 log-normal rows the nearest 60 seem to lie at an edge once in 12 tables, of 500 once in 6.
"""

NEAREST, MOST_NEAREST = 60, 2_000
"""Rows next to an end that are looked at: a twentieth, but at least and at most so many."""

HARD = 0.4
"""Share of the nearest rows in the nearer half of their stretch: a density that does not vanish has
a half there, one that vanishes linearly a quarter.
"""

LIKELIER = 8.0
"""Powers of ten by which the nearest fifth has to be likelier under an even density than under one
that vanishes linearly.
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
    odds   powers of ten by which the nearest fifth of the rows is likelier under an even density
           than under one that vanishes; None in tables where this was not asked
    """

    end: float
    near: float
    rows: int
    odds: float | None = None

    @property
    def reason(self) -> str:
        text = (
            f"a hard edge at {self.end:g}: of the {self.rows:,} rows nearest to it "
            f"{100 * self.near:.0f} % lie in the nearer half of their stretch"
        )
        if self.odds is None:
            return text
        return (
            f"{text}, and the nearest fifth of all rows is 10^{self.odds:.0f} times likelier under "
            "an even density than under one that vanishes there"
        )


def lower_edge(column: Column) -> Edge | None:
    """The hard edge at the lower end of a column; None if its density vanishes there."""
    return _edge(column, column.numbers)


def upper_edge(column: Column) -> Edge | None:
    """The same at the upper end."""
    edge = _edge(column, -column.numbers)
    return edge and replace(edge, end=0.0 - edge.end)


def _edge(column: Column, numbers: NDArray[np.floating]) -> Edge | None:
    if len(numbers) < LEAST_ROWS or column.is_whole or column.commonest[1] >= ATOM:
        return None
    nearest = _nearest(numbers)
    count = len(nearest) - 1
    if _has_atom(nearest):
        return None
    gap = (nearest[-1] - nearest[0]) / count
    end = _round_below(float(nearest[0]), GAPS * gap)
    if end == nearest[0]:
        end -= _resolution(nearest) / 2
    near = float(np.mean(nearest[:-1] - end <= (nearest[-1] - end) / 2))
    odds = _odds(numbers, end) if len(numbers) < MANY_ROWS else None
    if near < HARD or gap <= 0 or (odds is not None and odds < LIKELIER):
        return None
    return Edge(float(f"{end:.6g}"), near, count, odds)


def _odds(numbers: NDArray[np.floating], end: float) -> float:
    """Powers of ten by which an even density of the nearest fifth is likelier than one that
    vanishes linearly at the end: with u from 0 to 1 along their stretch, 1 against 2 u.
    """
    count = len(numbers) // 5
    nearest = np.sort(np.partition(numbers, count)[: count + 1]).astype(float)
    stretch = nearest[-1] - end
    if not stretch > 0:
        return 0.0
    along = np.maximum((nearest[:-1] - end) / stretch, 0.3 / count)  # so that no row decides alone
    return float(-np.log10(2 * along).sum())


def _nearest(numbers: NDArray[np.floating]) -> NDArray[np.floating]:
    """The rows next to the lower end, in order: of rounded columns so many that they differ."""
    count = min(max(len(numbers) // 20, NEAREST), MOST_NEAREST)
    while True:
        nearest = np.sort(np.partition(numbers, count)[: count + 1]).astype(float)
        if len(np.unique(nearest)) >= DISTINCT or 2 * count > len(numbers) // 5:
            return nearest
        count *= 2


def _has_atom(nearest: NDArray[np.floating]) -> bool:
    """Whether one value is repeated as no other, more than rounding does: the first, or one that
    more than a twentieth of the rows have (a row that is there three times is none).
    """
    counts = np.unique(nearest, return_counts=True)[1]
    if len(counts) < 2:
        return True
    second, most = np.sort(counts)[-2:]
    return bool(most > 2 * second and (counts[0] == most or most > len(nearest) / 20))


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
