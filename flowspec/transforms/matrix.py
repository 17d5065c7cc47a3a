"""Linear maps of the whole event. A constant matrix is inverted once, in float64, when a graph is written."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flowspec import mistakes
from flowspec.ops.numpy import REFERENCE
from flowspec.parameter import Learn, Value, parameter, setting, square_matrix
from flowspec.support import POSITIVE, REAL, Interval
from flowspec.transforms.transform import Transform, bound_to_reference, over_event


class VectorMap(Transform):
    """A linear map of R^D onto itself. A box becomes a tilted one, of which the support is the hull."""

    image_is_hull = True

    def domain_for(self, space):
        return space.with_parts([REAL] * space.size)

    def image(self, space):
        return self._hull(space, "forward_and_log_det")

    def preimage(self, space):
        return self._hull(space, "inverse_and_log_det")

    def _hull(self, space, direction):
        if self.varies or all(part == REAL for part in space.parts):
            return self.domain_for(space)
        function = getattr(bound_to_reference(self), direction)
        shift = function(REFERENCE, np.zeros((space.size, 1)))[0]
        # Column i is where the unit vector i goes.
        matrix = function(REFERENCE, np.eye(space.size))[0] - shift
        return space.with_parts(hull_of_image(matrix, shift[:, 0], space.intervals))


def hull_of_image(matrix: np.ndarray, shift: np.ndarray, box: Sequence[Interval]) -> list[Interval]:
    """The smallest box around all matrix x + shift, for x in a box."""
    low, reaches_low = _least(matrix, box)
    high, reaches_high = _least(-matrix, box)
    ends = zip(low + shift, -high + shift, reaches_low, reaches_high, strict=True)
    return [Interval(float(a), float(b), bool(at_a), bool(at_b)) for a, b, at_a, at_b in ends]


def _least(matrix, box):
    """Row by row the lower end of all matrix x, and whether it is reached."""
    low, high, closed_low, closed_high = np.array([[i.low, i.high, i.closed_low, i.closed_high] for i in box]).T
    up, down = np.maximum(matrix, 0.0), np.minimum(matrix, 0.0)
    endless = up @ np.isinf(low) - down @ np.isinf(high) > 0
    finite = up @ np.where(np.isinf(low), 0.0, low) + down @ np.where(np.isinf(high), 0.0, high)
    return np.where(endless, -np.inf, finite), up @ (1 - closed_low) - down @ (1 - closed_high) <= 0


class Matrix(VectorMap):
    """y = A x + shift, for whoever says what A is."""

    shift: Value

    @abstractmethod
    def map(self, ops):
        """A, (D, D)."""

    def log_det(self, ops, x):
        """log |det A|."""
        return ops.log_abs_det(self.map(ops))

    def forward_and_log_det(self, ops, x):
        return ops.matmul(self.map(ops), x) + self.shift, self.log_det(ops, x)

    def inverse_and_log_det(self, ops, y):
        return ops.solve(self.map(ops), y - self.shift), self.log_det(ops, y)


LARGEST_CONDITION = 1e12
"""Beyond this ratio of the singular values the inverse of a matrix has no correct digits to speak of."""


@dataclass(frozen=True, eq=False)
class Linear(Matrix):
    """y = matrix x + shift.   |det|: that of the matrix.   Source: nflows, transforms/linear.py."""

    examples = ("Linear([[2, 1, 0], [0, 1, 0.5], [0.3, 0, -1]], [1, 2, 3])",)

    matrix: Value = parameter(shape=square_matrix, doc="a vector of rows")
    shift: Value = parameter(0.0, doc="added afterwards")

    def problems(self, space):
        matrix = np.asarray(getattr(self.matrix, "init", self.matrix), float)
        # Not "greater": of entries whose squares overflow the number is NaN.
        with np.errstate(all="ignore"):
            if not np.linalg.cond(matrix) <= LARGEST_CONDITION:
                yield mistakes.SingularMatrix(field="matrix")

    def map(self, ops):
        return self.matrix


@dataclass(frozen=True, eq=False)
class LULinear(Matrix):
    """y = L U x + shift, L unit lower and U upper triangular.   |det|: product of the diagonal of U.

    Source: zuko.transforms.LULinearTransform; Kingma and Dhariwal, 2018, arXiv:1807.03039, eq. 10.
    """

    examples = (
        "LULinear([[0, 0, 0], [0.5, 0, 0], [-1, 0.3, 0]], [[0, 2, 1], [0, 0, 0.5], [0, 0, 0]], [1, 2, 0.5])",
        "LULinear(learn(0.1), learn(0.2), learn(1.5))",
    )

    lower: Value = parameter(Learn(0.0), shape=square_matrix, doc="the part of L below the diagonal; the rest is not read")
    upper: Value = parameter(Learn(0.0), shape=square_matrix, doc="the part of U above the diagonal; the rest is not read")
    diagonal: Value = parameter(Learn(1.0), within=POSITIVE, by_row=False, doc="the diagonal of U")
    shift: Value = parameter(0.0, doc="added afterwards")

    def map(self, ops):
        size = self.lower.shape[0]
        below, above = np.tril(np.ones((size, size)), -1), np.triu(np.ones((size, size)), 1)
        unit = ops.constant(np.eye(size))
        lower = self.lower * ops.constant(below) + unit
        return ops.matmul(lower, self.upper * ops.constant(above) + unit * self.diagonal)

    def log_det(self, ops, x):
        return over_event(ops, ops.log(self.diagonal), x)


@dataclass(frozen=True, eq=False)
class TriangularAffine(Matrix):
    """y = loc + scale_tril x.   |det|: product of the diagonal.   Source: torch.distributions.LowerCholeskyTransform,
    as torch.distributions.MultivariateNormal uses its scale_tril.
    """

    examples = ("TriangularAffine([1, 2, 3], [[1, 0, 0], [0.5, 2, 0], [-1, 0.3, 0.5]])",)

    loc: Value = parameter(doc="added afterwards")
    scale_tril: Value = parameter(shape=square_matrix, trainable=False, doc="lower triangular, its diagonal positive")

    @property
    def shift(self):
        return self.loc

    def problems(self, space):
        if not is_scale_tril(self.scale_tril):
            yield mistakes.NotTriangular(field="scale_tril")

    def map(self, ops):
        return self.scale_tril


def is_scale_tril(matrix) -> bool:
    """Is it a lower triangular matrix with a positive diagonal?"""
    return np.ndim(matrix) == 2 and not np.triu(matrix, 1).any() and bool((np.diag(matrix) > 0).all())


@dataclass(frozen=True, eq=False)
class Rotate(Matrix):
    """y = exp(G - G^T) x, a rotation.   |det|: 1.   Source: zuko.transforms.RotationTransform."""

    shift = 0.0
    examples = ("Rotate([[0, 1, 0.5], [0, 0, -0.3], [0, 0, 0]])",)

    generator: Value = parameter(
        shape=square_matrix, trainable=False, within=Interval(-1e6, 1e6), doc="G, any matrix: its upper triangle is enough"
    )

    @cached_property
    def rotation(self) -> np.ndarray:
        """exp(G - G^T), in float64."""
        return rotation(np.asarray(self.generator, float))

    def problems(self, space):
        # Worked out here, while the generator is plain numbers: bound copies keep what was derived.
        if not np.isfinite(self.rotation).all():
            yield mistakes.SingularMatrix(field="generator")

    def map(self, ops):
        return ops.constant(self.rotation)

    def log_det(self, ops, x):
        return 0.0


def rotation(generator: np.ndarray) -> np.ndarray:
    """exp(G - G^T), by the eigenvalues of a Hermitian matrix: i (G - G^T) has real ones."""
    frequencies, vectors = np.linalg.eigh(1j * (generator - generator.T))
    return ((vectors * np.exp(-1j * frequencies)) @ vectors.conj().T).real


@dataclass(frozen=True, eq=False)
class PlaneRotation(VectorMap):
    """Rotation by an angle in the plane of two coordinates.   |det|: 1.   Source: a Givens rotation."""

    examples = ("PlaneRotation(0.7)", "PlaneRotation(learn(0.3), 2, 0)")

    angle: Value = parameter(shape=lambda part, event: (), doc="in radians, from the first coordinate to the second")
    first: int = setting(0, low=0, doc="a coordinate, counted from 0")
    second: int = setting(1, low=0, doc="another one")

    def misfits(self, space, giver):
        if max(self.first, self.second) >= space.size:
            yield mistakes.WrongCoordinate(found=max(self.first, self.second), size=space.size, last=space.size - 1)
        elif self.first == self.second:
            yield mistakes.RepeatedCoordinate()

    def forward_and_log_det(self, ops, x):
        return self._turned(ops, x, self.angle), 0.0

    def inverse_and_log_det(self, ops, y):
        return self._turned(ops, y, -self.angle), 0.0

    def _turned(self, ops, x, angle):
        a, b = x[self.first], x[self.second]
        cosine, sine = ops.cos(angle), ops.sin(angle)
        turned = {self.first: a * cosine - b * sine, self.second: a * sine + b * cosine}
        return ops.stack([turned[i] if i in turned else x[i] for i in range(x.shape[0])])


@dataclass(frozen=True, eq=False)
class Householder(VectorMap):
    """y = x - 2 v (v . x) / |v|^2, a reflection.   |det|: 1.   Source: arXiv:1611.09630, eq. 9."""

    examples = ("Householder([1, 2, -1])", "Householder(learn([1, 0.5, 0.2]))")

    # What float32 holds without over- or underflow.
    direction: Value = parameter(within=Interval(-1e30, 1e30), by_row=False, doc="v, any vector but 0")

    def problems(self, space):
        if np.abs(np.asarray(getattr(self.direction, "init", self.direction), float)).max() < 1e-30:
            yield mistakes.ZeroVector(field="direction")

    def forward_and_log_det(self, ops, x):
        v = self.direction
        if isinstance(v, int | float):
            v = ops.constant(np.ones((x.shape[0], 1)))
        # Only its direction counts: its square could overflow, or vanish.
        v = v / ops.sum(ops.abs(v))
        return x - v * (2.0 * ops.sum(v * x) / ops.sum(v * v)), 0.0

    def inverse_and_log_det(self, ops, y):
        return self.forward_and_log_det(ops, y)
