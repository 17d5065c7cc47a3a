"""Tables that are read piece by piece: those that are larger than memory are never held at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.data.places import Place, is_folder, name_in, place_of
from flowspec.data.tables.numpy import numpy_table
from flowspec.data.tables.parquet import from_arrow, opened_parquet, parquet_files, parquet_metadata
from flowspec.data.tables.read import kind_of, read_table, refusing
from flowspec.data.tables.table import EmptyTable, Table, unnamed
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

SLICE = 2**18
"""Rows of a piece of a NumPy file."""


@mistake
class OtherColumns(Diagnostic):
    message = "{name} has other columns than {first}: only {has} has `{odd}`"
    help = "give all files of a folder the same columns"
    name: str
    first: str
    has: str
    odd: str


@dataclass(frozen=True)
class Pieces:
    """A table in pieces: row groups of Parquet files, slices of a NumPy file.

    A file of another kind is one piece.

    sizes   rows of each piece
    """

    name: str
    columns: tuple[str, ...]
    sizes: tuple[int, ...]
    _read: Callable[[int, Sequence[str]], Table]

    @property
    def rows(self) -> int:
        return sum(self.sizes)

    @property
    def named(self) -> bool:
        """True if its columns have names."""
        return self.columns != unnamed(len(self.columns))

    def numbers(self, piece: int, wanted: Sequence[str]) -> NDArray[Any]:
        """The wanted columns of a piece as float64, (rows, columns); empty cells are NaN.

        Errors:  FlowError, where a column is missing or holds anything but numbers; rows are
                 counted from the first piece on.
        """
        return self._read(piece, wanted).numbers(wanted, before=sum(self.sizes[:piece]))

    def drawn(self, wanted: Sequence[str], count: int, seed: int) -> NDArray[Any]:
        """The wanted columns of so many rows, drawn at random without repeats, in their order.

        The rows depend on the number of rows, `count` and `seed` alone; of a smaller table, all.
        """
        chosen = np.arange(self.rows)
        if count < self.rows:
            random = np.random.default_rng(seed)
            chosen = np.sort(random.choice(self.rows, count, replace=False, shuffle=False))
        ends = np.cumsum(self.sizes)
        found = [np.empty((0, len(wanted)))]
        for piece, (size, end) in enumerate(zip(self.sizes, ends, strict=True)):
            here = chosen[(chosen >= end - size) & (chosen < end)] - (end - size)
            if len(here):
                found.append(self.numbers(piece, wanted)[here])
        return np.concatenate(found)


def open_pieces(path: str | Place) -> Pieces:
    """A table to be read in pieces: what is neither Parquet nor .npy is one piece.

    Errors:  FlowError, where it cannot be read or has no rows.
    """
    path = place_of(path)
    kind = kind_of(path)
    if kind == ".parquet":
        opened = _parquet(path)
    else:
        opened = _numpy(path) if kind == ".npy" and isinstance(path, Path) else _whole(path)
    if not opened.rows:
        raise FlowError(EmptyTable(name=path.name))
    return opened


def _whole(path: Place) -> Pieces:
    table = read_table(path)
    return Pieces(path.name, table.columns, (table.rows,), lambda piece, wanted: table)


def _numpy(path: Path) -> Pieces:
    with refusing(path):
        rows, columns = numpy_table(path, "r").shape
    starts = range(0, rows, SLICE)

    def read(piece: int, wanted: Sequence[str]) -> Table:
        part = numpy_table(path, "r")[starts[piece] : starts[piece] + SLICE]
        return Table(path.name, unnamed(columns), tuple(np.array(part).T))

    return Pieces(
        path.name, unnamed(columns), tuple(min(SLICE, rows - start) for start in starts), read
    )


@dataclass(frozen=True)
class ParquetFolder:
    """A Parquet file, or a folder of them with the same columns.

    sizes   rows of each row group, file by file
    """

    files: tuple[Place, ...]
    columns: tuple[str, ...]
    sizes: tuple[tuple[int, ...], ...]


def parquet_folder(path: Place) -> ParquetFolder:
    """What the files of a table say of themselves; their rows are not read.

    Errors:  FlowError, where one cannot be read, or has other columns than the first.
    """
    files = parquet_files(path) if is_folder(path) else [path]
    sizes: list[tuple[int, ...]] = []
    names: list[tuple[str, ...]] = []
    for file in files:
        with refusing(file):
            metadata = parquet_metadata(file)
        names.append(tuple(metadata.schema.to_arrow_schema().names))
        if {*names[-1]} != {*names[0]}:
            raise FlowError(_other_columns(path, files[0], names[0], file, names[-1]))
        sizes.append(tuple(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)))
    return ParquetFolder(tuple(files), names[0] if names else (), tuple(sizes))


def _parquet(path: Place) -> Pieces:
    found = parquet_folder(path)
    groups = [
        (file, group)
        for file, sizes in zip(found.files, found.sizes, strict=True)
        for group in range(len(sizes))
    ]
    read = partial(_row_group, path.name, groups)
    return Pieces(path.name, found.columns, tuple(itertools.chain(*found.sizes)), read)


def _other_columns(
    folder: Place, first: Place, expected: Sequence[str], file: Place, columns: Sequence[str]
) -> OtherColumns:
    odd = min({*columns} ^ {*expected})
    file_name, first_name = (str(name_in(folder, path)) for path in (file, first))
    has = file_name if odd in columns else first_name
    return OtherColumns(where=folder.name, name=file_name, first=first_name, odd=odd, has=has)


def _row_group(
    name: str, groups: Sequence[tuple[Place, int]], piece: int, wanted: Sequence[str]
) -> Table:
    path, group = groups[piece]
    with refusing(path), opened_parquet(path) as opened:
        present = opened.schema_arrow.names
        # Where a column is missing, all are read, so that the message can name the others.
        columns = list(wanted) if {*wanted} <= {*present} else None
        return from_arrow(name, opened.read_row_group(group, columns))
