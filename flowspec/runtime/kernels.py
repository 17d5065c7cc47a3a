"""Kernels around points: a density that is drawn from and evaluated, with heavy tails."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

FREEDOM = 5.0
"""Degrees of freedom of Student's t: weights stay bounded where the target has lighter tails."""

AT_ONCE = 4_000_000
"""Distances that are in memory together."""


@dataclass(frozen=True, eq=False)
class Kernels:
    """An even mixture of multivariate Student's t.

    centers   (K, D), in the coordinates of `root`
    root      (D, D), lower: a point is root @ coordinates + middle
    width     of each kernel there
    """

    centers: Rows
    middle: Rows
    root: Rows
    width: float

    @staticmethod
    def around(points: Rows) -> Kernels:
        """The kernels around points (K, D), as wide as Scott's rule wants for a Gaussian."""
        count, size = points.shape
        middle = points.mean(axis=0)
        # A scale of each column first: their variances may be far from each other.
        scale = points.std(axis=0)
        scale = np.where(scale > 0, scale, 1e-3 * (1 + np.abs(middle)))
        plain = (points - middle) / scale
        spread = np.atleast_2d(np.cov(plain.T, bias=True)) + 1e-4 * np.eye(size)
        root = np.linalg.cholesky(spread)
        centers = np.linalg.solve(root, plain.T).T
        return Kernels(centers, middle, scale[:, None] * root, count ** (-1 / (size + 4)))

    def draw(self, count: int, random: np.random.Generator) -> Rows:
        """So many points (N, D)."""
        centers = self.centers[random.integers(len(self.centers), size=count)]
        normal = random.standard_normal(centers.shape)
        stretch = np.sqrt(FREEDOM / random.chisquare(FREEDOM, size=(count, 1)))
        return (centers + self.width * stretch * normal) @ self.root.T + self.middle

    def log_prob(self, x: Rows) -> Rows:
        """The log-density of points (N, D)."""
        size = len(self.middle)
        plain = np.linalg.solve(self.root, (x - self.middle).T).T
        z = np.asarray(plain / self.width, np.float64)
        centers: Rows = np.divide(self.centers, self.width)
        rows = max(1, AT_ONCE // (len(centers) * size))
        parts = [_mean_of_t(z[start : start + rows], centers) for start in range(0, len(z), rows)]
        volume = np.log(np.abs(np.diag(self.root))).sum() + size * math.log(self.width)
        density: Rows = np.concatenate(parts) + _constant(size) - volume
        return density


def _mean_of_t(z: Rows, centers: Rows) -> Rows:
    """The log of the mean over the centers of (1 + distance^2 / freedom)^-(freedom + D)/2."""
    squares = ((z[:, None] - centers) ** 2).sum(axis=2)
    powers = -(FREEDOM + z.shape[1]) / 2 * np.log1p(squares / FREEDOM)
    highest = powers.max(axis=1)
    mean: Rows = highest + np.log(np.exp(powers - highest[:, None]).mean(axis=1))
    return mean


def _constant(size: int) -> float:
    """The log-density of Student's t at its center."""
    gammas = math.lgamma((FREEDOM + size) / 2) - math.lgamma(FREEDOM / 2)
    return gammas - size / 2 * math.log(FREEDOM * math.pi)
