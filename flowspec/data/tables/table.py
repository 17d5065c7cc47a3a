"""Tables in and out: CSV, Parquet (with the `parquet` extra) and NumPy files, columns found by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake, suggest

LISTED = 12
"""Columns of a table that a message names."""
LONGEST_CELL = 60
SEPARATORS = {";": "`;`", "\t": "tabs", "|": "`|`"}
"""What some write in place of `,`."""
DAMAGED, LOOK = "it is of another kind than its name says, or damaged", "look where it is"
NO_NUMBERS = {
    "U": "text",
    "S": "text",
    "c": "complex numbers",
    "M": "dates",
    "m": "times",
    "O": "Python objects",
}


@mistake
class UnreadableTable(Diagnostic):
    message = "cannot read {name}: {reason}"
    help = "{advice}"
    name: str
    reason: str
    advice: str = "give a CSV, Parquet or NumPy (.npy) file"


@mistake
class MissingColumn(Diagnostic):
    message = "the table has no column `{name}`"
    help = "{advice}"
    name: str
    advice: str


@mistake
class UnnamedColumns(Diagnostic):
    message = "the table's {count} columns have no names; wanted: {names}"
    help = "give these columns in this order and no others, or a .csv or .parquet file, whose columns have names"
    count: int
    names: str


@mistake
class RepeatedColumn(Diagnostic):
    message = "the table has {count} columns `{name}`"
    help = "give each column a name of its own"
    name: str
    count: int


@mistake
class NotNumeric(Diagnostic):
    message = "column `{name}` holds {value} in row {row}, which is no number"
    note = "no number stands in {count} of the rows {first} to {last}"
    help = "correct the row, or leave it out; where a number is missing, leave the cell empty"
    name: str
    value: str
    row: int
    count: int
    first: int
    last: int


@mistake
class EmptyTable(Diagnostic):
    message = "{name} has no rows"
    help = "give a table with at least one row of data"
    name: str


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns. `cells` holds a list of the values of each, numbers or text."""

    name: str
    columns: tuple[str, ...]
    cells: tuple[Sequence, ...]

    @property
    def rows(self) -> int:
        return len(self.cells[0]) if self.cells else 0

    def numbers(self, wanted: Sequence[str], before: int = 0) -> np.ndarray:
        """The wanted columns as float64, (rows, columns); empty cells are NaN. Messages count rows after those `before`.

        Errors:  FlowError, where a column is missing or holds what is no number.
        """
        if len(self.columns) == len(wanted) and self.columns == unnamed(len(wanted)):
            return np.stack([np.asarray(column, float) for column in self.cells], axis=1)
        if self.columns == unnamed(len(self.columns)) and not {*wanted} & {*self.columns}:
            raise FlowError(
                UnnamedColumns(where=self.name, count=len(self.columns), names=", ".join(wanted))
            )
        problems: list[Diagnostic] = [
            self._missing(name) for name in wanted if name not in self.columns
        ]
        counts = {name: self.columns.count(name) for name in wanted}
        problems += [
            RepeatedColumn(where=self.name, name=name, count=n)
            for name, n in counts.items()
            if n > 1
        ]
        if problems:
            raise FlowError(problems)
        return np.stack(
            [
                numeric(self.cells[self.columns.index(name)], name, self.name, before)
                for name in wanted
            ],
            axis=1,
        )

    def _missing(self, name: str) -> Diagnostic:
        return MissingColumn(where=self.name, name=name, advice=self._instead(name))

    def _instead(self, name: str) -> str:
        """What may have been meant by a column that is not there."""
        there = ", ".join(f"`{column}`" for column in self.columns[:LISTED]) or "no columns"
        other = next((words for mark, words in SEPARATORS.items() if mark in there), "")
        if len(self.columns) == 1 and other:
            return f"its columns are to be separated by `,`, not by {other}"
        if self.columns and all(map(_is_number, self.columns)):
            return f"its first line, which holds {there}, is to name the columns"
        if near := suggest(name, self.columns):
            return f"did you mean `{near}`?"
        return f"it has {there}" + (
            f" and {len(self.columns) - LISTED} more" if len(self.columns) > LISTED else ""
        )


def numeric(cells: Sequence | np.ndarray, name: str, table: str, before: int = 0) -> np.ndarray:
    if isinstance(cells, np.ndarray):
        return cells.astype(float)
    try:
        found = np.asarray([np.nan if cell in ("", None) else cell for cell in cells], float)
    except (ValueError, TypeError, OverflowError):
        found = np.empty((0, 0))
    if found.ndim == 1:  # lists of the same length would make a matrix
        return found
    bad = [i for i, cell in enumerate(cells) if not _is_number(cell)]
    rows: dict[str, Any] = {
        "row": before + bad[0] + 1,
        "count": len(bad),
        "first": before + 1,
        "last": before + len(cells),
    }
    raise FlowError(NotNumeric(where=table, name=name, value=_shown(cells[bad[0]]), **rows))


def _shown(cell: Any) -> str:
    """What stands in a cell, as far as a message has room for it."""
    text = repr(cell) if isinstance(cell, str) else str(cell)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 3] + "..."


def unnamed(count: int) -> tuple[str, ...]:
    """The names of columns that have none: `column0`, `column1`, ..."""
    return tuple(f"column{i}" for i in range(count))


def _is_number(cell) -> bool:
    try:
        float("nan" if cell in ("", None) else cell)
    except (ValueError, TypeError, OverflowError):
        return False
    return True
