"""Sylvester steps: several ridges at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import mistakes
from flowspec.parts.fields import parameter, setting
from flowspec.parts.values import Learn, Value
from flowspec.support.space import Space
from flowspec.transforms.learned.planar import ridge
from flowspec.transforms.whole_space import WholeSpace

STEEPEST = 0.99
"""The largest entry of the diagonals."""


def _directions(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (component.rank, *event)


def _square(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (component.rank, component.rank)


def _per_ridge(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (component.rank,)


@dataclass(frozen=True, eq=False)
class Sylvester(WholeSpace):
    """y = x + Q A tanh(B Q^T x + b), Q with `rank` orthonormal columns, A and B upper
    triangular with diagonals in (-1, 1).

    |det|: product of 1 + A_ii B_ii (1 - tanh^2(...)_i). The diagonals are tanh of free
        numbers, Q is a product of reflections. The inverse is found by one search for
        each ridge.
    Source: Sylvester Normalizing Flows for Variational Inference, van den Berg et al.,
        2018, arXiv:1803.05649.
    """

    has_reach = True
    examples = (
        "Sylvester(2, [[1, 2, 0.5], [-1, 0.3, 1]], [[1, 2], [0, -0.7]], [[0.5, "
        "-1], [0, 2]], [0.3, -0.2])",
        "Sylvester(1)",
    )

    rank: int = setting(
        2, low=1, high=64, doc="number of ridges, at most the number of coordinates"
    )
    directions: Value = parameter(
        Learn(0.0, spread=1.0), shape=_directions, matrix=True, doc="vectors of the reflections"
    )
    a: Value = parameter(
        Learn(0.0, spread=0.5),
        shape=_square,
        matrix=True,
        doc="free numbers of A; below its diagonal not read",
    )
    bent: Value = parameter(
        Learn(0.0, spread=0.5), shape=_square, matrix=True, doc="free numbers of B, likewise"
    )
    b: Value = parameter(Learn(0.0), shape=_per_ridge, by_row=False, doc="shifts of the ridges")

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        if self.rank > space.size:
            yield mistakes.RankTooLarge(field="rank", rank=self.rank, size=space.size)

    def _basis(self, ops: Ops, size: int) -> Array:
        """Q, (D, rank): the first columns of a product of reflections."""
        basis = ops.constant(np.eye(size)[:, : self.rank])
        for i in range(self.rank):
            v = self.directions[i][:, None]
            basis = basis - v * (2.0 * ops.sum(v * basis) / (ops.sum(v * v) + 1e-30))
        return basis

    def _triangles(self, ops: Ops) -> tuple[Array, Array, Array, Array]:
        """A, B, and their diagonals (rank, 1)."""
        eye, above = (
            ops.constant(matrix)
            for matrix in (np.eye(self.rank), np.triu(np.ones((self.rank, self.rank)), 1))
        )
        made, diagonals = [], []
        for free in (self.a, self.bent):
            diagonal = STEEPEST * ops.tanh(ops.sum(free * eye))
            made.append(free * above + eye * diagonal)
            diagonals.append(diagonal[:, None])
        return made[0], made[1], diagonals[0], diagonals[1]

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        basis, (a, bent, first, second) = self._basis(ops, x.shape[0]), self._triangles(ops)
        t = ops.tanh(ops.matmul(bent, ops.matmul(ops.exchange(basis), x)) + self.b)
        return x + ops.matmul(basis, ops.matmul(a, t)), _log_det(ops, first * second, t)

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        basis, (a, bent, first, second) = self._basis(ops, y.shape[0]), self._triangles(ops)
        level = ops.matmul(ops.exchange(basis), y)
        ridges: list[Array] = []
        known: list[Array] = []
        for i in range(self.rank - 1, -1, -1):
            # Row i of both triangles reads the ridges behind it, which are known.
            total, inner = level[i], self._shift(i)
            for j, (t, z) in zip(
                range(i + 1, self.rank), zip(ridges, known, strict=True), strict=True
            ):
                total, inner = total - t * a[i, j], inner + z * bent[i, j]
            t = ridge(ops, total, first[i], second[i], inner)
            ridges.insert(0, t)
            known.insert(0, total - t * first[i])
        t = ops.stack(ridges)
        return y - ops.matmul(basis, ops.matmul(a, t)), _log_det(ops, first * second, t)

    def _shift(self, i: int) -> Operand:
        shifts: Any = self.b
        return shifts if isinstance(shifts, int | float) else shifts[i]


def _log_det(ops: Ops, products: Array, t: Array) -> Array:
    return ops.sum(ops.log1p(products * (1.0 - t * t)))
