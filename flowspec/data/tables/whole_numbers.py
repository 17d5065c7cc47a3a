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


def cell_middles(
    values: NDArray[Any], names: Sequence[str], dequantized: Sequence[str]
) -> NDArray[Any]:
    """Data (rows, D), whole numbers k of dequantized columns moved to k + 1/2."""
    return np.where(np.isin(names, dequantized), np.floor(values) + 0.5, values)
