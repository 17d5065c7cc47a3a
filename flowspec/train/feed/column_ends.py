"""The least and the largest number of each column, by which columns that never change are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Constant:
    """A column that never changes.

    rounded   true if the rounded numbers alone do not change
    """

    column: int
    value: float
    rounded: bool


class ColumnEnds:
    """The least and the largest number of each column, with and without rounding."""

    def __init__(self, columns: int):
        self._rounded = np.full((2, columns), [[np.inf], [-np.inf]])
        self._exact = self._rounded.copy()

    def add(
        self,
        columns: slice,
        values: NDArray[Any],
        rounded: NDArray[Any],
        skipped: NDArray[np.bool_],
    ) -> None:
        """Take in a piece (N, columns), but for the rows that are skipped."""
        _widen(self._rounded[:, columns], rounded, skipped)
        alike = self._rounded[0, columns] == self._rounded[1, columns]
        _widen(self._exact[:, columns], values, skipped, alike)  # others do not need theirs

    def constants(self) -> Iterator[Constant]:
        """The columns that never change."""
        for column in np.flatnonzero(self._rounded[0] == self._rounded[1]).tolist():
            low, high = self._exact[:, column]
            rounded = bool(low != high)
            value = self._rounded[0, column] if rounded else low
            yield Constant(column, float(value), rounded)


def _widen(
    ends: NDArray[Any],
    values: NDArray[Any],
    skipped: NDArray[np.bool_],
    columns: NDArray[np.bool_] | slice = slice(None),
) -> None:
    chosen = values[:, columns] if not skipped.any() else values[:, columns][~skipped]
    ends[0, columns] = np.minimum(ends[0, columns], chosen.min(axis=0, initial=np.inf))
    ends[1, columns] = np.maximum(ends[1, columns], chosen.max(axis=0, initial=-np.inf))
