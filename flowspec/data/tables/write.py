"""Tables into files, by the ending of the name, whole or piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO, Protocol

from flowspec.data.files import UnwritablePath, new_file
from flowspec.data.places import Place, place_of
from flowspec.data.tables.csv import csv_lines, csv_rows
from flowspec.data.tables.numpy import NumpyWriter
from flowspec.data.tables.parquet import ParquetWriter
from flowspec.data.tables.table import Column
from flowspec.diagnostics.diagnostic import FlowError


class TableWriter(Protocol):
    """What takes columns of some rows, and at the end is closed."""

    def __call__(self, arrays: Sequence[Column]) -> None: ...
    def close(self) -> None: ...


class CsvWriter:
    """Columns into a .csv file, piece by piece."""

    def __init__(self, path: Place, stream: BinaryIO, columns: Sequence[str], rows: int) -> None:
        self._stream = stream
        stream.write(csv_lines([columns]).encode())

    def __call__(self, arrays: Sequence[Column]) -> None:
        """Write a piece."""
        self._stream.write(csv_rows(arrays).encode())

    def close(self) -> None:
        """End the file."""


WRITERS: dict[str, Callable[[Place, BinaryIO, Sequence[str], int], TableWriter]] = {
    ".csv": CsvWriter,
    ".parquet": ParquetWriter,
    ".npy": NumpyWriter,
}


@contextmanager
def table_file(path: str | Place, columns: Sequence[str], rows: int) -> Iterator[TableWriter]:
    """A .csv, .parquet or .npy file to write rows into, piece by piece, which is there when the
    block ends without an error; else what was there stays.

    rows     of the whole table
    Errors:  FlowError, where the ending is another one, or the file cannot be written.
    """
    path = place_of(path)
    kind = writer_for(path)
    with new_file(path) as stream:
        writer = kind(path, stream, columns, rows)
        yield writer
        writer.close()


def writer_for(path: Place) -> Callable[[Place, BinaryIO, Sequence[str], int], TableWriter]:
    """What writes files of such a name.

    Errors:  FlowError, where nothing does.
    """
    if path.suffix.lower() not in WRITERS:
        advice = "give a name that ends in .csv, .parquet or .npy"
        reason = f"`{path.suffix}` files are not known"
        raise FlowError(UnwritablePath(path=str(path), reason=reason, advice=advice))
    return WRITERS[path.suffix.lower()]


def write_table(path: str | Place, columns: Sequence[str], arrays: Sequence[Column]) -> None:
    """Write columns to a .csv, .parquet or .npy file, as a whole or not at all."""
    with table_file(path, columns, len(arrays[0])) as write:
        write(arrays)


def free_name(name: str, taken: Container[str]) -> str:
    """The name of a new column: `log_prob`, or `log_prob_2`, ... where a table has one already."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
