"""Radial steps: points drawn to a centre, or pushed away from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.fields import parameter
from flowspec.parts.values import Learn, Value
from flowspec.support.support import POSITIVE
from flowspec.transforms.whole_space import WholeSpace


def _one(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return ()


@dataclass(frozen=True, eq=False)
class Radial(WholeSpace):
    """y = x + g (x - centre), g = (scale - 1) radius / (radius + r), r = |x - centre|:
    scaled near the centre, shifted far out.

    |det|: (1 + g)^(D - 1) (1 + g radius / (radius + r)).   The inverse solves a quadratic
        equation for r.
    Source: Variational Inference with Normalizing Flows, Rezende and Mohamed, 2015,
        arXiv:1505.05770, eq. 13 and 14, with alpha = radius and beta = (scale - 1)
        radius.
    """

    has_reach = True
    examples = ("Radial([1, -1, 0.5], 0.7, 3)", "Radial(0, 2, 0.2)", "Radial")

    centre: Value = parameter(
        Learn(0.0, spread=1.0), by_row=False, doc="where it draws to, or pushes from"
    )
    radius: Value = parameter(Learn(1.0), within=POSITIVE, shape=_one, doc="how far it reaches")
    scale: Value = parameter(
        Learn(1.0), within=POSITIVE, shape=_one, doc="the scale at the centre; 1 does nothing"
    )

    def _stretch(self, r: Array) -> tuple[Array, Array]:
        """g at the distance r, and the factor of it in the direction of the centre."""
        near = self.radius / (self.radius + r)
        return (self.scale - 1.0) * near, near

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        offset = x - self.centre
        g, near = self._stretch(_length(ops, offset))
        return x + g * offset, _log_det(ops, g, near, x.shape[0])

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        offset = y - self.centre
        far = _length(ops, offset)
        # r^2 + r p - radius far = 0, by the root that does not cancel.
        p = self.scale * self.radius - far
        root = ops.sqrt(p * p + 4.0 * self.radius * far)
        positive = ops.maximum(p, 0.0)
        r = ops.where(p > 0.0, 2.0 * self.radius * far / (positive + root), 0.5 * (root - p))
        g, near = self._stretch(r)
        return self.centre + offset / (1.0 + g), _log_det(ops, g, near, y.shape[0])


def _length(ops: Ops, offset: Array) -> Array:
    """The length of vectors, without overflow; its gradient at 0 is 0."""
    size = ops.maximum(ops.abs(offset[0]), 1e-30)
    for i in range(1, offset.shape[0]):
        size = ops.maximum(size, ops.abs(offset[i]))
    return size * ops.sqrt(ops.sum(ops.square(offset / size)))


def _log_det(ops: Ops, g: Array, near: Array, size: int) -> Array:
    return (size - 1) * ops.log1p(g) + ops.log1p(g * near)
