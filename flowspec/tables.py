"""Tables in and out: CSV, Parquet (with the `parquet` extra) and NumPy files, columns found by name."""

from __future__ import annotations

import csv
import errno
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from flowspec.diagnostics import Diagnostic, FlowError, mistake, suggest
from flowspec.files import UnwritablePath, write_file

LISTED = 12
"""Columns of a table that a message names."""
LONGEST_CELL = 60
SEPARATORS = {";": "`;`", "\t": "tabs", "|": "`|`"}
"""What some write in place of `,`."""
DAMAGED, LOOK = "it is of another kind than its name says, or damaged", "look where it is"
NO_NUMBERS = {"U": "text", "S": "text", "c": "complex numbers", "M": "dates", "m": "times", "O": "Python objects"}


@mistake
class UnreadableTable(Diagnostic):
    message = "cannot read {name}: {reason}"
    help = "{advice}"
    name: str
    reason: str
    advice: str = "give a CSV, Parquet or NumPy (.npy) file"


@mistake
class MissingColumn(Diagnostic):
    message = "the table has no column `{name}`"
    help = "{advice}"
    name: str
    advice: str


@mistake
class UnnamedColumns(Diagnostic):
    message = "the table's {count} columns have no names; wanted: {names}"
    help = "give these columns in this order and no others, or a .csv or .parquet file, whose columns have names"
    count: int
    names: str


@mistake
class RepeatedColumn(Diagnostic):
    message = "the table has {count} columns `{name}`"
    help = "give each column a name of its own"
    name: str
    count: int


@mistake
class NotNumeric(Diagnostic):
    message = "column `{name}` holds {value} in row {row}, which is no number"
    note = "no number stands in {count} of the rows {first} to {last}"
    help = "correct the row, or leave it out; where a number is missing, leave the cell empty"
    name: str
    value: str
    row: int
    count: int
    first: int
    last: int


