"""Affine steps whose location and scale come from the training data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowspec.parts.fields import parameter
from flowspec.parts.measuring import location_and_scale
from flowspec.parts.values import Learn, Value
from flowspec.support.support import POSITIVE
from flowspec.transforms.elementwise.affine import ScaleAndShift


class Measured(ScaleAndShift):
    """y = location + scale x, with the location and scale of the data at the output."""

    passes_angles = True

    location: Value

    @property
    def shift(self) -> Value:
        return self.location

    def measure(self, y: np.ndarray, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
        return location_and_scale(y, weights)


@dataclass(frozen=True, eq=False)
class Standardize(Measured):
    """y = location + scale x, measured once from the training data and then fixed.

    Slope: scale.

    Angles beside numbers stay as they are.

    Source: scikit-learn's StandardScaler, whose inverse it is.
    """

    examples = ("Standardize",)

    location: Value = parameter(Learn(0.0, trained=False), doc="mean of the training data")
    scale: Value = parameter(
        Learn(1.0, trained=False), within=POSITIVE, doc="standard deviation of the training data"
    )


@dataclass(frozen=True, eq=False)
class ActNorm(Measured):
    """y = location + scale x, started from the training data and then trained.

    Slope: scale.

    Angles beside numbers stay as they are.

    Source: Glow: Generative Flow with Invertible 1x1 Convolutions, Kingma and Dhariwal,
        2018, arXiv:1807.03039, 3.1.
    """

    examples = ("ActNorm",)

    location: Value = parameter(Learn(0.0), doc="starts at the mean of the training data")
    scale: Value = parameter(
        Learn(1.0), within=POSITIVE, doc="starts at the standard deviation of the training data"
    )
