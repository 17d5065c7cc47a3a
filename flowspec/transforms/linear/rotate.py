"""Rotations: of all coordinates, or in the plane of two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import domain_mistakes, mistakes
from flowspec.parts.fields import parameter, setting, square_matrix
from flowspec.parts.values import Value
from flowspec.support.space import Space
from flowspec.support.support import Interval
from flowspec.transforms.linear.matrix import Matrix, VectorMap


@dataclass(frozen=True, eq=False)
class Rotate(Matrix):
    """y = exp(G - G^T) x, a rotation.

    |det|: 1.
    Source: zuko.transforms.RotationTransform.
    """

    shift = 0.0
    examples = ("Rotate([[0, 1, 0.5], [0, 0, -0.3], [0, 0, 0]])",)

    generator: Value = parameter(
        within=Interval(-1e6, 1e6),
        shape=square_matrix,
        trainable=False,
        doc="G: its upper triangle is enough",
    )

    @cached_property
    def rotation(self) -> np.ndarray:
        """exp(G - G^T), in float64."""
        return rotation(np.asarray(self.generator, float))

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        # Worked out here, while the generator is plain numbers: bound copies keep what was derived.
        if not np.isfinite(self.rotation).all():
            yield mistakes.SingularMatrix(field="generator")

    def map(self, ops: Ops) -> Array:
        return ops.constant(self.rotation)

    def log_det(self, ops: Ops, x: Array) -> Operand:
        return 0.0


def rotation(generator: np.ndarray) -> np.ndarray:
    """exp(G - G^T), by the eigenvalues of a Hermitian matrix: i (G - G^T) has real ones."""
    frequencies, vectors = np.linalg.eigh(1j * (generator - generator.T))
    return ((vectors * np.exp(-1j * frequencies)) @ vectors.conj().T).real


@dataclass(frozen=True, eq=False)
class PlaneRotation(VectorMap):
    """Rotation by an angle in the plane of two coordinates.

    |det|: 1.
    Source: a Givens rotation.
    """

    examples = ("PlaneRotation(0.7)", "PlaneRotation(learn(0.3), 2, 0)")

    angle: Value = parameter(
        shape=lambda part, event: (), doc="in radians, from the first coordinate to the second"
    )
    first: int = setting(0, low=0, doc="a coordinate, counted from 0")
    second: int = setting(1, low=0, doc="another one")

    def check_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        if max(self.first, self.second) >= space.size:
            yield domain_mistakes.WrongCoordinate(
                found=max(self.first, self.second), size=space.size, last=space.size - 1
            )
        elif self.first == self.second:
            yield domain_mistakes.RepeatedCoordinate()

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        return self._turned(ops, x, self.angle), 0.0

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        return self._turned(ops, y, -self.angle), 0.0

    def _turned(self, ops: Ops, x: Array, angle: Array) -> Array:
        a, b = x[self.first], x[self.second]
        cosine, sine = ops.cos(angle), ops.sin(angle)
        turned = {self.first: a * cosine - b * sine, self.second: a * sine + b * cosine}
        return ops.stack([turned[i] if i in turned else x[i] for i in range(x.shape[0])])
