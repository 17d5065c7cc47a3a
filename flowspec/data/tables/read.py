"""Tables from files, by the kind of the file."""

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
    with refusing(path):
        table = readers[kind_of(path)](path)
    if not table.rows:
        raise FlowError(EmptyTable(name=path.name))
    return table


def kind_of(path: Path) -> str:
    """The ending that tells the kind of a table. A folder is one of .parquet files.

    Errors:  FlowError, where it is unknown.
    """
    is_folder = os.path.isdir(path)  # no error where the name is too long
    if is_folder and not parquet_files(path):
        reason = "it is a folder without .parquet files"
        raise FlowError(UnreadableTable(name=path.name, reason=reason))
    suffix = ".parquet" if is_folder else path.suffix.lower()
    if suffix not in (".csv", ".parquet", ".npy"):
        if not os.path.lexists(path):
            reason = os.strerror(errno.ENOENT).lower()
            raise FlowError(UnreadableTable(name=str(path), reason=reason, advice=LOOK))
        reason = "its name has no ending that says what it is"
        if path.suffix:
            reason = f"`{path.suffix}` files are not known"
        raise FlowError(UnreadableTable(name=path.name, reason=reason))
    return suffix


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn errors of reading a table into mistakes."""
    try:
        yield
    except OSError as error:
        # pyarrow's words name its own functions: only the system's number is taken from them.
        if error.errno is None:
            raise FlowError(UnreadableTable(name=path.name, reason=DAMAGED)) from None
        missing = error.errno == errno.ENOENT
        name, advice = (str(path), LOOK) if missing else (path.name, UnreadableTable.advice)
        reason = os.strerror(error.errno).lower()
        raise FlowError(UnreadableTable(name=name, reason=reason, advice=advice)) from None
    except UnicodeDecodeError:
        reason, advice = "it is no text in UTF-8", "write it as UTF-8"
        raise FlowError(UnreadableTable(name=path.name, reason=reason, advice=advice)) from None
    except (ValueError, EOFError, NotImplementedError, csv.Error) as error:
        is_ours = path.suffix.lower() != ".parquet" and str(error)
        reason = str(error).splitlines()[0] if is_ours else DAMAGED
        raise FlowError(UnreadableTable(name=path.name, reason=reason)) from None
