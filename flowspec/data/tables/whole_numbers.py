"""Columns of whole numbers: rounded down, and moved to the middle of their cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def rounded_down(
    values: NDArray[Any], names: Sequence[str], dequantized: Sequence[str]
) -> NDArray[Any]:
    """Samples (rows, D) or (rows,), dequantized columns rounded down.

    A flow knows a whole number k as all of [k, k + 1).
    """
    chosen = np.isin(names, dequantized)
    return np.where(chosen if values.ndim == 2 else chosen[0], np.floor(values), values)


LARGEST = 2.0**63 - 2.0**10
"""The largest float that int64 holds; -2^63 is the smallest."""


def as_integers(
    columns: Sequence[NDArray[Any]], names: Sequence[str], dequantized: Sequence[str]
) -> list[NDArray[Any]]:
    """Columns of samples that are rounded down, those that are dequantized as int64."""
    return [
        np.clip(column, -(2.0**63), LARGEST, dtype=np.float64).astype(np.int64)
        if name in dequantized
        else column
        for name, column in zip(names, columns, strict=True)
    ]


def cell_middles(
    values: NDArray[Any], names: Sequence[str], dequantized: Sequence[str]
) -> NDArray[Any]:
    """Data (rows, D), whole numbers k of dequantized columns moved to k + 1/2."""
    return in_cells(values, names, dequantized, np.array(0.5))


def in_cells(
    values: NDArray[Any], names: Sequence[str], dequantized: Sequence[str], place: NDArray[Any]
) -> NDArray[Any]:
    """Data (rows, D), whole numbers k of dequantized columns moved to k + place.

    place   from 0 to 1, of any shape that goes with the data
    """
    return np.where(np.isin(names, dequantized), np.floor(values) + place, values)
