"""Text tables, read and written: CSV, and what programs write in its place."""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from flowspec.data.numbers import is_missing
from flowspec.data.tables.table import Column, Table, UnreadableTable
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.quantities import amount

STANDARD_INPUT = Path("-")
GZIP = b"\x1f\x8b"
"""The first bytes of what gzip has packed."""

SEPARATORS = ",;\t"
"""What may stand between cells; the header tells which."""

_WITH_COMMA = re.compile(r"\s*[+-]?\d+,(\d+)([eE][+-]?\d+)?\s*")
_WHOLE = re.compile(r"\s*[+-]?\d+\s*")


def read_csv(path: Path) -> Table:
    """The table in a text file, whose first line names the columns.

    Cells are separated by commas, semicolons or tabs. Where these are no commas, numbers may have a
    comma before their decimals.
    """
    name = name_of(path)
    with opened(path) as stream:
        text = stream.read()
    separator = separator_of(text.partition("\n")[0])
    rows = list(_rows(name, text, separator))
    if not rows:
        return Table(name, (), ())
    header, *body = rows
    names = tuple(cell.strip() for cell in header)
    columns: tuple[Column, ...] = tuple(zip(*body, strict=True)) or tuple(() for _ in names)
    if separator != ",":
        columns = with_points(columns)
    return Table(name, names, columns)


def name_of(path: Path) -> str:
    """What a table is called in messages."""
    return "standard input" if path == STANDARD_INPUT else path.name


def opened(path: Path) -> TextIO:
    """A text file, a packed one, or standard input."""
    if path == STANDARD_INPUT:
        data = sys.stdin.buffer.read()
        data = gzip.decompress(data) if data.startswith(GZIP) else data
        return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(newline="", encoding="utf-8-sig")


def separator_of(header: str) -> str:
    """What separates the names of a header: what it has most of, outside quotes."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(SEPARATORS, key=bare.count)


def _rows(name: str, text: str, separator: str) -> Iterator[list[str]]:
    """The lines that are not empty, all of them as long as the first."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    width = 0
    for row in reader:
        if row and width and len(row) != width:
            reason = f"line {reader.line_num} has {amount(len(row), 'cell')}, the header {width}"
            advice = "give every line as many cells as the header"
            raise FlowError(UnreadableTable(name=name, reason=reason, advice=advice))
        width = width or len(row)
        if row:
            yield row


def with_points(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Columns whose numbers have a comma before their decimals, with a point.

    Where all of them have three digits behind the comma, it may stand between thousands: they are
    left as they are.
    """
    found = [[_WITH_COMMA.fullmatch(str(cell)) for cell in column] for column in columns]
    are_decimals = any(match and len(match[1]) != 3 for column in found for match in column)
    if not are_decimals:
        return tuple(columns)
    return tuple(
        tuple(str(cell).replace(",", ".") for cell in column) if _is_of_numbers(column) else column
        for column in columns
    )


def _is_of_numbers(column: Column) -> bool:
    return all(
        is_missing(cell) or _WITH_COMMA.fullmatch(cell) or _WHOLE.fullmatch(cell) for cell in column
    )


def csv_text(columns: Sequence[str], arrays: Sequence[Column]) -> str:
    """Columns as CSV. Floats are written with the digits that bring back the same float."""
    return csv_lines([columns]) + csv_rows(arrays)


def csv_rows(arrays: Sequence[Column]) -> str:
    """The rows of columns as CSV, without a header."""
    return csv_lines(zip(*(_cells(array) for array in arrays), strict=True))


def csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    """Rows of cells as lines."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def _cells(array: Column) -> list[Any]:
    return [*map(str, array)] if isinstance(array, np.ndarray) else list(array)
