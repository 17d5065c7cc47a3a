"""Parquet files and folders. pyarrow is loaded when one is opened."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flowspec.data.tables.table import Table, UnreadableTable
from flowspec.diagnostics.diagnostic import FlowError


def parquet_files(folder: Path) -> list[Path]:
    """The files of a folder that is a table, in order. What begins with `.` or `_` is left by a program for itself."""
    found = (
        path
        for path in folder.rglob("*.parquet")
        if not any(part[0] in "._" for part in path.relative_to(folder).parts)
    )
    return sorted(found, key=Path.as_posix)


def pyarrow_for(path: Path):
    """pyarrow and its module for Parquet files: an extra, only for those who have such files.

    Errors:  FlowError, where it is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        advice = 'install it: `pip install "flowspec[parquet]"`'
        raise FlowError(
            UnreadableTable(name=path.name, reason="pyarrow is not installed", advice=advice)
        ) from None
    return pyarrow, parquet


def read_parquet(path: Path) -> Table:
    _, parquet = pyarrow_for(path)
    return from_arrow(path.name, parquet.read_table(path))


def from_arrow(name: str, table) -> Table:
    """A pyarrow table, its numbers as arrays."""
    return Table(
        name, tuple(table.column_names), tuple(_arrow_cells(column) for column in table.columns)
    )


def _arrow_cells(column) -> Any:
    plain = str(column.type).rstrip("0123456789") in ("int", "uint", "float", "double", "halffloat")
    return column.to_numpy() if plain and not column.null_count else column.to_pylist()


def parquet_bytes(
    path: Path, columns: Sequence[str], arrays: Sequence[Sequence | np.ndarray]
) -> bytes:
    pyarrow, parquet = pyarrow_for(path)
    stream = io.BytesIO()
    parquet.write_table(
        pyarrow.table([pyarrow.array(a) for a in arrays], names=list(columns)), stream
    )
    return stream.getvalue()
