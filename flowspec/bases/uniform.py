"""The uniform distribution on an interval and on a circle."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from flowspec.bases.base import Coordinatewise, WithQuantile
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts import mistakes
from flowspec.parts.fields import parameter, setting
from flowspec.parts.values import value_ranges, varies
from flowspec.support.circle import Circle
from flowspec.support.space import Space
from flowspec.support.support import Interval


@dataclass(frozen=True, eq=False)
class Uniform(WithQuantile):
    """1 / (high - low) for low <= x <= high.   Source: torch.distributions.Uniform."""

    examples = (
        "Uniform(0, 1)",
        "Uniform([-1, 0], [1, 5])",
        "Uniform(learn(0, high=1), learn(2, low=1))[2]",
    )

    low: float = parameter(0.0, doc="lower end")
    high: float = parameter(1.0, doc="upper end")

    @cached_property
    def space(self) -> Space:
        count = self.size or 1
        ends = zip(value_ranges(self.low, count), value_ranges(self.high, count), strict=True)
        supports = tuple(Interval(low.low, high.high, True, True) for low, high in ends)
        return Space(supports, scalar=self.size is None)

    @cached_property
    def support_varies(self) -> bool:
        return varies(self.low) or varies(self.high)

    def outside(self, ops: Ops, x: Array) -> Array | None:
        outside = (x < self.low) | (x > self.high)
        return outside if self.size is None else ops.any(outside)

    def check_consistency(self) -> Iterable[Diagnostic]:
        count = self.size or 1
        for low, high in zip(
            value_ranges(self.low, count), value_ranges(self.high, count), strict=True
        ):
            if not low.high < high.low and not (
                low.high == high.low and (varies(self.low) or varies(self.high))
            ):
                yield mistakes.UnsortedInterval(field="high", low_field="low")
                return

    def log_density(self, ops: Ops, x: Array) -> Array:
        return nan_of(x) - ops.log(self.high - self.low)

    def cdf(self, ops: Ops, x: Array) -> Array:
        return ops.clip((x - self.low) / (self.high - self.low), 0.0, 1.0)

    def survival(self, ops: Ops, x: Array) -> Array:
        return ops.clip((self.high - x) / (self.high - self.low), 0.0, 1.0)

    def quantile(self, ops: Ops, p: Array) -> Array:
        return self.low + (self.high - self.low) * p

    def upper_quantile(self, ops: Ops, q: Array) -> Array:
        return self.high - (self.high - self.low) * q


def nan_of(x: Array) -> Array:
    """0, but NaN where x is: a missing value must not look like a likely one."""
    return 0.0 * x


@dataclass(frozen=True, eq=False)
class CircularUniform(Coordinatewise):
    """1 / (high - low) on a circle, whose two ends are one point.

    Source: zuko.distributions.BoxUniform on angles.
    """

    examples = ("CircularUniform", "CircularUniform(0, 1)[2]")

    low: float = setting(-math.pi, kind=float, low=-1e6, high=1e6, doc="lower end")
    high: float = setting(math.pi, kind=float, low=-1e6, high=1e6, doc="upper end, the same point")

    @cached_property
    def space(self) -> Space:
        return Space.of(Circle(self.low, self.high), self.size)

    def check_consistency(self) -> Iterable[Diagnostic]:
        if not self.low < self.high:
            yield mistakes.UnsortedInterval(field="high", low_field="low")

    def draw(self, ops: Ops, noise: Array) -> Array:
        return self.low + (self.high - self.low) * noise[0]

    @property
    def latent(self) -> tuple[str, ...]:
        return self.noise

    def to_latent(self, ops: Ops, x: Array) -> Array:
        return (x - self.low) / (self.high - self.low)

    def log_density(self, ops: Ops, x: Array) -> Array:
        return nan_of(x) - math.log(self.high - self.low)
