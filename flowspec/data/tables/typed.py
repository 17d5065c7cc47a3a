"""Columns of text that hold numbers, as numbers: for files whose columns have types."""

from __future__ import annotations

import re

import numpy as np

from flowspec.data.numbers import is_missing
from flowspec.data.tables.cells import as_numbers
from flowspec.data.tables.table import Column

_WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_PADDED = re.compile(r"[+-]?0\d")
"""Numbers that begin with 0 name something: a postal code, say."""


def is_written_whole(cell: object) -> bool:
    """True for 3 and "3", and false for 3.0 and "3.0"."""
    if isinstance(cell, str):
        return bool(_WHOLE.fullmatch(cell.strip()))
    return isinstance(cell, int | np.integer) and not isinstance(cell, bool)


def typed(cells: Column) -> Column:
    """The cells as whole numbers, where all of them are; else as real ones; else as they are.

    Nothing stands for what is missing: None among whole numbers, NaN among real ones.
    """
    if isinstance(cells, np.ndarray) or not all(isinstance(cell, str) for cell in cells):
        return cells
    known = [cell.strip() for cell in cells if not is_missing(cell)]
    if not known or any(map(_PADDED.match, known)):
        return cells
    if all(map(_WHOLE.fullmatch, known)):
        return [None if is_missing(cell) else int(cell) for cell in cells]
    numbers = None if any(word.isalpha() for word in known) else as_numbers(cells)
    return cells if numbers is None else numbers
