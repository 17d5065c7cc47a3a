"""Tables in memory, whose columns are found by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.data.numbers import is_number
from flowspec.data.tables.cells import EMPTY, advice_on, as_numbers
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake, suggest
from flowspec.diagnostics.quantities import amount

LISTED = 12
"""Columns of a table that a message names."""
LONGEST_CELL = 60
SEPARATORS = {";": "`;`", "\t": "tabs", "|": "`|`"}
"""Signs that some write in place of `,`."""
DAMAGED = "it is of another kind than its name says, or damaged"
LOOK = "look where it is"
NO_NUMBERS = {
    "U": "text",
    "S": "text",
    "c": "complex numbers",
    "M": "dates",
    "m": "times",
    "O": "Python objects",
}
"""Kinds of NumPy arrays that hold no numbers."""

Column = Sequence[Any] | NDArray[Any]
"""The cells of a column: numbers, text, or None where there is nothing."""


@mistake
class UnreadableTable(Diagnostic):
    message = "cannot read {name}: {reason}"
    help = "{advice}"
    name: str
    reason: str
    advice: str = "give a table as .csv, .tsv, .parquet, .feather, .jsonl or .npy"


@mistake
class MissingColumn(Diagnostic):
    message = "the table has no column `{name}`"
    help = "{advice}"
    name: str
    advice: str


@mistake
class UnnamedColumns(Diagnostic):
    message = "the table has {count:column} without names; wanted: {names}"
    help = (
        "give these columns in this order and no others, "
        "or a .csv or .parquet file, whose columns have names"
    )
    count: int
    names: str


@mistake
class RepeatedColumn(Diagnostic):
    message = "the table has {count:column} `{name}`"
    help = "give each column a name of its own"
    name: str
    count: int


@mistake
class NotNumeric(Diagnostic):
    message = "column `{name}` holds {value} in row {row}, which is no number"
    note = "no number stands in {count} of the rows {first} to {last}"
    help = "{advice}"
    name: str
    value: str
    row: int
    count: int
    first: int
    last: int
    advice: str = EMPTY


@mistake
class UnequalColumns(Diagnostic):
    message = "`{name}` has {rows}, and `{first}` has {expected}"
    help = "give every column one number for each row"
    name: str
    rows: str
    first: str
    expected: str


@mistake
class EmptyTable(Diagnostic):
    message = "{name} has no rows"
    help = "give a table with at least one row of data"
    name: str


@dataclass(frozen=True, eq=False)
class Table:
    """Columns with names, and the cells of each."""

    name: str
    columns: tuple[str, ...]
    cells: Sequence[Column]

    @property
    def rows(self) -> int:
        return len(self.cells[0]) if self.cells else 0

    def numbers(self, wanted: Sequence[str], before: int = 0) -> NDArray[Any]:
        """The wanted columns as float64, (rows, columns); empty cells are NaN.

        before    rows before the first, which messages count too
        Errors:   FlowError, where a column is missing or holds anything but numbers.
        """
        if not wanted:
            return np.empty((self.rows, 0))
        if len(self.columns) == len(wanted) and self.columns == unnamed(len(wanted)):
            return np.stack([np.asarray(column, float) for column in self.cells], axis=1)
        if self.columns == unnamed(len(self.columns)) and not {*wanted} & {*self.columns}:
            names = ", ".join(wanted)
            raise FlowError(UnnamedColumns(where=self.name, count=len(self.columns), names=names))
        if mistakes := list(self._check_names(wanted)):
            raise FlowError(mistakes)
        cells = (self.cells[self.columns.index(name)] for name in wanted)
        columns = _all_numeric(dict(zip(wanted, cells, strict=True)), wanted, self.name, before)
        self._check_lengths(wanted, [len(column) for column in columns])
        return np.stack(columns, axis=1)

    def _check_lengths(self, names: Sequence[str], lengths: Sequence[int]) -> None:
        """Refuse columns of other lengths, which mappings may have."""
        first = lengths[0]
        for name, own in zip(names, lengths, strict=True):
            if own != first:
                rows, expected = (amount(n, "row") for n in (own, first))
                raise FlowError(
                    UnequalColumns(
                        where=self.name, name=name, rows=rows, first=names[0], expected=expected
                    )
                )

    def _check_names(self, wanted: Sequence[str]) -> Iterator[Diagnostic]:
        for name in wanted:
            if name not in self.columns:
                yield MissingColumn(where=self.name, name=name, advice=self._instead(name))
        for name in dict.fromkeys(wanted):
            if (count := self.columns.count(name)) > 1:
                yield RepeatedColumn(where=self.name, name=name, count=count)

    def _instead(self, name: str) -> str:
        """Advice on a column that is not there."""
        present = ", ".join(f"`{column}`" for column in self.columns[:LISTED]) or "no columns"
        other = next((words for mark, words in SEPARATORS.items() if mark in present), "")
        if len(self.columns) == 1 and other:
            return f"its columns are to be separated by `,`, not by {other}"
        if self.columns and all(map(is_number, self.columns)):
            return f"its first line, which holds {present}, is to name the columns"
        if near := suggest(name, self.columns):
            return f"did you mean `{near}`?"
        more = len(self.columns) - LISTED
        return f"it has {present}" + (f" and {more} more" if more > 0 else "")


def numeric(cells: Column, name: str, table: str, before: int = 0) -> NDArray[Any]:
    """A column as float64; empty cells are NaN.

    before    rows before the first, which messages count too
    Errors:   FlowError, where a cell holds anything but a number.
    """
    if isinstance(cells, np.ndarray):
        return cells.astype(float)
    if (array := as_numbers(cells)) is not None:
        return array
    bad = [i for i, cell in enumerate(cells) if not is_number(cell)]
    raise FlowError(
        NotNumeric(
            where=table,
            name=name,
            value=_shown(cells[bad[0]]),
            row=before + bad[0] + 1,
            count=len(bad),
            first=before + 1,
            last=before + len(cells),
            advice=advice_on(name, [cells[i] for i in bad], len(cells)),
        )
    )


def _all_numeric(
    cells: Mapping[str, Column], wanted: Sequence[str], table: str, before: int
) -> list[NDArray[Any]]:
    """Columns as float64.

    Errors:  FlowError, with all columns that hold anything but numbers.
    """
    mistakes: list[Diagnostic] = []
    columns: dict[str, NDArray[Any]] = {}
    for name, column in cells.items():
        try:
            columns[name] = numeric(column, name, table, before)
        except FlowError as error:
            mistakes += error.diagnostics
    if mistakes:
        raise FlowError(mistakes)
    return [columns[name] for name in wanted]


def _shown(cell: Any) -> str:
    """The content of a cell, as far as a message has room for it."""
    text = repr(cell) if isinstance(cell, str) else str(cell)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 3] + "..."


def unnamed(count: int) -> tuple[str, ...]:
    """The names of columns that have none: `column0`, `column1`, ..."""
    return tuple(f"column{i}" for i in range(count))
