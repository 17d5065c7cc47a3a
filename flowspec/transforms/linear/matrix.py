"""Linear maps of the whole event."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.values import Value
from flowspec.support.space import Image, Space
from flowspec.support.support import REAL, Interval
from flowspec.transforms.transform import Transform, bound_to_reference

LARGEST_ENTRY = 1e30
"""Sums of products with greater numbers overflow in float32, and inf - inf is NaN."""


class VectorMap(Transform):
    """A linear map of R^D onto itself.

    The image of a box is tilted: its support is the hull.
    """

    def domain_for(self, space: Space) -> Space:
        return space.with_supports([REAL] * space.size)

    def image(self, space: Space) -> Image:
        return self._hull(space, "forward_and_log_det")

    def preimage(self, space: Space) -> Image:
        return self._hull(space, "inverse_and_log_det")

    def straight(self, before: Sequence[bool]) -> tuple[bool, ...]:
        return (all(before),) * len(before)

    def _hull(self, space: Space, direction: str) -> Image:
        if self.varies or space.is_real:
            return Image(self.domain_for(space), exact=space.is_real)
        function = getattr(bound_to_reference(self), direction)
        shift = function(REFERENCE, np.zeros((space.size, 1)))[0]
        # Column i is where the unit vector i goes.
        matrix = function(REFERENCE, np.eye(space.size))[0] - shift
        hull = hull_of_image(matrix, shift[:, 0], space.intervals or ())
        return Image(space.with_supports(hull), exact=False)


def hull_of_image(matrix: np.ndarray, shift: np.ndarray, box: Sequence[Interval]) -> list[Interval]:
    """The smallest box around all matrix x + shift, for x in a box."""
    low, reaches_low = _least(matrix, box)
    high, reaches_high = _least(-matrix, box)
    ends = zip(low + shift, -high + shift, reaches_low, reaches_high, strict=True)
    return [Interval(float(a), float(b), bool(at_a), bool(at_b)) for a, b, at_a, at_b in ends]


def _least(matrix: np.ndarray, box: Sequence[Interval]) -> tuple[np.ndarray, np.ndarray]:
    """Row by row the lower end of all matrix x, and whether it is reached."""
    low, high, closed_low, closed_high = np.array(
        [[i.low, i.high, i.closed_low, i.closed_high] for i in box]
    ).T
    up, down = np.maximum(matrix, 0.0), np.minimum(matrix, 0.0)
    endless = up @ np.isinf(low) - down @ np.isinf(high) > 0
    finite = up @ np.where(np.isinf(low), 0.0, low) + down @ np.where(np.isinf(high), 0.0, high)
    return np.where(endless, -np.inf, finite), up @ (1 - closed_low) - down @ (1 - closed_high) <= 0


class Matrix(VectorMap):
    """y = A x + shift, for whoever says what A is.

    A constant A is inverted once, in float64, when a graph is written: `ops.solve`.
    """

    shift: Value

    @abstractmethod
    def map(self, ops: Ops) -> Array:
        """A, (D, D)."""

    def log_det(self, ops: Ops, x: Array) -> Operand:
        """log |det A|."""
        return ops.log_abs_det(self.map(ops))

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        return ops.matmul(self.map(ops), x) + self.shift, self.log_det(ops, x)

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        return ops.solve(self.map(ops), y - self.shift), self.log_det(ops, y)
