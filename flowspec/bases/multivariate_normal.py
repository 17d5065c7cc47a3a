"""The multivariate normal distribution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flowspec.bases.base import Base, Noise, repeated
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import LOG_2PI, Array
from flowspec.parts import mistakes
from flowspec.parts.fields import parameter, square_matrix
from flowspec.parts.values import Value
from flowspec.support.space import Space
from flowspec.support.support import REAL

LARGEST_RATIO = 1e12
"""The largest ratio of the variances along the principal axes: beyond it the inverse has
hardly a correct digit."""


@dataclass(frozen=True, eq=False)
class MultivariateNormal(Base):
    """exp(-|z|^2 / 2) / (det L (2 pi)^(D/2)), z = L^-1 (x - loc), L L^T =
    covariance_matrix.

    Source: torch.distributions.

    The covariance is fixed. To train one, write `Normal(0, 1)[n] |> LULinear`.
    """

    is_gaussian = True
    examples = (
        "MultivariateNormal([0, 1], [[2, 0.5], [0.5, 1]])",
        "MultivariateNormal(learn(1), [[2, 0.5], [0.5, 1]])",
    )

    loc: Value = parameter(doc="mean")
    covariance_matrix: Value = parameter(
        shape=square_matrix, trainable=False, doc="symmetric, positive definite, row by row"
    )

    @property
    def event_shape(self) -> tuple[int, ...]:
        covariance = getattr(self.covariance_matrix, "init", self.covariance_matrix)
        return np.shape(np.asarray(covariance))[:1] or (1,)

    @cached_property
    def space(self) -> Space:
        return Space((REAL,) * self.event_shape[0])

    @property
    def noise(self) -> tuple[Noise, ...]:
        return repeated("normal", 1) * self.space.size

    def check_consistency(self) -> Iterable[Diagnostic]:
        matrix = np.asarray(self.covariance_matrix)
        # Of entries whose squares overflow the variances are NaN.
        with np.errstate(all="ignore"):
            variances = np.linalg.eigvalsh(matrix)
            ratio = float(variances[-1] / variances[0])
        if not np.allclose(matrix, matrix.T, atol=0.0) or not variances[0] > 0:
            yield mistakes.NotACovariance(field="covariance_matrix")
        elif ratio > LARGEST_RATIO * (1 + 1e-3):  # they are known to so many digits
            yield mistakes.NearlyFlat(field="covariance_matrix", ratio=f"{ratio:.2g}")
        else:
            _ = self.factor

    @cached_property
    def factor(self) -> np.ndarray:
        """L, lower triangular: in float64, once. Bound copies keep it."""
        return np.linalg.cholesky(np.asarray(self.covariance_matrix))

    @property
    def latent(self) -> tuple[str, ...]:
        return self.noise

    def to_latent(self, ops: Ops, x: Array) -> Array:
        return ops.solve(ops.constant(self.factor), x - self.loc)

    def sample(self, ops: Ops, noise: Array) -> Array:
        return ops.matmul(ops.constant(self.factor), noise) + self.loc

    def log_prob(self, ops: Ops, x: Array) -> Array:
        factor = ops.constant(self.factor)
        z = ops.squarable(ops.solve(factor, ops.squarable(x - self.loc)))
        return -0.5 * ops.sum(ops.square(z)) - 0.5 * LOG_2PI * x.shape[0] - ops.log_abs_det(factor)
