"""Kernels around points: a density that is drawn from and evaluated, with heavy tails."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
Some = NDArray[Any]
SINGLE = np.float32
"""Of distances: it is enough that a proposal is the same drawn and weighed."""

NARROWEST = 0.02
"""The width of a kernel at least, relative to Scott's rule."""

AT_ONCE = 100_000
"""Distances that are worked out together: they stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Kernels:
    """An even mixture of multivariate Student's t: their weights stay bounded where the density
    that they stand for has lighter tails.

    centers   (K, D), in the coordinates of `root`
    root      (D, D), lower: a point is root @ coordinates + middle
    widths    (K,), of each kernel there
    """

    centers: Rows
    middle: Rows
    root: Rows
    widths: Rows

    @staticmethod
    def around(points: Rows) -> Kernels:
        """The kernels around points (K, D), each as wide as the distance to its neighbours
        (Loftsgaarden and Quesenberry, 1965), but no wider than Scott's rule wants for a Gaussian:
        narrow, where the points stand close together.
        """
        count, size = points.shape
        middle = points.mean(axis=0)
        # A scale of each column first: their variances may be far from each other.
        scale = points.std(axis=0)
        scale = np.where(scale > 0, scale, 1e-3 * (1 + np.abs(middle)))
        plain = (points - middle) / scale
        spread = np.atleast_2d(np.cov(plain.T, bias=True)) + 1e-4 * np.eye(size)
        root = np.linalg.cholesky(spread)
        centers = np.linalg.solve(root, plain.T).T
        near = math.isqrt(count)
        distances = np.partition(_squares(centers, centers), near, axis=1)[:, near] ** 0.5
        plain_width = count ** (-1 / (size + 4))
        widths = np.clip(distances, NARROWEST * plain_width, plain_width)
        return Kernels(centers, middle, scale[:, None] * root, widths)

    @property
    def freedom(self) -> int:
        """Degrees of freedom, such that the power of Student's t is a whole number."""
        return 5 if len(self.middle) % 2 else 4

    def draw(self, count: int, random: np.random.Generator) -> Rows:
        """So many points (N, D)."""
        chosen = random.integers(len(self.centers), size=count)
        normal = random.standard_normal((count, len(self.middle)))
        stretch = np.sqrt(self.freedom / random.chisquare(self.freedom, size=count))
        steps = (self.widths[chosen] * stretch)[:, None] * normal
        return (self.centers[chosen] + steps) @ self.root.T + self.middle

    def log_prob(self, x: Rows) -> Rows:
        """The log-density of points (N, D)."""
        z = np.asarray(np.linalg.solve(self.root, (x - self.middle).T).T, np.float64)
        rows = max(1, AT_ONCE // len(self.centers))
        parts = [self._mean_of_t(z[start : start + rows]) for start in range(0, len(z), rows)]
        volume = np.log(np.abs(np.diag(self.root))).sum()
        density: Rows = np.concatenate(parts) + self._constant - volume
        return density

    def _mean_of_t(self, z: Rows) -> Rows:
        """The log of the mean of width^-D (1 + (distance / width)^2 / freedom)^-(freedom + D)/2
        over the kernels.
        """
        size = len(self.middle)
        power = (self.freedom + size) // 2
        # The volume goes into the base of the power, which is scaled before it is raised.
        scale = (self.widths ** (size / power)).astype(SINGLE)
        near = _squares(z.astype(SINGLE), self.centers.astype(SINGLE))
        near = 1 / (scale + near * (scale / (self.freedom * self.widths**2).astype(SINGLE)))
        highest = near.max(axis=1)
        mean = _raised(near / highest[:, None], power).mean(axis=1, dtype=np.float64)
        found: Rows = power * np.log(highest) + np.log(mean)
        return found

    @cached_property
    def _constant(self) -> float:
        """The log-density of Student's t at its center."""
        size, freedom = len(self.middle), self.freedom
        gammas = math.lgamma((freedom + size) / 2) - math.lgamma(freedom / 2)
        return gammas - size / 2 * math.log(freedom * math.pi)


def _squares(z: Some, centers: Some) -> Some:
    """The squares of the distances (N, K) between points."""
    found = np.zeros((len(z), len(centers)), z.dtype)
    for x, y in zip(z.T, centers.T, strict=True):
        found += np.square(x[:, None] - y)
    return found


def _raised(x: Some, power: int) -> Some:
    """A whole power, by products."""
    found = x if power % 2 else np.ones_like(x)
    while power := power // 2:
        x = x * x
        if power % 2:
            found = found * x
    return found
