"""Columns that follow from others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

MOST_SHARES = 10
"""Columns up to which every set of them is looked at."""

EXACT = 1e-6
"""How far, relative to its spread, a column may be from what the others give."""


def simplex(names: Sequence[str], values: NDArray[np.floating]) -> tuple[str, ...]:
    """The names of three columns or more whose numbers add up to 1 in every row; empty if none do.

    values   shares (N, D), in (0, 1)
    """
    for count in range(min(len(names), MOST_SHARES), 2, -1):
        for chosen in combinations(range(len(names)), count):
            if np.allclose(values[:, chosen].sum(axis=1), 1, rtol=0, atol=1e-5):
                return tuple(names[index] for index in chosen)
    return ()


def dependent(names: Sequence[str], values: NDArray[np.floating]) -> list[str]:
    """The columns that are sums of multiples of earlier ones, and a constant.

    A column that is constant in these rows is none.

    values   (N, D), finite
    """
    known = np.ones((len(values), 1))
    found = []
    sizes = np.abs(values).max(axis=0, initial=0)
    scaled = values / np.where(sizes > 0, sizes, 1)  # 1e300 would have no finite square
    for name, column in zip(names, scaled.T, strict=True):
        weights, *_ = np.linalg.lstsq(known, column, rcond=None)
        rest = column - known @ weights
        is_free = len(values) <= known.shape[1] or column.std() == 0
        if not is_free and rest.std() <= EXACT * column.std():
            found.append(name)
        else:
            known = np.column_stack([known, rest / (rest.std() or 1.0)])
    return found
