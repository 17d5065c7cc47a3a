"""The columns of the table that a comment of a flow names: `# data: wine.csv`."""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path

_NAMED = re.compile(r"^\s*#\s*data:\s*(?P<path>.+?)\s*$", re.MULTILINE)
LONGEST_HEADER = 1_000_000
"""Characters of the first line that are read."""


def columns(text: str, folder: Path | None) -> tuple[str, ...]:
    """The columns that can be named; none where there is no such table, or no names in it."""
    match = _NAMED.search(text)
    if match is None:
        return ()
    path = (folder or Path()) / match["path"].strip("\"'")
    try:
        return _header(path, path.stat().st_mtime_ns)
    except (OSError, ValueError):
        return ()


@lru_cache(maxsize=8)
def _header(path: Path, changed: int) -> tuple[str, ...]:
    if path.suffix == ".parquet":
        return _of_parquet(path)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        line = file.readline(LONGEST_HEADER)
    cells = next(csv.reader([line]), [])
    is_named = any(cell.strip() and not _is_number(cell) for cell in cells)
    return tuple(cell.strip() for cell in cells) if is_named else ()


def _of_parquet(path: Path) -> tuple[str, ...]:
    try:
        from pyarrow import parquet
    except ImportError:
        return ()
    return tuple(parquet.read_schema(path).names)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
