"""Tables from files, by the kind of the file."""

from __future__ import annotations

import csv
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath

from flowspec.data.places import Address, Place, is_folder, place_of
from flowspec.data.tables.csv import STANDARD_INPUT, read_csv
from flowspec.data.tables.numpy import read_numpy
from flowspec.data.tables.parquet import (
    parquet_files,
    read_feather,
    read_json_lines,
    read_parquet,
)
from flowspec.data.tables.table import DAMAGED, LOOK, EmptyTable, Table, UnreadableTable
from flowspec.diagnostics.diagnostic import FlowError


def read_table(path: str | Place) -> Table:
    """A table from a file of the kinds of `READERS`, whose text may be packed by gzip; from a
    folder of .parquet files; or from standard input, `-`, as CSV.

    Errors:  FlowError, where the file cannot be read or has no rows.
    """
    path = place_of(path)
    with refusing(path):
        kind = kind_of(path)
        table = READERS[kind](path) if isinstance(path, Path) else read_parquet(path)
    if not table.rows:
        raise FlowError(EmptyTable(name=table.name))
    return table


READERS: dict[str, Callable[[Path], Table]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".parquet": read_parquet,
    ".npy": read_numpy,
    ".feather": read_feather,
    ".arrow": read_feather,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
}
"""What reads a table, by the ending of its name."""


def kind_of(path: Place) -> str:
    """The ending that tells the kind of a table. A folder is one of .parquet files.

    Errors:  FlowError, where it is unknown.
    """
    if path == STANDARD_INPUT:
        return ".csv"
    folder = is_folder(path)
    if folder and not parquet_files(path):
        reason = "it is a folder without .parquet files"
        raise FlowError(UnreadableTable(name=path.name, reason=reason))
    if isinstance(path, Address):
        if not folder:
            _refuse_unread(path)
        return ".parquet"
    suffix = ".parquet" if folder else _ending(path)
    if suffix not in READERS:
        if not os.path.lexists(path):
            reason = os.strerror(errno.ENOENT).lower()
            raise FlowError(UnreadableTable(name=str(path), reason=reason, advice=LOOK))
        reason = "its name has no ending that says what it is"
        if path.suffix:
            reason = f"`{path.suffix}` files are not known"
        raise FlowError(UnreadableTable(name=path.name, reason=reason))
    return suffix


def _refuse_unread(address: Address) -> None:
    """Refuse an address of no file, or of one that is read on this machine only.

    Errors:  FlowError, of such an address.
    """
    if not address.exists():
        reason = os.strerror(errno.ENOENT).lower()
        raise FlowError(UnreadableTable(name=str(address), reason=reason, advice=LOOK))
    if address.suffix.lower() != ".parquet":
        reason = "at an address only .parquet files are read, and folders of them"
        advice = "copy it to this machine"
        raise FlowError(UnreadableTable(name=address.name, reason=reason, advice=advice))


def _ending(path: Place) -> str:
    """The ending that counts: of packed text, the one before `.gz`."""
    endings = [ending.lower() for ending in PurePath(path.name).suffixes]
    packed = endings[-1:] == [".gz"] and endings[-2:-1] in ([".csv"], [".tsv"])
    return endings[-2] if packed else path.suffix.lower()


@contextmanager
def refusing(path: Place) -> Iterator[None]:
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
        is_ours = _ending(path) in (".csv", ".tsv", ".npy", "") and str(error)
        reason = str(error).splitlines()[0] if is_ours else DAMAGED
        raise FlowError(UnreadableTable(name=path.name, reason=reason)) from None
