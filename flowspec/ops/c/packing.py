"""Matrices in blocks of outputs, each with the inputs that it has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LANES = 8
"""Outputs in a block."""

WORTH = 0.9
"""Outputs are put in another order where it leaves so much of the products, or less."""


def blocks(matrix: NDArray[Any]) -> NDArray[Any]:
    """The rows of a matrix in blocks, (blocks, LANES, inputs), filled up with zeros."""
    outputs, inputs = matrix.shape
    filled = np.concatenate([matrix, np.zeros((-outputs % LANES, inputs), matrix.dtype)])
    return filled.reshape(-1, LANES, inputs)


def span(rows: NDArray[Any]) -> tuple[int, int]:
    """The inputs of some rows, from the first to behind the last whose weight is not 0."""
    used = np.flatnonzero((rows != 0).any(axis=0))
    return (int(used[0]), int(used[-1]) + 1) if used.size else (0, 0)


def order(matrix: NDArray[Any]) -> NDArray[np.int64] | None:
    """The outputs, those together that see the same inputs; None where that saves little.

    The parameters of a spline stand far from each other in the output of a network with masks, and
    every block would have all inputs.
    """
    spans = np.array([span(row[None]) for row in matrix])
    found = np.lexsort((spans[:, 0], spans[:, 1]))
    return found if _products(matrix[found]) <= WORTH * _products(matrix) else None


def _products(matrix: NDArray[Any]) -> int:
    return sum(end - first for first, end in map(span, blocks(matrix)))
