"""Linear maps by a matrix, a triangular one, or the product of two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import mistakes
from flowspec.parts.fields import parameter, square_matrix
from flowspec.parts.measuring import covariance_factor
from flowspec.parts.values import NONZERO, Learn, Value
from flowspec.support.space import Space
from flowspec.transforms.linear.matrix import LARGEST_ENTRY, Matrix
from flowspec.transforms.transform import over_event

LARGEST_CONDITION = 1e12
"""The largest ratio of singular values: beyond it the inverse has hardly a correct digit.
"""

MANY_ROWS = 256
ENOUGH_ROWS = 1000
"""Rows from which on a covariance is a better start than the identity: of 3,200 rows of 12 normal
columns a flow ends 1.5 nats a row higher, of 140 rows in groups 0.05 lower.
"""


@dataclass(frozen=True, eq=False)
class Linear(Matrix):
    """y = matrix x + shift.

    |det|: that of the matrix.
    Source: nflows, transforms/linear.py.
    """

    examples = ("Linear([[2, 1, 0], [0, 1, 0.5], [0.3, 0, -1]], [1, 2, 3])",)

    matrix: Value = parameter(shape=square_matrix, doc="a vector of rows")
    shift: Value = parameter(0.0, doc="added afterwards")

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        matrix = np.asarray(getattr(self.matrix, "init", self.matrix), float)
        if np.abs(matrix).max() > LARGEST_ENTRY:
            yield mistakes.EntryTooLarge(field="matrix", limit=f"{LARGEST_ENTRY:g}")
        elif condition(matrix) > LARGEST_CONDITION:
            yield mistakes.SingularMatrix(field="matrix")

    def map(self, ops: Ops) -> Array:
        return self.matrix


def condition(matrix: np.ndarray) -> float:
    """The ratio of the singular values; of a large matrix a bound for it, from its inverse:
    singular values of a thousand rows take ten seconds.
    """
    return float(np.linalg.cond(matrix, None if len(matrix) < MANY_ROWS else "fro"))


@dataclass(frozen=True, eq=False)
class LULinear(Matrix):
    """y = L U x + shift, L unit lower and U upper triangular.

    |det|: product of the diagonal of U.

    Where nothing is given and the training data have 1,000 rows or more, L U starts as the Cholesky
    factor of their covariance, and is then trained: the flow begins at one Gaussian.

    Angles beside numbers stay as they are.

    Source: zuko.transforms.LULinearTransform; Kingma and Dhariwal, 2018,
        arXiv:1807.03039, eq. 10.
    """

    passes_angles = True
    examples = (
        "LULinear([[0, 0, 0], [0.5, 0, 0], [-1, 0.3, 0]], [[0, 2, 1], [0, 0, "
        "0.5], [0, 0, 0]], [1, 2, 0.5])",
        "LULinear(learn(0.1), learn(0.2), learn(1.5))",
    )

    lower: Value = parameter(
        Learn(0.0), shape=square_matrix, doc="L below its diagonal; the rest is not read"
    )
    upper: Value = parameter(
        Learn(0.0), shape=square_matrix, doc="U above its diagonal; the rest is not read"
    )
    diagonal: Value = parameter(Learn(1.0), within=NONZERO, by_row=False, doc="the diagonal of U")
    shift: Value = parameter(0.0, doc="added afterwards")

    def map(self, ops: Ops) -> Array:
        size = self.lower.shape[0]
        below, above = np.tril(np.ones((size, size)), -1), np.triu(np.ones((size, size)), 1)
        unit = ops.constant(np.eye(size))
        lower = self.lower * ops.constant(below) + unit
        return ops.matmul(lower, self.upper * ops.constant(above) + unit * self.diagonal)

    def log_det(self, ops: Ops, x: Array) -> Operand:
        return over_event(ops, ops.log(ops.abs(self.diagonal)), x)

    def measure(self, y: np.ndarray, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
        if not self._starts_as_identity or y.shape[1] < ENOUGH_ROWS:
            return {}
        factor = covariance_factor(y, weights)
        diagonal = np.diag(factor)
        return {
            "lower": np.tril(factor / diagonal, -1),
            "upper": np.zeros_like(factor),
            "diagonal": diagonal,
        }

    @property
    def _starts_as_identity(self) -> bool:
        starts = ((self.lower, 0.0), (self.upper, 0.0), (self.diagonal, 1.0))
        return all(
            isinstance(value, Learn) and bool(np.all(np.asarray(value.init) == start))
            for value, start in starts
        )


@dataclass(frozen=True, eq=False)
class TriangularAffine(Matrix):
    """y = loc + scale_tril x.   |det|: product of the diagonal.

    Source: loc and scale_tril of torch.distributions.MultivariateNormal.
    """

    examples = ("TriangularAffine([1, 2, 3], [[1, 0, 0], [0.5, 2, 0], [-1, 0.3, 0.5]])",)

    loc: Value = parameter(doc="added afterwards")
    scale_tril: Value = parameter(
        shape=square_matrix, trainable=False, doc="lower triangular, its diagonal positive"
    )

    @property
    def shift(self) -> Value:
        return self.loc

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        matrix = np.asarray(self.scale_tril)
        if np.triu(matrix, 1).any() or not (np.diag(matrix) > 0).all():
            yield mistakes.NotTriangular(field="scale_tril")

    def map(self, ops: Ops) -> Array:
        return self.scale_tril
