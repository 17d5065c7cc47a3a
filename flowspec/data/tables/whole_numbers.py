"""Columns of whole numbers: rounded down, and moved to the middle of their cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def whole(values: np.ndarray, names: Sequence[str], dequantized: Sequence[str]) -> np.ndarray:
    """Samples (rows, D) or (rows,) of whole numbers k that a flow knows as all of [k, k + 1): brought back to k."""
    chosen = np.isin(names, dequantized)
    return np.where(chosen if values.ndim == 2 else chosen[0], np.floor(values), values)


def cell_middles(
    values: np.ndarray, names: Sequence[str], dequantized: Sequence[str]
) -> np.ndarray:
    """Data (rows, D) of whole numbers k that a flow knows as all of [k, k + 1): moved to k + 1/2."""
    return np.where(np.isin(names, dequantized), np.floor(values) + 0.5, values)
