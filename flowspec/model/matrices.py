"""Large fixed matrices, multiplied out and inverted once for all graphs and runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.fields import parameter, square_matrix
from flowspec.parts.values import Value
from flowspec.transforms.chain import Step
from flowspec.transforms.forms.inverse import Inverse
from flowspec.transforms.forms.on import On
from flowspec.transforms.linear.matrix import Matrix, VectorMap
from flowspec.transforms.transform import Transform, bound_to_reference

LARGE = 256
"""The least number of coordinates: smaller matrices take milliseconds."""


@dataclass(frozen=True, eq=False)
class LargeMatrix(VectorMap):
    """y = A x + shift, with its inverse in float64."""

    matrix: Value = parameter(shape=square_matrix)
    inverse: Value = parameter(shape=square_matrix)
    shift: Value = parameter()
    log_abs_det: Value = parameter()

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        return ops.matmul(self.matrix, x) + self.shift, self.log_abs_det

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        return ops.matmul(self.inverse, y - self.shift), self.log_abs_det


def worked_out(step: Step) -> Step:
    """The step, a large fixed matrix as one that knows its inverse."""
    size = step.input.size
    return replace(step, transform=_worked_out(step.transform, size)) if size >= LARGE else step


def _worked_out(transform: Transform, size: int) -> Transform:
    if isinstance(transform, Inverse):
        return Inverse(_worked_out(transform.transform, size))
    if isinstance(transform, On):
        return On(
            transform.coordinates, _worked_out(transform.transform, len(transform.coordinates))
        )
    if not isinstance(transform, Matrix) or transform.varies or size < LARGE:
        return transform
    known: LargeMatrix | None = transform.__dict__.get("_worked_out")
    return known or _remembered(transform, _large(transform, size))


def _remembered(transform: Matrix, large: LargeMatrix) -> LargeMatrix:
    transform.__dict__["_worked_out"] = large
    return large


def spare(steps: Iterable[Step]) -> None:
    """Leave large fixed matrices at zeros: for graphs whose operations are counted only."""
    for step in steps:
        inner, size = step.transform, step.input.size
        while isinstance(inner, Inverse | On):
            size = len(inner.coordinates) if isinstance(inner, On) else size
            inner = inner.transform
        if isinstance(inner, Matrix) and not inner.varies and size >= LARGE:
            zeros = np.broadcast_to(0.0, (size, size))
            _remembered(inner, LargeMatrix(zeros, zeros, inner.shift, 0.0))


def _large(transform: Matrix, size: int) -> LargeMatrix:
    bound = bound_to_reference(transform)
    matrix = np.asarray(bound.map(REFERENCE))
    log_det = bound.log_det(REFERENCE, np.zeros((size, 1)))
    inverse = np.linalg.inv(matrix)
    return LargeMatrix(matrix, inverse, transform.shift, float(np.asarray(log_det).item()))
