"""Cells of a table as numbers: as every reader of tables takes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.data.numbers import cell_number

_DATE = re.compile(r"\d{1,4}[-/]\d{1,2}[-/]\d{1,4}([T ].*)?|\d{1,2}:\d{2}(:\d{2}.*)?")
_SEPARATED = re.compile(r"[+-]?\d+([.,_' ]\d+)+")

EMPTY = "correct the row, or leave it out; where a number is missing, leave the cell empty"
CATEGORY = (
    "a density is of numbers: leave `{name}` out; or, of a category, give a column of 0 and 1 for "
    "each of its values but one, as `context`"
)
DATE = "write times as numbers, such as the days since a first one"
SEPARATED = "write a point before the decimals, and nothing between thousands: `1234.5`"


def as_numbers(cells: Sequence[Any]) -> NDArray[Any] | None:
    """A column as float64, empty cells as NaN; None where a cell holds anything but a number."""
    if any(isinstance(cell, str) and "_" in cell for cell in cells):  # Python's, and nobody else's
        return None
    try:
        array = np.asarray([np.nan if cell in ("", None) else cell for cell in cells], float)
    except (ValueError, TypeError, OverflowError):
        return _one_by_one(cells)
    return array if array.ndim == 1 else None  # lists of the same length would make a matrix


def _one_by_one(cells: Sequence[Any]) -> NDArray[Any] | None:
    """A column in which numpy found something else: words that are numbers, say."""
    try:
        return np.asarray([cell_number(cell) for cell in cells], float)
    except (ValueError, TypeError, OverflowError):
        return None


def advice_on(name: str, bad: Sequence[Any], cells: int) -> str:
    """Correction of a column, some of whose cells hold no numbers."""
    texts = [cell.strip() for cell in bad if isinstance(cell, str)]
    if texts and all(map(_DATE.fullmatch, texts)):
        return DATE
    if texts and all(map(_SEPARATED.fullmatch, texts)):
        return SEPARATED
    return CATEGORY.format(name=name) if texts and 2 * len(texts) > cells else EMPTY
