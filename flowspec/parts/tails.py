"""Centers and tails of data, for what is measured before a training."""

from __future__ import annotations

import math

import numpy as np

LEAST_SHAPE = 0.01
"""The smallest shape that is measured: below it a tail falls as an exponential does."""

LEAST_EXCESSES = 5
"""Numbers below which no shape is measured."""

MOST_OF_TAIL = 5_000
"""Values of a tail that are looked at."""


def centre(values: np.ndarray, weights: np.ndarray | None = None, share: float = 0.5) -> np.ndarray:
    """The quantile of each coordinate, its median by default.

    Shapes:  values (..., N), weights (N,)  ->  (...)
    """
    if weights is None:
        return np.asarray(np.quantile(values, share, axis=-1))
    return np.apply_along_axis(_quantiles, -1, values, weights, np.array([share]))[..., 0]


def pareto_tail(
    values: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Shape and scale of the generalized Pareto distribution from 0 on whose tail is that of the
    largest values of each coordinate; the shape is at least `LEAST_SHAPE`.

    Shapes:  values (..., N), weights (N,)  ->  both (...)
    """
    fitted = np.apply_along_axis(_tail, -1, values, weights)
    return fitted[..., 0], fitted[..., 1]


def _tail(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    count = tail_rows(len(values))
    share = count / len(values)
    places = 1 - share * (np.arange(min(count, MOST_OF_TAIL)) + 0.5) / min(count, MOST_OF_TAIL)
    ends = np.append(places, 1 - share)
    largest = np.quantile(values, ends) if weights is None else _quantiles(values, weights, ends)
    beyond = largest[:-1] - largest[-1]
    shape, scale = generalized_pareto(beyond[beyond > 0])
    shape = min(max(shape, LEAST_SHAPE), 1.0)
    # The scale of a Pareto distribution grows by its shape with each step of its threshold.
    return np.array([shape, scale - shape * largest[-1]])


def tail_rows(rows: int) -> int:
    """How many of the largest values make the tail.

    Source: Pareto smoothed importance sampling, Vehtari et al., 2024, arXiv:1507.02646, sec. 3.
    """
    return max(1, min(rows // 5, round(3 * math.sqrt(rows))))


def generalized_pareto(excesses: np.ndarray) -> tuple[float, float]:
    """The shape and the scale of the generalized Pareto distribution of positive numbers.

    Source: Zhang and Stephens, 2009, doi:10.1198/tech.2009.08017.
    """
    if len(excesses) < LEAST_EXCESSES or excesses.min() == excesses.max():
        return LEAST_SHAPE, float(np.mean(excesses)) if len(excesses) else 1.0
    x = np.sort(excesses)
    grid = 30 + int(math.sqrt(len(x)))
    quartile = x[int(len(x) / 4 + 0.5) - 1]
    rates = 1 / x[-1] + (1 - np.sqrt(grid / (np.arange(grid) + 0.5))) / (3 * quartile)
    shapes = np.log1p(-rates[:, None] * x).mean(axis=1)
    likelihood = len(x) * (np.log(-rates / shapes) - shapes - 1)
    weights = np.exp(likelihood - likelihood.max())
    rate = float(weights @ rates / weights.sum())
    shape = float(np.log1p(-rate * x).mean())
    return shape, -shape / rate


def _quantiles(values: np.ndarray, weights: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Quantiles of weighted values."""
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    places = np.searchsorted(total, shares * total[-1])
    return values[order][np.minimum(places, len(values) - 1)]
