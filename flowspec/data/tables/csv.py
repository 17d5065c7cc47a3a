"""CSV files, read and written."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flowspec.data.tables.table import Column, Table, UnreadableTable
from flowspec.diagnostics.diagnostic import FlowError


def read_csv(path: Path) -> Table:
    """The table in a CSV file, whose first line names the columns."""
    with path.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.reader(stream)
        rows: list[list[str]] = []
        for row in reader:
            if row and rows and len(row) != len(rows[0]):
                reason = f"line {reader.line_num} has {len(row)} cells, the header {len(rows[0])}"
                advice = "give every line as many cells as the header"
                raise FlowError(UnreadableTable(name=path.name, reason=reason, advice=advice))
            rows += [row] if row else []
    if not rows:
        return Table(path.name, (), ())
    header, *body = rows
    names = tuple(name.strip() for name in header)
    return Table(path.name, names, tuple(zip(*body, strict=True)) or tuple(() for _ in names))


def csv_text(columns: Sequence[str], arrays: Sequence[Column]) -> str:
    """Columns as CSV. Floats are written with the digits that bring back the same float."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(_cells(array) for array in arrays), strict=True))
    return stream.getvalue()


def _cells(array: Column) -> list[Any]:
    return [str(value) for value in array] if isinstance(array, np.ndarray) else list(array)
