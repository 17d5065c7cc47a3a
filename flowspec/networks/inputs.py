"""Coordinates as networks see them: angles without a seam, sizes that do not overflow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.support.space import Space


def tamed(ops: Ops, x: Array) -> Array:
    """Inputs of a network, moved to where products of its weights do not overflow: inf -
    inf would be NaN.
    """
    return ops.no_farther(x, float(np.finfo(ops.dtype).max) ** 0.8)


def angular_rates(space: Space) -> tuple[float, ...]:
    """The factor that turns each coordinate into an angle: 2 pi / circumference; 0 for a
    number.
    """
    return tuple(2 * math.pi / p.period if p.period else 0.0 for p in space.supports)


def features(ops: Ops, x: Array, rates: Sequence[float]) -> Array:
    """Coordinates (D, N) as a network sees them: a number as it is, an angle as its
    cosine and sine.
    """
    if not any(rates):
        return x
    rows: list[Array] = []
    for row, rate in enumerate(rates):
        coordinate = x[row : row + 1]
        rows += [ops.cos(coordinate * rate), ops.sin(coordinate * rate)] if rate else [coordinate]
    return ops.concat(rows)


def feature_counts(rates: Sequence[float]) -> list[int]:
    """The number of features of each coordinate."""
    return [2 if rate else 1 for rate in rates]


def feature_count(rates: Sequence[float]) -> int:
    """The number of features of all coordinates together."""
    return sum(feature_counts(rates))


def feature_columns(rates: Sequence[float]) -> list[list[int]]:
    """The inputs of the network that each coordinate has."""
    counts = feature_counts(rates)
    return [list(range(end - n, end)) for end, n in zip(accumulate(counts), counts, strict=True)]
