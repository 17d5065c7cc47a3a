"""The count of the rows that have one mistake, and the first of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.support.support import number

SHOWN = 6
"""Numbers of a row that a message shows."""


@dataclass
class Tally:
    """Rows that have one mistake: how many, the first of them, and its numbers."""

    count: int = 0
    row: int = 0
    values: tuple[float, ...] = ()
    least: float = math.inf
    """The least number in any of the rows."""
    rounded: bool = True
    """True if the rounded numbers alone have the mistake."""

    def add(
        self,
        bad: NDArray[np.bool_],
        before: int,
        values: NDArray[Any],
        unrounded: NDArray[np.bool_] | None = None,
    ) -> None:
        """Count the bad rows of a piece.

        before      rows of the pieces before it
        values      (N,) or (N, columns), of which a message shows the first bad row
        unrounded   rows that are bad before they are rounded; None if rounding plays no part
        """
        rows = np.flatnonzero(bad)
        if not len(rows):
            return
        first = int(rows[0])
        if not self.count:
            self.row = before + first + 1
            self.values = tuple(np.atleast_1d(values[first]).tolist())
        self.count += len(rows)
        self.least = min(self.least, float(values[rows].min()))
        self.rounded = self.rounded and unrounded is not None and not unrounded[rows].any()

    @property
    def value(self) -> str:
        """The numbers of the first row."""
        shown = ["missing" if math.isnan(x) else number(x) for x in self.values[:SHOWN]]
        return ", ".join([*shown, "..."] if len(self.values) > SHOWN else shown)

    @property
    def fields(self) -> dict[str, Any]:
        """The fields that every mistake of single rows has."""
        return {"count": self.count, "row": self.row, "value": self.value}
