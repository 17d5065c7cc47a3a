"""Location, scale, covariance and regression of data, for what is measured before a training."""

from __future__ import annotations

import numpy as np

DRAWN = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1.0)
"""The least is there for columns that are copies of others, whose matrix has no inverse."""


def location_and_scale(
    values: np.ndarray, weights: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Mean and standard deviation of each coordinate.

    One that is constant keeps the scale 1.

    weights   how much each row counts

    Shapes:  values (..., N), weights (N,)  ->  `location` and `scale`, both (...)
    """
    location = np.average(values, axis=-1, weights=weights)
    scale = _deviation(values - location[..., None], weights)
    # Rounding of the mean can leave a spread where there is none.
    alike = values.min(axis=-1) == values.max(axis=-1)
    return {"location": location, "scale": np.where(alike | (scale == 0), 1.0, scale)}


def covariance_factor(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The Cholesky factor of the covariance of coordinates, drawn to that of independent ones as
    far as one half of the rows wants it for the other.

    weights   how much each row counts

    Shapes:  values (D, N), weights (N,)  ->  (D, D), lower triangular, its diagonal positive
    """
    measured = location_and_scale(values, weights)
    scale = measured["scale"][:, None]
    z = (values - measured["location"][:, None]) / scale
    counted = np.ones(z.shape[1]) if weights is None else weights
    drawn = _drawn(_correlation(z[:, ::2], counted[::2]), _correlation(z[:, 1::2], counted[1::2]))
    correlation = _correlation(z, counted)
    return np.asarray(
        scale * np.linalg.cholesky((1 - drawn) * correlation + drawn * np.eye(len(z)))
    )


def regression(
    features: np.ndarray, values: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The line of each coordinate on the features, by least squares, drawn to 0 as far as one half
    of the rows wants it for the other.

    weights   how much each row counts

    Shapes:  features (C, N), values (D, N), weights (N,)  ->  slopes (D, C), at zero (D,)
    """
    from_, to = (location_and_scale(rows, weights) for rows in (features, values))
    u = (features - from_["location"][:, None]) / from_["scale"][:, None]
    z = (values - to["location"][:, None]) / to["scale"][:, None]
    counted = np.ones(z.shape[1]) if weights is None else weights
    halves = [(u[:, i::2], z[:, i::2], counted[i::2]) for i in (0, 1)]

    def missed(drawn: float) -> np.ndarray:
        pairs = ((halves[0], halves[1]), (halves[1], halves[0]))
        steps = [(z - _slopes(*known, drawn) @ u, weights) for known, (u, z, weights) in pairs]
        return np.asarray(sum((weights * step**2).sum(axis=1) for step, weights in steps))

    errors = np.stack([missed(drawn) for drawn in DRAWN])
    slopes = np.stack([_slopes(u, z, counted, drawn) for drawn in DRAWN])
    best = slopes[errors.argmin(axis=0), np.arange(len(z))]
    slopes = best * to["scale"][:, None] / from_["scale"]
    return slopes, to["location"] - slopes @ from_["location"]


def _slopes(u: np.ndarray, z: np.ndarray, weights: np.ndarray, drawn: float) -> np.ndarray:
    """The slopes (D, C) of standard coordinates on standard features: those of 1 are 0."""
    if drawn == 1.0 or weights.sum() <= 0:
        return np.zeros((len(z), len(u)))
    counted = weights / weights.sum()
    matrix = (1 - drawn) * ((u * counted) @ u.T) + drawn * np.eye(len(u))
    return np.asarray((1 - drawn) * np.linalg.solve(matrix, (u * counted) @ z.T).T)


def _correlation(z: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The mean products of coordinates that are standard; of a constant one 1."""
    total = weights.sum()
    found = (z * (weights / total)) @ z.T if total > 0 else np.zeros((len(z), len(z)))
    return found + np.diag(np.diag(found) == 0)


def _drawn(known: np.ndarray, other: np.ndarray) -> float:
    """How far a correlation is to be drawn to that of independent coordinates, so that a Gaussian
    gives the rows of another one the highest likelihood.
    """
    values, vectors = np.linalg.eigh(known)
    squares = np.einsum("ji,jk,ki->i", vectors, other, vectors)

    def score(drawn: float) -> float:
        variances = (1 - drawn) * np.maximum(values, 0.0) + drawn
        return -float(np.sum(np.log(variances) + squares / variances))

    return max(DRAWN, key=score)


def _deviation(steps: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """The root of the mean square (...) of steps (..., N), be the squares beyond all numbers."""
    with np.errstate(over="ignore"):
        plain = np.sqrt(np.average(steps**2, axis=-1, weights=weights))
    if np.isfinite(plain).all():
        return np.asarray(plain)
    unit = np.abs(steps).max(axis=-1)
    unit = np.where(unit > 0, unit, 1.0)
    small = np.average((steps / unit[..., None]) ** 2, axis=-1, weights=weights)
    return np.asarray(unit * np.sqrt(small))
