"""From real numbers to numbers in increasing order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import domain_mistakes
from flowspec.support import ordered
from flowspec.support.space import Image, Space
from flowspec.support.support import REAL
from flowspec.transforms.transform import Transform


@dataclass(frozen=True, eq=False)
class Ordered(Transform):
    """y_1 = x_1, y_k = y_(k-1) + exp(x_k).

    |det|: exp(x_2 + ... + x_D).
    Source: Pyro's OrderedTransform.
    """

    examples = ("Ordered",)

    def domain_for(self, space: Space) -> Space:
        return space.with_supports([REAL] * space.size)

    def range_for(self, space: Space) -> Space:
        return space.with_supports([ordered.Ordered(space.size)])

    def check_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        if space.size < 2:
            advice = "give the base more coordinates, or leave the step out"
            yield domain_mistakes.WrongSize(
                expected="2 or more coordinates", found="1 coordinate", giver=giver, advice=advice
            )

    def check_image_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        return ()

    def image(self, space: Space) -> Image:
        return Image(self.range_for(space))

    def preimage(self, space: Space) -> Image:
        return Image(self.domain_for(space))

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        # Steps that overflow are the largest whose sum is finite.
        largest = float(np.finfo(ops.dtype).max) / (2 * x.shape[0])
        steps = ops.minimum(ops.exp(x[1:]), largest)
        y = ops.cumsum(ops.concat([x[:1], steps]))
        # A step that rounding would swallow becomes the least that it keeps: equal numbers are
        # not in order.
        least = 2.0 * float(np.finfo(ops.dtype).eps) * ops.abs(y[:-1])
        y = ops.cumsum(ops.concat([x[:1], ops.maximum(steps, least)]))
        return y, ops.sum(x[1:])

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        steps = ops.log(y[1:] - y[:-1])
        return ops.concat([y[:1], steps]), ops.sum(steps)
