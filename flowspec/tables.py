"""Tables in and out: CSV, Parquet (with the `parquet` extra) and NumPy files, columns found by name."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flowspec.bounds import outside_of
from flowspec.diagnostics import Diagnostic, FlowError, mistake, suggest
from flowspec.files import UnwritablePath, write_file
from flowspec.flow import Flow
from flowspec.ops.numpy import NumpyOps
from flowspec.support import Space


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
class RepeatedColumn(Diagnostic):
    message = "the table has {count} columns `{name}`"
    help = "give each column a name of its own"
    name: str
    count: int


@mistake
class NotNumeric(Diagnostic):
    message = "column `{name}` holds {value} in row {row}, which is no number"
    help = "correct the row, or leave it out"
    name: str
    value: str
    row: int


@mistake
class NotFiniteRows(Diagnostic):
    message = "column `{name}` is missing or not finite in {count} of {rows} rows, first in row {row}"
    help = "leave these rows out, or fill them in"
    name: str
    count: int
    rows: int
    row: int


@mistake
class OutsideRows(Diagnostic):
    message = "{count} of {rows} rows lie outside the support of {names} ({support}), the first is row {row}"
    help = "declare a wider support, or leave these rows out"
    names: str
    support: str
    count: int
    rows: int
    row: int


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

    def numbers(self, wanted: Sequence[str]) -> np.ndarray:
        """The wanted columns as float64, (rows, columns); empty cells are NaN.

        Errors:  FlowError, where a column is missing or holds what is no number.
        """
        if len(self.columns) == len(wanted) and self.columns == unnamed(len(wanted)):
            return np.stack([np.asarray(column, float) for column in self.cells], axis=1)
        problems: list[Diagnostic] = [self._missing(name) for name in wanted if name not in self.columns]
        counts = {name: self.columns.count(name) for name in wanted}
        problems += [RepeatedColumn(where=self.name, name=name, count=n) for name, n in counts.items() if n > 1]
        if problems:
            raise FlowError(problems)
        return np.stack([_numeric(self.cells[self.columns.index(name)], name, self.name) for name in wanted], axis=1)

    def _missing(self, name: str) -> Diagnostic:
        near = suggest(name, self.columns)
        there = ", ".join(f"`{column}`" for column in self.columns[:12])
        return MissingColumn(where=self.name, name=name, advice=f"did you mean `{near}`?" if near else f"it has {there}")


def _numeric(cells: Sequence | np.ndarray, name: str, table: str) -> np.ndarray:
    if isinstance(cells, np.ndarray):
        return cells.astype(float)
    try:
        return np.asarray([np.nan if cell in ("", None) else cell for cell in cells], float)
    except (ValueError, TypeError):
        row = next(i for i, cell in enumerate(cells) if not _is_number(cell))
        raise FlowError(NotNumeric(where=table, name=name, value=repr(cells[row]), row=row + 1)) from None


def unnamed(count: int) -> tuple[str, ...]:
    """The names of columns that have none: `column0`, `column1`, ..."""
    return tuple(f"column{i}" for i in range(count))


def _is_number(cell) -> bool:
    try:
        float(cell or "nan")
    except (ValueError, TypeError):
        return False
    return True


def read_table(path: str | Path) -> Table:
    """A table from a .csv, .parquet or .npy file.

    Errors:  FlowError, where the file cannot be read or has no rows.
    """
    path = Path(path)
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".npy": _read_numpy}
    if path.suffix.lower() not in readers:
        raise FlowError(UnreadableTable(name=path.name, reason=f"`{path.suffix}` files are not known"))
    try:
        table = readers[path.suffix.lower()](path)
    except OSError as error:
        raise FlowError(UnreadableTable(name=path.name, reason=(error.strerror or str(error)).lower())) from None
    except (ValueError, EOFError, csv.Error) as error:
        reason = str(error).splitlines()[0].lower() if str(error) else "it is damaged"
        raise FlowError(UnreadableTable(name=path.name, reason=reason)) from None
    if not table.rows:
        raise FlowError(EmptyTable(name=path.name))
    return table


def _read_csv(path: Path) -> Table:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        rows = [row for row in csv.reader(stream) if row]
    if not rows:
        return Table(path.name, (), ())
    header, *body = rows
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            raise ValueError(f"line {number} has {len(row)} cells, the header {len(header)}")
    names = tuple(name.strip() for name in header)
    return Table(path.name, names, tuple(zip(*body, strict=True)) or tuple(() for _ in names))


def _read_parquet(path: Path) -> Table:
    try:
        from pyarrow import parquet  # an extra: only for those who have such files
    except ImportError:
        advice = 'install it: `pip install "flowspec[parquet]"`'
        raise FlowError(UnreadableTable(name=path.name, reason="pyarrow is not installed", advice=advice)) from None
    table = parquet.read_table(path)
    return Table(path.name, tuple(table.column_names), tuple(column.to_pylist() for column in table.columns))


def _read_numpy(path: Path) -> Table:
    array = np.load(path, allow_pickle=False)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        raise ValueError(f"it holds no table of numbers, but {array.dtype} of shape {array.shape}")
    return Table(path.name, unnamed(array.shape[1]), tuple(array.T))


def check_rows(values: np.ndarray, names: Sequence[str], space: Space, table: str) -> None:
    """Raise a `FlowError` that names each column with rows that are missing, not finite or outside its support."""
    problems: list[Diagnostic] = []
    for index, name in enumerate(names):
        bad = np.flatnonzero(~np.isfinite(values[:, index]))
        if len(bad):
            problems.append(NotFiniteRows(where=table, name=name, count=len(bad), rows=len(values), row=int(bad[0]) + 1))
    if problems:
        raise FlowError(problems)
    for block, part in space.blocks:
        piece = values[:, block].T
        outside = np.flatnonzero(outside_of(NumpyOps(), Space((part,)), piece))
        if len(outside):
            told = ", ".join(f"`{name}`" for name in names[block])
            problems.append(
                OutsideRows(
                    where=table, names=told, support=str(part), count=len(outside), rows=len(values), row=int(outside[0]) + 1
                )
            )
    if problems:
        raise FlowError(problems)


def without_bad_rows(
    flow: Flow, values: np.ndarray, context: np.ndarray | None, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None, int]:
    """The rows (N, D), context (N, C) and weights (N,) that are finite and inside their supports, and how many are not."""
    bad = _bad_rows(values, flow.space)
    if context is not None and flow.context:
        bad |= _bad_rows(context, flow.context.space)
    if weights is not None:
        bad |= ~(np.isfinite(weights) & (weights >= 0))
    kept = (None if each is None else each[~bad] for each in (context, weights))
    return values[~bad], *kept, int(bad.sum())


def _bad_rows(values: np.ndarray, space: Space) -> np.ndarray:
    finite = np.isfinite(values).all(axis=1)
    safe = np.where(finite[:, None], values, np.nan)
    return ~finite | outside_of(NumpyOps(), space, safe[:, 0] if space.scalar else safe.T)


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
    try:
        import pyarrow
        from pyarrow import parquet  # an extra: only for those who want such files
    except ImportError:
        advice = 'install it: `pip install "flowspec[parquet]"`'
        raise FlowError(UnreadableTable(name=path.name, reason="pyarrow is not installed", advice=advice)) from None
    stream = io.BytesIO()
    parquet.write_table(pyarrow.table([pyarrow.array(a) for a in arrays], names=list(columns)), stream)
    return stream.getvalue()
