"""Facts of one column that tell what a density would make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGE_SHARE = 0.05
"""Share of the rows from which one value counts as a value of its own."""
STANDS_OUT = 8
"""How many times more rows it has than the other values, which rounding repeats too."""
FAR, VERY_FAR = 3.0, 10.0
"""Interquartile ranges beyond the quartiles."""
CODES = {
    sign * code
    for code in (9.0, 99.0, 999.0, 9999.0, 99999.0, 999.9, 9999.9, 1e10, 1e20, 1e30, 32767.0)
    for sign in (1, -1)
}
"""Numbers that stand for a missing one in many tables."""


@dataclass(frozen=True)
class Common:
    """A value, and the rows that have it."""

    value: float
    count: int


@dataclass(frozen=True, eq=False)
class ColumnFacts:
    """A column of the rows that are looked at."""

    cells: NDArray[Any]

    @cached_property
    def _counted(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        values, counts = np.unique(self.cells, return_counts=True)
        return values, counts

    @cached_property
    def is_whole(self) -> bool:
        return bool((self.cells == np.round(self.cells)).all())

    @cached_property
    def distinct(self) -> int:
        """The number of different values."""
        return len(self._counted[0])

    @cached_property
    def atoms(self) -> tuple[Common, ...]:
        """Values that a large share of the rows has, where rounding does not repeat all of them."""
        values, counts = self._counted
        order = np.argsort(-counts, kind="stable")
        rest = np.sort(np.delete(counts, order[:3]))
        behind = np.searchsorted(np.cumsum(rest), rest.sum() / 2) if len(rest) else 0
        typical = int(rest[min(behind, len(rest) - 1)]) if len(rest) else 0
        least = max(LARGE_SHARE * len(self.cells), STANDS_OUT * typical, 5)
        few = self.distinct <= 12 and len(self.cells) >= 20 * self.distinct
        return tuple(
            Common(float(values[i]), int(counts[i]))
            for i in order
            if counts[i] >= (LARGE_SHARE * len(self.cells) if few else least)
        )

    @cached_property
    def bulk(self) -> NDArray[Any]:
        """The cells without the values that a large share of the rows has."""
        values = [atom.value for atom in self.atoms]
        rest = self.cells[~np.isin(self.cells, values)] if values else self.cells
        return rest if len(rest) >= 8 else self.cells

    @cached_property
    def quartiles(self) -> tuple[float, float, float]:
        low, middle, high = np.quantile(self.bulk, [0.25, 0.5, 0.75]).tolist()
        return low, middle, high

    @cached_property
    def range(self) -> float:
        """The distance between the quartiles."""
        low, _, high = self.quartiles
        return high - low

    @cached_property
    def spread(self) -> float:
        """The standard deviation, as the quartiles tell it; the real one, where they are one."""
        return self.range / 1.349 or float(self.bulk.std())

    def beyond(self, fences: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """True for the cells far below the rest, and far above it."""
        low, _, high = self.quartiles
        return self.cells < low - fences * self.range, self.cells > high + fences * self.range

    @cached_property
    def sentinel(self) -> Common | None:
        """A value far outside the rest, that most of what lies there has."""
        if not self.range:
            return None
        for fences, codes, least in ((VERY_FAR, None, 3), (FAR, CODES, 2)):
            for side in self.beyond(fences):
                values, counts = np.unique(self.cells[side], return_counts=True)
                if not len(counts):
                    continue
                top = int(np.argmax(counts))
                common = Common(float(values[top]), int(counts[top]))
                known = codes is None or common.value in codes
                if known and common.count >= least and 2 * common.count >= counts.sum():
                    return common
        return None

    @cached_property
    def is_rounded(self) -> bool:
        """True if most cells have five digits or fewer."""
        cells = self.cells[self.cells != 0]
        scale = 10.0 ** (4 - np.floor(np.log10(np.abs(cells))))
        with np.errstate(all="ignore"):
            digits = cells * scale
            return bool(np.mean(np.abs(digits - np.round(digits)) > 1e-2) < 0.5) or not len(cells)

    @cached_property
    def chance_alike(self) -> float:
        """The chance that two rows have the same value."""
        return float(np.sum((self._counted[1] / len(self.cells)) ** 2))


def linear_columns(
    columns: Sequence[NDArray[Any]], share: float
) -> list[tuple[int, tuple[int, ...]]]:
    """Columns that are linear in those before them: (index, the columns that matter).

    share   of the standard deviation that may be left

    Gram and Schmidt: the diagonal of R is what is left of a column once those before it are
    taken out.
    """
    matrix = np.stack([(column - column.mean()) / column.std() for column in columns], axis=1)
    left = np.linalg.qr(matrix, mode="r") / np.sqrt(len(matrix))
    found: list[tuple[int, tuple[int, ...]]] = []
    free: list[int] = []
    for index in range(len(columns)):
        if abs(left[index, index]) > share:
            free.append(index)
            continue
        factors = np.linalg.solve(left[np.ix_(free, free)], left[free, index])
        found.append((index, tuple(f for f, x in zip(free, factors, strict=True) if abs(x) > 0.01)))
    return found
