"""A table from a file, by what the file is."""

from __future__ import annotations

import csv
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flowspec.data.tables.csv import read_csv
from flowspec.data.tables.numpy import read_numpy
from flowspec.data.tables.parquet import parquet_files, read_parquet
from flowspec.data.tables.table import DAMAGED, LOOK, EmptyTable, Table, UnreadableTable
from flowspec.diagnostics.diagnostic import FlowError


def read_table(path: str | Path) -> Table:
    """A table from a .csv, .parquet or .npy file, or a folder of .parquet files.

    Errors:  FlowError, where the file cannot be read or has no rows.
    """
    path = Path(path)
    readers = {".csv": read_csv, ".parquet": read_parquet, ".npy": read_numpy}
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
        raise FlowError(
            UnreadableTable(name=path.name, reason="it is a folder without .parquet files")
        )
    suffix = ".parquet" if path.is_dir() else path.suffix.lower()
    if suffix not in (".csv", ".parquet", ".npy"):
        if not path.exists():
            raise FlowError(
                UnreadableTable(
                    name=str(path), reason=os.strerror(errno.ENOENT).lower(), advice=LOOK
                )
            )
        reason = (
            f"`{path.suffix}` files are not known"
            if path.suffix
            else "its name has no ending that says what it is"
        )
        raise FlowError(UnreadableTable(name=path.name, reason=reason))
    return suffix


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
        raise FlowError(
            UnreadableTable(name=name, reason=os.strerror(error.errno).lower(), advice=advice)
        ) from None
    except UnicodeDecodeError:
        raise FlowError(
            UnreadableTable(
                name=path.name, reason="it is no text in UTF-8", advice="write it as UTF-8"
            )
        ) from None
    except (ValueError, EOFError, NotImplementedError, csv.Error) as error:
        plain = path.suffix.lower() != ".parquet" and str(error)
        reason = str(error).splitlines()[0] if plain else DAMAGED
        raise FlowError(UnreadableTable(name=path.name, reason=reason)) from None
