"""NumPy files: `.npy` arrays, plain or with named fields."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from flowspec.data.files import UnwritablePath
from flowspec.data.tables.table import DAMAGED, NO_NUMBERS, Column, Table, numeric, unnamed
from flowspec.diagnostics.diagnostic import FlowError


def numpy_table(path: Path, mode: Literal["r"] | None = None) -> NDArray[Any]:
    """The matrix in a .npy file; with mode "r" it stays on disk until it is used."""
    try:
        array = np.load(path, mmap_mode=mode, allow_pickle=False)
    except (ValueError, EOFError) as error:
        # numpy's own words name its arguments.
        objects = str(error).startswith(("Array can't be memory-mapped", "Object arrays"))
        raise ValueError("it holds Python objects, not numbers" if objects else DAMAGED) from None
    if not isinstance(array, np.ndarray):
        raise ValueError("it is an archive of arrays (.npz)")
    if array.dtype.kind not in "biuf":
        raise ValueError(f"it holds {NO_NUMBERS.get(array.dtype.kind, 'records')}, not numbers")
    if array.ndim not in (1, 2):
        raise ValueError(
            f"it holds an array of shape {array.shape}, not a table of shape (rows, columns)"
        )
    return array[:, None] if array.ndim == 1 else array


def read_numpy(path: Path) -> Table:
    """The matrix in a .npy file as a table without names."""
    array = numpy_table(path)
    return Table(path.name, unnamed(array.shape[1]), tuple(array.T))


def numpy_bytes(path: Path, columns: Sequence[str], arrays: Sequence[Column]) -> bytes:
    """Columns of numbers as a .npy file.

    Errors:  FlowError, where a column holds anything else.
    """
    stream = io.BytesIO()
    pairs = zip(columns, arrays, strict=True)
    try:
        matrix = np.stack([numeric(array, name, path.name) for name, array in pairs], axis=1)
        np.save(stream, matrix)
    except FlowError as error:
        reason = f"a .npy file holds numbers only, and {error.diagnostics[0].message}"
        advice = "write a .csv or .parquet file"
        raise FlowError(UnwritablePath(path=str(path), reason=reason, advice=advice)) from None
    return stream.getvalue()
