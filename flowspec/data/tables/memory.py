"""Tables that are in memory already: data frames, Arrow tables, structured arrays, mappings.

pandas, polars and pyarrow are not imported for them: they are known by what they can do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

import numpy as np

from flowspec.data.numbers import column_cells
from flowspec.data.tables.table import Column, Table


class _Columns(Sequence[Column]):
    """Columns that are read when they are asked for: of a wide table few are."""

    def __init__(self, count: int, read: Callable[[int], Any]):
        self._count = count
        self._read = read

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Column: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Column]: ...

    def __getitem__(self, index: int | slice) -> Column | Sequence[Column]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._count))]
        cells: Column = column_cells(self._read(index))
        return cells


def is_table(values: Any) -> bool:
    """True for what has columns with names."""
    return (
        isinstance(values, Mapping)
        or _is_arrow(values)
        or bool(getattr(getattr(values, "dtype", None), "names", None))
        or _is_named_frame(values)
    )


def _is_arrow(values: Any) -> bool:
    """True for tables and record batches of pyarrow."""
    return hasattr(values, "column_names") and hasattr(values, "column")


def _is_named_frame(values: Any) -> bool:
    """True for a data frame of pandas or polars; columns that are counted have no names."""
    if not all(hasattr(values, name) for name in ("columns", "shape", "__getitem__")):
        return False
    return list(values.columns) != list(range(len(values.columns)))


def as_table(values: Any, name: str) -> Table:
    """What `is_table` knows, as a table that messages call by a name."""
    if isinstance(values, Mapping):
        columns = list(values.values())
        return _lazy(name, list(values), lambda i: columns[i])
    if _is_arrow(values):
        return _lazy(name, values.column_names, lambda i: values.column(i))
    if hasattr(values, "columns"):
        return _lazy(name, values.columns, lambda i: _frame_column(values, i))
    fields = values.dtype.names
    return _lazy(name, fields, lambda i: np.atleast_1d(values[fields[i]]))


def _lazy(name: str, columns: Sequence[Any], read: Callable[[int], Any]) -> Table:
    return Table(name, tuple(map(str, columns)), _Columns(len(columns), read))


def _frame_column(frame: Any, index: int) -> Any:
    """A column by its place, since several may have one name."""
    return frame.iloc[:, index] if hasattr(frame, "iloc") else frame[:, index]


def is_labelled_row(values: Any, columns: Sequence[str]) -> bool:
    """True for a row of a pandas frame: a series whose labels are the names of columns."""
    if not hasattr(values, "to_numpy") or getattr(values, "ndim", 0) != 1:
        return False
    index = getattr(values, "index", None)
    labels = [] if index is None or callable(index) else list(index)
    is_text = bool(labels) and all(isinstance(label, str) for label in labels)
    return is_text and (len(columns) > 1 or columns[0] in labels)


def row_table(row: Any, name: str) -> Table:
    """A row of a pandas frame as a table of one row."""
    return Table(name, tuple(row.index), tuple([cell] for cell in row.tolist()))
