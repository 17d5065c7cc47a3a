"""What is seen in the columns of a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.data.tables.table import NotNumeric, Table
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.parts.measuring import location_and_scale

ATOM = 0.05
"""Share of the rows at one value that no density has."""

BEYOND = 1e6
"""Widths of the middle half, beyond which lie mistakes: of a million rows with a density that falls
as 1/x^2 hardly one does.
"""


@dataclass(frozen=True, eq=False)
class Column:
    """The numbers of a column, without those that are missing.

    rows   all of them, with those that are missing
    """

    name: str
    numbers: NDArray[Any]
    rows: int

    @property
    def missing(self) -> int:
        return self.rows - len(self.numbers)

    @cached_property
    def low(self) -> float:
        return float(self.numbers.min())

    @cached_property
    def high(self) -> float:
        return float(self.numbers.max())

    @cached_property
    def spread(self) -> float:
        """The standard deviation; of a constant column 1."""
        return float(location_and_scale(self.numbers)["scale"])

    @property
    def is_constant(self) -> bool:
        return len(self.numbers) == 0 or self.low == self.high

    @property
    def is_whole(self) -> bool:
        return bool((self.numbers == np.round(self.numbers)).all())

    @cached_property
    def skewness(self) -> float:
        """The third standardized moment."""
        return float(np.mean(((self.numbers - self.numbers.mean()) / self.spread) ** 3))

    @cached_property
    def commonest(self) -> tuple[float, float]:
        """The commonest value, and the share of the rows that have it: 0 where none is repeated."""
        values, counts = np.unique(self.numbers, return_counts=True)
        share = counts.max() / len(self.numbers) if counts.max() > 1 else 0.0
        return float(values[counts.argmax()]), float(share)

    @property
    def distinct(self) -> int:
        return len(np.unique(self.numbers))

    @property
    def far_out(self) -> int:
        """The rows that lie beyond `BEYOND` times the width of the middle half."""
        low, middle, high = np.quantile(self.numbers, (0.25, 0.5, 0.75))
        far = np.abs(self.numbers - middle) > BEYOND * (high - low)
        return int(far.sum()) if high > low else 0

    def share_near(self, end: float) -> float:
        """The share of the rows within a fiftieth of the range from an end."""
        near = np.abs(self.numbers - end) <= (self.high - self.low) / 50
        return float(near.mean())


def columns_of(table: Table) -> tuple[list[Column], list[str]]:
    """The columns that hold numbers, and the names of those that hold something else.

    Errors:  FlowError, where two columns have one name.
    """
    found, left = [], []
    for name in table.columns:
        try:
            numbers = table.numbers([name])[:, 0]
        except FlowError as error:
            if not all(isinstance(each, NotNumeric) for each in error.diagnostics):
                raise  # a name that two columns have
            left.append(name)
            continue
        found.append(Column(name, numbers[np.isfinite(numbers)], len(numbers)))
    return found, left
