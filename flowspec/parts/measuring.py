"""Location, scale and covariance of data, for what is measured before a training."""

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
