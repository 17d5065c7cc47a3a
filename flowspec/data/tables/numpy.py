"""NumPy files: `.npy` arrays, plain or with named fields."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from flowspec.data.files import UnwritablePath
from flowspec.data.places import Place
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


class NumpyWriter:
    """Columns of numbers into a .npy file, piece by piece. The first piece decides on the type.

    rows     of the whole table
    Errors:  FlowError, where a column holds anything else.
    """

    def __init__(self, path: Place, stream: BinaryIO, columns: Sequence[str], rows: int) -> None:
        self._path, self._stream, self._columns, self._rows = path, stream, columns, rows
        self._dtype: np.dtype[Any] | None = None

    def __call__(self, arrays: Sequence[Column]) -> None:
        """Write a piece."""
        matrix = self._matrix(arrays)
        if self._dtype is None:
            self._dtype = matrix.dtype
            shape = (self._rows, len(self._columns))
            about = {"descr": matrix.dtype.str, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(self._stream, about)
        self._stream.write(matrix.astype(self._dtype, order="C").tobytes())

    def close(self) -> None:
        """End the file."""

    def _matrix(self, arrays: Sequence[Column]) -> NDArray[Any]:
        name = self._path.name
        pairs = zip(self._columns, arrays, strict=True)
        try:
            return np.stack([numeric(array, column, name) for column, array in pairs], axis=1)
        except FlowError as error:
            reason = f"a .npy file holds numbers only, and {error.diagnostics[0].message}"
            advice = "write a .csv or .parquet file"
            wrong = UnwritablePath(path=str(self._path), reason=reason, advice=advice)
            raise FlowError(wrong) from None
