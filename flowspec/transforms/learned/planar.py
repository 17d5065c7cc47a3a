"""Planar steps: a ridge across the space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts.fields import parameter
from flowspec.parts.values import Learn, Value
from flowspec.transforms.splines.searched import invert, spread
from flowspec.transforms.whole_space import WholeSpace

STEEPEST = 0.999
"""The distance from -1 that the product u' . w keeps."""


def _one(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return ()


@dataclass(frozen=True, eq=False)
class Planar(WholeSpace):
    """y = x + u' tanh(w . x + b).

    |det|: 1 + (u' . w) (1 - tanh^2(w . x + b)).

    u' is u where w . u >= 0, and else moved along w so far that u' . w = exp(w . u) - 1:
    the step can always be inverted. Its inverse is found by a search along w.
    Source: Variational Inference with Normalizing Flows, Rezende and Mohamed, 2015,
        arXiv:1505.05770, eq. 10 to 12.
    """

    has_reach = True
    examples = (
        "Planar([1, -0.5, 2], [0.3, 0.4, 1], 0.5)",
        "Planar([1, 0, -1], [-1, 1, 2], 0.2)",
        "Planar",
    )

    u: Value = parameter(Learn(0.0, spread=0.5), by_row=False, doc="where points move")
    w: Value = parameter(Learn(0.0, spread=0.5), by_row=False, doc="across what")
    b: Value = parameter(Learn(0.0), shape=_one, doc="shift of the ridge")

    def _vectors(self, ops: Ops, x: Array) -> tuple[Array, Array, Array]:
        """u', w, and their product (N,)."""
        u, w = (spread(ops, vector, (x.shape[0],), x[0]) for vector in (self.u, self.w))
        free = ops.sum(u * w)
        product = ops.maximum(free, 0.0) + STEEPEST * ops.expm1(ops.minimum(free, 0.0))
        return u + w * ((product - free) / (ops.sum(w * w) + 1e-30)), w, product

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        u, w, product = self._vectors(ops, x)
        t = ops.tanh(ops.sum(w * x) + self.b)
        return x + u * t, ops.log1p(product * (1.0 - t * t))

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        u, w, product = self._vectors(ops, y)
        t = ridge(ops, ops.sum(w * y) + self.b, product)
        return y - u * t, ops.log1p(product * (1.0 - t * t))


def ridge(
    ops: Ops, level: Array, height: Array, slope: Operand = 1.0, shift: Operand = 0.0
) -> Array:
    """tanh(slope z + shift) at the z with z + height tanh(slope z + shift) = level, where
    height slope > -1.
    """
    reach = ops.abs(height) + 1.0  # z is nearer to the level than that

    def function(share: Array) -> tuple[Array, Array]:
        t = ops.tanh((level + reach * share) * slope + shift)
        return reach * share + height * t, ops.log(reach * (1.0 + height * slope * (1.0 - t * t)))

    share = invert(ops, function, 0.0 * ops.clip(level, -1.0, 1.0), 1.0)
    return ops.tanh((level + reach * share) * slope + shift)
