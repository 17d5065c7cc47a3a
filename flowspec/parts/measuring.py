"""Location and scale of data, for what is measured before a training."""

from __future__ import annotations

import numpy as np


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
