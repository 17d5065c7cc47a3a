"""Neighbouring affine and linear steps as one, worked out in float64."""

from __future__ import annotations

import numpy as np

from flowspec.model.ends import plain, scale_and_shift
from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.elementwise.affine import Affine, ScaleAndShift
from flowspec.transforms.forms.inverse import Inverse
from flowspec.transforms.linear.linear import Linear
from flowspec.transforms.linear.matrix import Matrix, VectorMap
from flowspec.transforms.linear.permute import Reordering
from flowspec.transforms.transform import Transform, bound_to_reference


def merge_affine(first: Transform, second: Transform, size: int) -> tuple[Affine] | None:
    """Scales and shifts of each coordinate."""
    a, b = scale_and_shift(first), scale_and_shift(second)
    if a is None or b is None:
        return None
    with np.errstate(all="ignore"):
        scale, shift = a[0] * b[0], a[1] * b[0] + b[1]
    usable = np.isfinite(scale).all() and np.isfinite(shift).all() and np.all(scale)
    return (Affine(plain(shift), plain(scale)),) if usable else None


def merge_linear(first: Transform, second: Transform, size: int) -> tuple[Linear] | None:
    """Two linear maps of the whole event as one, if a matrix is among them."""
    if not any(isinstance(_inner(step), Matrix) for step in (first, second)):
        return None
    if not (_is_linear(first) and _is_linear(second)):  # before matrices are multiplied out
        return None
    a, b = _linear_map(first, size), _linear_map(second, size)
    if a is None or b is None:
        return None
    (matrix, shift), (after, added) = a, b
    with np.errstate(all="ignore"):
        return (Linear(after @ matrix, after @ shift + added),)


def _inner(step: Transform) -> Transform:
    return _inner(step.transform) if isinstance(step, Inverse) else step


def _is_linear(step: Transform) -> bool:
    return isinstance(_inner(step), ScaleAndShift | Reordering | VectorMap)


def _linear_map(step: Transform, size: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The matrix (D, D) and the shift (D,) of a step; None if it is no linear map, or not
    fixed.
    """
    if step.varies:
        return None
    if (affine := scale_and_shift(step)) is not None:
        scale, shift = (np.broadcast_to(value, size) for value in affine)
        return np.diag(scale), shift
    if isinstance(step, Inverse):
        inner = _linear_map(step.transform, size)
        if inner is None:
            return None
        inverse = np.linalg.inv(inner[0])
        return inverse, -inverse @ inner[1]
    if isinstance(step, Reordering):
        return np.eye(size)[list(step.order_of(size))], np.zeros(size)
    if isinstance(step, Matrix):
        bound = bound_to_reference(step)
        return np.asarray(bound.map(REFERENCE)), np.broadcast_to(
            np.asarray(bound.shift, float).reshape(-1), size
        )
    if isinstance(step, VectorMap):
        matrix, _ = bound_to_reference(step).forward_and_log_det(REFERENCE, np.eye(size))
        return np.asarray(matrix), np.zeros(size)
    return None
