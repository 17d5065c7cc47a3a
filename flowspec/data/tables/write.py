"""Tables into files, by the ending of the name."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path

from flowspec.data.files import UnwritablePath, write_file
from flowspec.data.tables.csv import csv_text
from flowspec.data.tables.numpy import numpy_bytes
from flowspec.data.tables.parquet import parquet_bytes
from flowspec.data.tables.table import Column
from flowspec.diagnostics.diagnostic import FlowError


def write_table(path: str | Path, columns: Sequence[str], arrays: Sequence[Column]) -> None:
    """Write columns to a .csv, .parquet or .npy file, as a whole or not at all."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        write_file(path, numpy_bytes(path, columns, arrays))
    elif suffix == ".parquet":
        write_file(path, parquet_bytes(path, columns, arrays))
    elif suffix == ".csv":
        write_file(path, csv_text(columns, arrays).encode())
    else:
        advice = "give a name that ends in .csv, .parquet or .npy"
        reason = f"`{path.suffix}` files are not known"
        raise FlowError(UnwritablePath(path=str(path), reason=reason, advice=advice))


def free_name(name: str, taken: Container[str]) -> str:
    """The name of a new column: `log_prob`, or `log_prob_2`, ... where a table has one already."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
