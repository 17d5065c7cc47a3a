"""The multivariate normal distribution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flowspec import mistakes
from flowspec.bases.base import Base
from flowspec.ops.vocabulary import LOG_2PI
from flowspec.parameter import Value, parameter, square_matrix
from flowspec.support import REAL, Space


@dataclass(frozen=True, eq=False)
class MultivariateNormal(Base):
    """exp(-|L^-1 (x - loc)|^2 / 2) / (det L (2 pi)^(D/2)), L L^T = covariance.   Source: torch.distributions."""

    examples = ("MultivariateNormal([0, 1], [[2, 0.5], [0.5, 1]])", "MultivariateNormal(learn([0, 1]), [[2, 0.5], [0.5, 1]])")

    loc: Value = parameter(doc="mean")
    covariance: Value = parameter(shape=square_matrix, trainable=False, doc="a vector of rows, symmetric, positive definite")

    @property
    def event_shape(self):
        return np.shape(self.covariance)[:1] or (1,)

    @cached_property
    def space(self):
        return Space((REAL,) * self.event_shape[0])

    @property
    def noise(self):
        return ("normal",) * self.event_shape[0]

    def problems(self):
        matrix = np.asarray(self.covariance)
        if not np.allclose(matrix, matrix.T) or not (np.linalg.eigvalsh(matrix) > 0).all():
            yield mistakes.NotACovariance(field="covariance")

    def _factor(self, ops):
        return ops.constant(np.linalg.cholesky(np.asarray(self.covariance, float)))

    def sample(self, ops, noise):
        return ops.matmul(self._factor(ops), noise) + self.loc

    def log_prob(self, ops, x):
        factor = self._factor(ops)
        z = ops.solve(factor, x - self.loc)
        return -0.5 * ops.sum(ops.square(z)) - 0.5 * LOG_2PI * x.shape[0] - ops.log_abs_det(factor)
