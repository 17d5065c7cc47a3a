"""Rotation of a circle."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import mistakes
from flowspec.parts.fields import parameter, setting
from flowspec.parts.values import Value
from flowspec.support.circle import Circle
from flowspec.support.space import Image, Space
from flowspec.transforms.transform import Univariate


@dataclass(frozen=True, eq=False)
class CircularShift(Univariate):
    """y = x + shift, wrapped around the circle (low, high).

    Slope: 1.
    Source: zuko's CircularShiftTransform.
    """

    examples = ("CircularShift(1)", "CircularShift([0.5, -1, 2])", "CircularShift(learn(0.5))")
    before = "CircularUniform[3]"

    shift: Value = parameter(doc="angle, in the units of the circle")
    low: float = setting(-math.pi, kind=float, low=-1e6, high=1e6, doc="lower end of the circle")
    high: float = setting(math.pi, kind=float, low=-1e6, high=1e6, doc="upper end, the same point")

    @property
    def domain(self) -> Circle:  # type: ignore[override]  # that of the fields
        return Circle(self.low, self.high)

    def check_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        yield from super().check_coordinates(space, giver)
        # Asked before the domain is, which would be no circle.
        if not self.low < self.high:
            yield mistakes.UnsortedInterval(field="high", low_field="low")

    def image(self, space: Space) -> Image:
        return Image(space, exact=not self.varies)

    preimage = image

    def forward(self, ops: Ops, x: Array) -> Array:
        return self._wrapped(ops, x + self.shift)

    def inverse(self, ops: Ops, y: Array) -> Array:
        return self._wrapped(ops, y - self.shift)

    def log_slope(self, ops: Ops, x: Array) -> Operand:
        return 0.0

    def _wrapped(self, ops: Ops, angle: Array) -> Array:
        width = self.high - self.low
        return angle - width * ops.floor((angle - self.low) / width)
