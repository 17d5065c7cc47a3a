"""Location, scale and covariance of data, for what is measured before a training."""

from __future__ import annotations

import numpy as np

LEAST_DRAWN = 1e-6
"""So much at least, as columns that are copies of each other have a matrix without an inverse."""


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
    """The Cholesky factor of the covariance of coordinates, drawn to that of independent ones by as
    much as the rows are few.

    weights   how much each row counts

    Shapes:  values (D, N), weights (N,)  ->  (D, D), lower triangular, its diagonal positive

    Source: A well-conditioned estimator for large-dimensional covariance matrices, Ledoit and Wolf,
        2004, doi:10.1016/S0047-259X(03)00096-4, lemma 3.2 to 3.5.
    """
    measured = location_and_scale(values, weights)
    scale = measured["scale"]
    z = (values - measured["location"][:, None]) / scale[:, None]
    size = len(z)
    shares = np.full(z.shape[1], 1 / z.shape[1]) if weights is None else weights / weights.sum()
    correlation = (z * shares) @ z.T
    np.fill_diagonal(correlation, 1.0)
    norms = (z**2).sum(axis=0)
    distance = np.sum((correlation - np.eye(size)) ** 2)
    # The spread of the mean of products, summed over all pairs.
    spread = np.sum(shares**2 * norms**2) - np.sum(shares**2) * np.sum(correlation**2)
    drawn = min(1.0, max(float(spread / distance), LEAST_DRAWN)) if distance > 0 else 1.0
    return np.asarray(
        scale[:, None] * np.linalg.cholesky((1 - drawn) * correlation + drawn * np.eye(size))
    )


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
