"""Files of Parquet, Feather and JSON lines, by pyarrow, which is loaded when one is opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from flowspec.data.places import Place, arrow_source, names_in
from flowspec.data.tables.table import Column, Table, UnreadableTable
from flowspec.diagnostics.diagnostic import FlowError


def parquet_files(folder: Place) -> list[Place]:
    """The files of a folder that is a table, in order.

    Names that begin with `.` or `_` are of files that programs leave for themselves.
    """
    tables = (name for name in names_in(folder) if name.suffix == ".parquet")
    return [folder / name.as_posix() for name in tables if not _is_left(name)]


def _is_left(name: PurePath) -> bool:
    return any(part[0] in "._" for part in name.parts)


def pyarrow_for(path: Place) -> tuple[Any, Any]:
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


def read_parquet(path: Place) -> Table:
    """The table in a Parquet file or a folder of them."""
    _, parquet = pyarrow_for(path)
    return from_arrow(path.name, parquet.read_table(**arrow_source(path)))


def parquet_metadata(path: Place) -> Any:
    """What a Parquet file says of itself, as pyarrow has it."""
    with opened_parquet(path) as file:
        return file.metadata


def opened_parquet(path: Place) -> Any:
    """A Parquet file as pyarrow has it, to be closed."""
    _, parquet = pyarrow_for(path)
    return parquet.ParquetFile(**arrow_source(path))


def read_feather(path: Path) -> Table:
    """The table in a Feather or Arrow file."""
    pyarrow_for(path)
    from pyarrow import feather

    return from_arrow(path.name, feather.read_table(path))


def read_json_lines(path: Path) -> Table:
    """The table in a file with an object of JSON in each line, whose keys are the columns."""
    pyarrow_for(path)
    from pyarrow import json

    return from_arrow(path.name, json.read_json(path))


def from_arrow(name: str, table: Any) -> Table:
    """A pyarrow table, its numbers as arrays."""
    return Table(name, tuple(table.column_names), tuple(map(_arrow_cells, table.columns)))


def _arrow_cells(column: Any) -> Column:
    kind = str(column.type).rstrip("0123456789")
    is_numeric = kind in ("int", "uint", "float", "double", "halffloat")
    cells: Column = (
        column.to_numpy() if is_numeric and not column.null_count else column.to_pylist()
    )
    return cells


class ParquetWriter:
    """Columns into a Parquet file, a row group for each piece. The first decides on the types."""

    def __init__(self, path: Place, stream: BinaryIO, columns: Sequence[str], rows: int) -> None:
        self._pyarrow, self._parquet = pyarrow_for(path)
        self._stream, self._columns = stream, list(columns)
        self._writer: Any = None

    def __call__(self, arrays: Sequence[Column]) -> None:
        """Write a piece."""
        columns = [self._column(array) for array in arrays]
        table = self._pyarrow.table(columns, names=self._columns)
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(
                self._stream, table.schema, use_dictionary=_repeating(table.schema)
            )
        self._writer.write_table(table.cast(self._writer.schema))

    def _column(self, array: Column) -> Any:
        return array if isinstance(array, self._pyarrow.Array) else self._pyarrow.array(array)

    def close(self) -> None:
        """End the file."""
        if self._writer is not None:
            self._writer.close()


def _repeating(schema: Any) -> list[str]:
    """The columns whose values may occur again and again. Real numbers do not: a dictionary of them
    takes half as much space again.
    """
    kinds = {field.name: str(field.type) for field in schema}
    return [name for name, kind in kinds.items() if kind not in ("float", "double", "halffloat")]
