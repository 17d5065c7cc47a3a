"""Numbers as users have them: arrays, masked arrays, tensors, lists, cells of tables.

Nothing is imported for them: tensors and the columns of data frames are known by what they can do.
A value that is missing is NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

REAL_KINDS = "biuf"
"""Kinds of NumPy arrays that hold real numbers."""
TRUTH = {"true": 1.0, "false": 0.0}
"""Words that are read as numbers."""


def plain_array(values: Any) -> NDArray[Any]:
    """An array of real numbers.

    Errors:  ValueError or another of numpy's, where it holds anything else.
    """
    values = _without_gradients(values)
    if isinstance(values, np.ma.MaskedArray):
        return _unmasked(values)
    array = np.asarray(values)
    if array.dtype.kind in REAL_KINDS:
        return array
    if array.dtype.kind not in "OU" or not array.ndim:
        raise ValueError("no numbers")
    return np.array([cell_number(cell) for cell in array.ravel()], float).reshape(array.shape)


def _without_gradients(values: Any) -> Any:
    """Tensors as arrays, in lists too; anything else as it is."""
    if isinstance(values, list | tuple) and values and hasattr(values[0], "detach"):
        return [_without_gradients(value) for value in values]
    if not hasattr(values, "detach"):
        return values
    tensor = values.detach().cpu()
    # numpy has no bfloat16
    return (tensor.double() if tensor.is_floating_point() else tensor).numpy()


def _unmasked(values: Any) -> NDArray[Any]:
    """A masked array with NaN in its masked cells."""
    if values.dtype.kind not in REAL_KINDS + "O":
        raise ValueError("no numbers")
    if not np.ma.is_masked(values):
        return plain_array(values.data)
    numbers = plain_array(values.filled(0)).astype(float)
    return np.where(np.ma.getmaskarray(values), np.nan, numbers)


def column_cells(column: Any) -> Any:
    """The cells of a column of a data frame, a mapping or an array with named fields: an array
    where it holds numbers."""
    if hasattr(column, "isna") and getattr(column.dtype, "kind", "") in REAL_KINDS:
        return column.to_numpy(dtype=float, na_value=np.nan)  # of pandas' nullable types too
    if hasattr(column, "to_pylist"):
        return column.to_pylist()
    try:
        array = plain_array(column)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        array = np.asarray(column)
    if array.ndim < 2 or array.shape[1:] == (1,):
        array = array.reshape(-1)
    if array.dtype.kind in REAL_KINDS and array.ndim == 1:
        return array
    # numpy would make numbers of dates, complex numbers and bytes
    return array.tolist() if array.dtype.kind in "OU" else list(map(str, array))


MISSING = frozenset(["", "?", "#n/a", "<na>", "n/a", "na", "nan", "none", "null"])
"""Words for a number that is missing, in small letters."""


def cell_number(cell: Any) -> float:
    """The number in a cell; NaN where it is empty.

    Errors:  TypeError, ValueError or OverflowError, where it holds anything else.
    """
    if is_missing(cell):
        return np.nan
    if isinstance(cell, bytes | np.datetime64 | np.timedelta64):
        raise TypeError("no number")
    if not isinstance(cell, str):
        return float(cell)
    if "_" in cell:  # Python alone takes 1_000 for a number
        raise ValueError("no number")
    text = cell.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':  # quotes behind a space, which CSV keeps
        text = text[1:-1]
    word = TRUTH.get(text.strip().lower())
    return float(text) if word is None else word


def is_missing(cell: Any) -> bool:
    """True for None, empty text, pandas' NA, and the words that R, pandas and Excel write."""
    if isinstance(cell, str):
        return cell.strip().lower() in MISSING
    return cell is None or type(cell).__name__ == "NAType"


def is_number(cell: Any) -> bool:
    """True for what `cell_number` takes."""
    try:
        cell_number(cell)
    except (TypeError, ValueError, OverflowError):
        return False
    return True
