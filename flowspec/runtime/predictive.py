"""What a conditional bundle expects for each context: quantiles, and where rows lie among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flowspec.runtime.bundle import Bundle

Rows = NDArray[np.floating]

DRAWS = 1000
"""Samples for each context."""

NUMBERS_AT_ONCE = 4_000_000
"""Samples that are in memory together, counted in numbers."""


def quantiles(
    bundle: Bundle, context: ArrayLike, levels: Sequence[float], draws: int = DRAWS, seed: int = 0
) -> Rows:
    """Quantiles of each column for each context, from so many samples of it.

    Shapes:  context (N, C), levels (Q,) from 0 to 1  ->  (N, Q, D)
    """
    blocks = [
        np.quantile(drawn, levels, axis=1).swapaxes(0, 1)
        for drawn in _drawn(bundle, np.asarray(context), draws, seed)
    ]
    return np.concatenate(blocks) if blocks else np.empty((0, len(levels), len(bundle.columns)))


def transforms(
    bundle: Bundle, rows: ArrayLike, context: ArrayLike, draws: int = DRAWS, seed: int = 0
) -> Rows:
    """The probability integral transform of each column: the share of samples below it, ties half.

    Shapes:  rows (N, D), context (N, C)  ->  (N, D)
    Values:  from 0 to 1; NaN where the row or its context is NaN.
    """
    given = np.asarray(rows, float).reshape(-1, 1, len(bundle.columns))
    found, first = [], 0
    for drawn in _drawn(bundle, np.asarray(context), draws, seed):
        block = given[first : first + len(drawn)]
        first += len(drawn)
        below = (drawn < block).mean(axis=1) + (drawn == block).mean(axis=1) / 2
        unknown = np.isnan(block[:, 0]) | np.isnan(drawn).any(axis=1)
        found.append(np.where(unknown, np.nan, below))
    return np.concatenate(found) if found else np.empty((0, len(bundle.columns)))


def _drawn(bundle: Bundle, context: Rows, draws: int, seed: int) -> Iterator[Rows]:
    """Samples (rows, draws, D) of a block of contexts at a time; what a row gets does not depend on
    the blocks.
    """
    at_once = max(1, NUMBERS_AT_ONCE // (draws * len(bundle.columns)))
    for start in range(0, len(context), at_once):
        block = context[start : start + at_once]
        repeated = np.repeat(block, draws, axis=0)
        x = bundle.sample(seed=seed, context=repeated, first_row=start * draws)
        yield np.asarray(x, float).reshape(len(block), draws, -1)
