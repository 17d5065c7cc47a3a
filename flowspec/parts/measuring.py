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
    scale = np.sqrt(np.average((values - location[..., None]) ** 2, axis=-1, weights=weights))
    # Rounding of the mean can leave a spread where there is none.
    alike = values.min(axis=-1) == values.max(axis=-1)
    return {"location": location, "scale": np.where(alike | (scale == 0), 1.0, scale)}
