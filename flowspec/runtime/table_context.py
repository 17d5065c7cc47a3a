"""The context of the rows of a table, where some rows have one that the flow was not made for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.data.rows import values_outside
from flowspec.data.tables.table import Table
from flowspec.diagnostics.quantities import amount
from flowspec.runtime.bundle import Bundle


@dataclass(frozen=True, eq=False)
class TableContext:
    """The context of each row, NaN all through where one of its values is outside its support or
    past the float type, as such a row has no density.

    rows      (N, C); None for a flow that has no context
    outside   (N,) True for these rows
    reasons   for each variable with such values what they are, in words
    """

    rows: NDArray[Any] | None
    outside: NDArray[np.bool_]
    reasons: tuple[str, ...] = ()


def table_context(bundle: Bundle, table: Table) -> TableContext:
    """The context of the rows of a table.

    Errors:  FlowError, where a column is missing or holds anything but numbers.
    """
    if not bundle.context:
        return TableContext(None, np.zeros(table.rows, bool))
    numbers = table.numbers(bundle.context)
    outside = outside_of(bundle, numbers)
    reasons = tuple(_reasons(bundle, numbers)) if outside.any() else ()
    return TableContext(np.where(outside[:, None], np.nan, numbers), outside, reasons)


def outside_of(bundle: Bundle, context: NDArray[Any]) -> NDArray[np.bool_]:
    """The rows (N,) of a context (N, C) with a value outside its support or past the float type.

    False for NaN.
    """
    columns = zip(bundle.context_supports, _rounded(bundle, context).T, strict=True)
    outside = [support.excludes(values) for support, values in columns]
    return np.any(outside, axis=0) if outside else np.zeros(len(context), bool)


def _rounded(bundle: Bundle, context: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(over="ignore"):  # what is too large for a float32 is infinite there
        return context.astype(bundle.dtype)


def _reasons(bundle: Bundle, context: NDArray[Any]) -> Iterator[str]:
    rounded = _rounded(bundle, context)
    for fields in values_outside(bundle.context, bundle.context_supports, rounded):
        row, name = fields["row"] - 1, fields["name"]
        value = context[row, bundle.context.index(name)]
        is_past = np.isfinite(value) and np.isinf(rounded[row, bundle.context.index(name)])
        what = f"past {np.dtype(bundle.dtype).name}" if is_past else f"outside {fields['support']}"
        more = fields["count"] - 1
        also = f", and in {amount(more, 'other row')}" if more else ""
        yield f"`{name}` is {value:g} in row {row + 1}, {what}{also}"