@mistake
class EmptyTable(Diagnostic):
    message = "{name} has no rows"
    help = "give a table with at least one row of data"
    name: str


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns. `cells` holds a list of the values of each, numbers or text."""

    name: str
    columns: tuple[str, ...]
    cells: tuple[Sequence, ...]

    @property
    def rows(self) -> int:
        return len(self.cells[0]) if self.cells else 0

    def numbers(self, wanted: Sequence[str], before: int = 0) -> np.ndarray:
        """The wanted columns as float64, (rows, columns); empty cells are NaN. Messages count rows after those `before`.

        Errors:  FlowError, where a column is missing or holds what is no number.
        """
        if len(self.columns) == len(wanted) and self.columns == unnamed(len(wanted)):
            return np.stack([np.asarray(column, float) for column in self.cells], axis=1)
        if self.columns == unnamed(len(self.columns)) and not {*wanted} & {*self.columns}:
            raise FlowError(UnnamedColumns(where=self.name, count=len(self.columns), names=", ".join(wanted)))
        problems: list[Diagnostic] = [self._missing(name) for name in wanted if name not in self.columns]
        counts = {name: self.columns.count(name) for name in wanted}
        problems += [RepeatedColumn(where=self.name, name=name, count=n) for name, n in counts.items() if n > 1]
        if problems:
            raise FlowError(problems)
        return np.stack([_numeric(self.cells[self.columns.index(name)], name, self.name, before) for name in wanted], axis=1)

    def _missing(self, name: str) -> Diagnostic:
        return MissingColumn(where=self.name, name=name, advice=self._instead(name))

    def _instead(self, name: str) -> str:
        """What may have been meant by a column that is not there."""
        there = ", ".join(f"`{column}`" for column in self.columns[:LISTED]) or "no columns"
        other = next((words for mark, words in SEPARATORS.items() if mark in there), "")
        if len(self.columns) == 1 and other:
            return f"its columns are to be separated by `,`, not by {other}"
        if self.columns and all(map(_is_number, self.columns)):
            return f"its first line, which holds {there}, is to name the columns"
        if near := suggest(name, self.columns):
            return f"did you mean `{near}`?"
        return f"it has {there}" + (f" and {len(self.columns) - LISTED} more" if len(self.columns) > LISTED else "")


def _numeric(cells: Sequence | np.ndarray, name: str, table: str, before: int = 0) -> np.ndarray:
    if isinstance(cells, np.ndarray):
        return cells.astype(float)
    try:
        found = np.asarray([np.nan if cell in ("", None) else cell for cell in cells], float)
    except (ValueError, TypeError, OverflowError):
        found = np.empty((0, 0))
    if found.ndim == 1:  # lists of the same length would make a matrix
        return found
    bad = [i for i, cell in enumerate(cells) if not _is_number(cell)]
    rows: dict[str, Any] = {"row": before + bad[0] + 1, "count": len(bad), "first": before + 1, "last": before + len(cells)}
    raise FlowError(NotNumeric(where=table, name=name, value=_shown(cells[bad[0]]), **rows))


def _shown(cell: Any) -> str:
    """What stands in a cell, as far as a message has room for it."""
    text = repr(cell) if isinstance(cell, str) else str(cell)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 3] + "..."


def unnamed(count: int) -> tuple[str, ...]:
    """The names of columns that have none: `column0`, `column1`, ..."""
    return tuple(f"column{i}" for i in range(count))


def _is_number(cell) -> bool:
    try:
        float("nan" if cell in ("", None) else cell)
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def read_table(path: str | Path) -> Table:
    """A table from a .csv, .parquet or .npy file, or a folder of .parquet files.

    Errors:  FlowError, where the file cannot be read or has no rows.
    """
    path = Path(path)
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".npy": _read_numpy}
    with told(path):
        table = readers[kind_of(path)](path)
    if not table.rows:
        raise FlowError(EmptyTable(name=path.name))
    return table


def kind_of(path: Path) -> str:
    """The ending that says how a table is kept. A folder is one of .parquet files.

    Errors:  FlowError, where it is another one.
    """
    if path.is_dir() and not parquet_files(path):
        raise FlowError(UnreadableTable(name=path.name, reason="it is a folder without .parquet files"))
    suffix = ".parquet" if path.is_dir() else path.suffix.lower()
    if suffix not in (".csv", ".parquet", ".npy"):
        if not path.exists():
            raise FlowError(UnreadableTable(name=str(path), reason=os.strerror(errno.ENOENT).lower(), advice=LOOK))
        reason = f"`{path.suffix}` files are not known" if path.suffix else "its name has no ending that says what it is"
        raise FlowError(UnreadableTable(name=path.name, reason=reason))
    return suffix


def parquet_files(folder: Path) -> list[Path]:
    """The files of a folder that is a table, in order. What begins with `.` or `_` is left by a program for itself."""
    found = (path for path in folder.rglob("*.parquet") if not any(part[0] in "._" for part in path.relative_to(folder).parts))
    return sorted(found, key=Path.as_posix)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """What goes wrong when a table is read, as a mistake."""
    try:
        yield
    except OSError as error:
        # What pyarrow says of a file tells its own functions: only the system's number is taken from it.
        if error.errno is None:
            raise FlowError(UnreadableTable(name=path.name, reason=DAMAGED)) from None
        missing = error.errno == errno.ENOENT
        name, advice = (str(path), LOOK) if missing else (path.name, UnreadableTable.advice)
        raise FlowError(UnreadableTable(name=name, reason=os.strerror(error.errno).lower(), advice=advice)) from None
    except UnicodeDecodeError:
        raise FlowError(UnreadableTable(name=path.name, reason="it is no text in UTF-8", advice="write it as UTF-8")) from None
    except (ValueError, EOFError, NotImplementedError, csv.Error) as error:
        plain = path.suffix.lower() != ".parquet" and str(error)
        reason = str(error).splitlines()[0] if plain else DAMAGED
        raise FlowError(UnreadableTable(name=path.name, reason=reason)) from None


def _read_csv(path: Path) -> Table:
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


def pyarrow_for(path: Path):
    """pyarrow and its module for Parquet files: an extra, only for those who have such files.

    Errors:  FlowError, where it is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        advice = 'install it: `pip install "flowspec[parquet]"`'
        raise FlowError(UnreadableTable(name=path.name, reason="pyarrow is not installed", advice=advice)) from None
    return pyarrow, parquet


def _read_parquet(path: Path) -> Table:
    _, parquet = pyarrow_for(path)
    return from_arrow(path.name, parquet.read_table(path))


