"""Points, noise and contexts as rows of numbers: the one reader for models, bundles, modules and
trainings.

What has columns with names (data frames, Arrow tables, structured arrays, mappings) is read by
name, anything else by position. One column may be (N,) or (N, 1). What is missing is NaN.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from flowspec.data.numbers import plain_array
from flowspec.data.tables.memory import as_table, is_labelled_row, is_table, row_table
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.inputs import (
    LISTED,
    ContextOutside,
    NotNumbers,
    WrongContextRows,
    WrongShape,
    is_conditional,
    written_shape,
    wrong_width,
)
from flowspec.diagnostics.quantities import amount

NO_NUMBERS = (TypeError, ValueError, RuntimeError, OverflowError)
"""Errors of numpy and torch for what holds anything but numbers."""


def numbers(values: Any, name: str, columns: Sequence[str] = ()) -> NDArray[Any]:
    """An array of numbers: of a table its columns of these names, or all where none are named.

    Errors:   FlowError, where a column is missing, or something is no number.
    """
    if is_table(values):
        table = as_table(values, name)
        return table.numbers(columns or table.columns)
    if columns and is_labelled_row(values, columns):
        return row_table(values, name).numbers(columns)
    try:
        return plain_array(values)
    except NO_NUMBERS:
        raise FlowError(NotNumbers(name=name)) from None


def table_rows(
    values: Any, name: str, width: int, dtype: DTypeLike, columns: Sequence[str] = ()
) -> NDArray[Any]:
    """An array (rows, width); one row may be given as a vector, and so may one column.

    columns   their names, by which they are found in a table
    Errors:   FlowError, where it is of another shape.
    """
    array = as_columns(numbers(values, name, columns), width)
    if array.ndim != 2 or array.shape[1] != width:
        listed = f" ({', '.join(columns[:LISTED])})" if columns and name != "context" else ""
        raise wrong_width(name, array.shape, width, "an array of shape (rows, {})", listed)
    return _rounded(array, dtype)


def as_columns(array: NDArray[Any], width: int) -> NDArray[Any]:
    """A vector as what it stands for: one column, or one row."""
    if width == 1 and array.ndim < 2:
        return array.reshape(-1, 1)
    return array[None] if array.ndim == 1 and len(array) == width else array


def vector_rows(
    values: Any, name: str, dtype: DTypeLike, columns: Sequence[str] = ()
) -> NDArray[Any]:
    """An array (rows,), for a flow of numbers; (rows, 1) is one too.

    Errors:   FlowError, where it is of another shape.
    """
    array = np.atleast_1d(numbers(values, name, columns))
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        shape, needed = written_shape(array.shape), "the flow is a scalar"
        wanted = "a vector of numbers"
        raise FlowError(WrongShape(name=name, shape=shape, needed=needed, wanted=wanted))
    return _rounded(array, dtype)


def _rounded(array: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    with np.errstate(over="ignore"):  # what is too large for a float32 is infinite there
        return array.astype(dtype, copy=False)


def context_beside(names: Sequence[str], x: Any, context: Any) -> Any:
    """The context of points: their own table, where that has names and no other is there."""
    return x if context is None and names and is_table(x) else context


def context_rows(
    names: Sequence[str], context: Any, rows: int | None, dtype: DTypeLike
) -> NDArray[Any] | None:
    """The context as an array (rows, C), one row repeated for all; None for a flow that has none.

    rows      how many are needed; None for as many as there are
    Errors:   FlowError, where it does not fit.
    """
    if not is_conditional(names, context):
        return None
    array = table_rows(context, "context", len(names), dtype, names)
    if rows is None or len(array) == rows:
        return array
    if len(array) != 1:
        found = amount(len(array), "row")
        raise FlowError(WrongContextRows(found=found, needed=rows))
    return np.repeat(array, rows, axis=0)


class _Support(Protocol):
    """A set of numbers: all that is asked here of those in `flowspec.support`."""

    @property
    def brackets(self) -> str: ...
    @property
    def row_advice(self) -> str: ...

    def excludes(self, values: Any) -> Any: ...


def refuse_outside(
    names: Sequence[str], supports: Sequence[_Support | None], context: NDArray[Any]
) -> None:
    """Refuse values of a context (rows, C) that the flow was not declared for, by their row.

    NaN passes: its log-density is NaN.
    """
    for fields in values_outside(names, supports, context):
        raise FlowError(ContextOutside(**fields))


OVERFLOW = "give numbers that its float type has: of float32 they end at 3.4e38"


def values_outside(
    names: Sequence[str], supports: Sequence[_Support | None], context: NDArray[Any]
) -> Iterator[dict[str, Any]]:
    """For each variable with values outside its support, the fields of a mistake that says so.

    Ends are those of the float type of the context.
    """
    for name, support, values in zip(names, supports, context.T, strict=True):
        if support is None:
            continue
        outside = np.flatnonzero(support.excludes(values))
        if len(outside):
            first = int(outside[0])
            yield {
                "name": name,
                "value": f"{values[first]:g}",
                "row": first + 1,
                "support": support.brackets,
                "count": len(outside),
                "rows": len(context),
                "advice": OVERFLOW if np.isinf(values[first]) else support.row_advice,
            }