def from_arrow(name: str, table) -> Table:
    """A pyarrow table, its numbers as arrays."""
    return Table(name, tuple(table.column_names), tuple(_arrow_cells(column) for column in table.columns))


def _arrow_cells(column) -> Any:
    plain = str(column.type).rstrip("0123456789") in ("int", "uint", "float", "double", "halffloat")
    return column.to_numpy() if plain and not column.null_count else column.to_pylist()


def numpy_table(path: Path, mode: Literal["r"] | None = None) -> np.ndarray:
    """The matrix in a .npy file; with mode "r" it stays on disk until it is looked at."""
    try:
        array = np.load(path, mmap_mode=mode, allow_pickle=False)
    except (ValueError, EOFError) as error:
        # What numpy says tells its own arguments.
        objects = str(error).startswith(("Array can't be memory-mapped", "Object arrays"))
        raise ValueError("it holds Python objects, not numbers" if objects else DAMAGED) from None
    if not isinstance(array, np.ndarray):
        raise ValueError("it is an archive of arrays (.npz)")
    if array.dtype.kind not in "biuf":
        raise ValueError(f"it holds {NO_NUMBERS.get(array.dtype.kind, 'records')}, not numbers")
    if array.ndim not in (1, 2):
        raise ValueError(f"it holds an array of shape {array.shape}, not a table of shape (rows, columns)")
    return array[:, None] if array.ndim == 1 else array


def _read_numpy(path: Path) -> Table:
    array = numpy_table(path)
    return Table(path.name, unnamed(array.shape[1]), tuple(array.T))


def write_table(path: str | Path, columns: Sequence[str], arrays: Sequence[Sequence | np.ndarray]) -> None:
    """Write columns to a .csv, .parquet or .npy file, whole or not at all."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".npy":
        write_file(path, _numpy_bytes(path, columns, arrays))
    elif suffix == ".parquet":
        write_file(path, _parquet_bytes(path, columns, arrays))
    elif suffix == ".csv":
        write_file(path, csv_text(columns, arrays).encode())
    else:
        advice = "give a name that ends in .csv, .parquet or .npy"
        raise FlowError(UnwritablePath(path=str(path), reason=f"`{path.suffix}` files are not known", advice=advice))


def whole(values: np.ndarray, names: Sequence[str], dequantized: Sequence[str]) -> np.ndarray:
    """Samples (rows, D) or (rows,) of whole numbers k that a flow knows as all of [k, k + 1): brought back to k."""
    chosen = np.isin(names, dequantized)
    return np.where(chosen if values.ndim == 2 else chosen[0], np.floor(values), values)


def cell_middles(values: np.ndarray, names: Sequence[str], dequantized: Sequence[str]) -> np.ndarray:
    """Data (rows, D) of whole numbers k that a flow knows as all of [k, k + 1): moved to k + 1/2."""
    return np.where(np.isin(names, dequantized), np.floor(values) + 0.5, values)


def csv_text(columns: Sequence[str], arrays: Sequence[Sequence | np.ndarray]) -> str:
    """Columns as CSV. Floats are written with the digits that bring back the same float."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(_cells(array) for array in arrays), strict=True))
    return stream.getvalue()


def _cells(array: Sequence | np.ndarray) -> list:
    return [str(value) for value in array] if isinstance(array, np.ndarray) else list(array)


def _numpy_bytes(path: Path, columns: Sequence[str], arrays: Sequence[Sequence | np.ndarray]) -> bytes:
    stream = io.BytesIO()
    try:
        np.save(stream, np.stack([_numeric(a, name, path.name) for name, a in zip(columns, arrays, strict=True)], axis=1))
    except FlowError as error:
        reason = f"a .npy file holds numbers only, and {error.diagnostics[0].message}"
        raise FlowError(UnwritablePath(path=str(path), reason=reason, advice="write a .csv or .parquet file")) from None
    return stream.getvalue()


def _parquet_bytes(path: Path, columns: Sequence[str], arrays: Sequence[Sequence | np.ndarray]) -> bytes:
    pyarrow, parquet = pyarrow_for(path)
    stream = io.BytesIO()
    parquet.write_table(pyarrow.table([pyarrow.array(a) for a in arrays], names=list(columns)), stream)
    return stream.getvalue()
