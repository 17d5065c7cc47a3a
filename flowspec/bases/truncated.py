"""A base cut to an interval."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flowspec.bases.base import Base, Noise, WithQuantile
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.vocabulary import Array
from flowspec.parts import mistakes
from flowspec.parts.fields import part, setting
from flowspec.support.interval import Interval
from flowspec.support.space import Space
from flowspec.transforms.transform import bound_to_reference, over_event

SMALLEST_PIECE = 1e-30
"""Probability that must be left of the base: so little of it can still be divided in float32."""


@dataclass(frozen=True, eq=False)
class Truncated(Base):
    """p(x) / P(low < X < high) for low <= x <= high.   Source: zuko.distributions.Truncated.

    A vector is cut coordinate by coordinate. Both tails are computed from their own side, so a piece far out keeps
    its digits. Where training or the context leaves the piece less than the float type can hold, that least number
    stands for its probability.
    """

    examples = (
        "Truncated(Normal(0, 1), -1, 2)",
        "Truncated(Normal(0, 1), 3)",
        "Truncated(Gumbel(0, 1), high=-1)",
        "Truncated(Exponential([1, 2]), -1, 3)",
        "Truncated(Normal(learn(0.5), learn(2)), high=1)",
        "Truncated(Uniform([0, 1], learn(3, low=2)), 0.5, 2)",
    )

    base: Base = part(doc="a base whose distribution function has a closed form")
    low: float = setting(-math.inf, kind=float, doc="lower end")
    high: float = setting(math.inf, kind=float, doc="upper end")

    @property
    def event_shape(self) -> tuple[int, ...]:
        return self.base.event_shape

    @cached_property
    def space(self) -> Space:
        return self.base.space.with_supports(
            _cut(part, self.low, self.high) for part in self.base.space.supports
        )

    @property
    def noise(self) -> tuple[Noise, ...]:
        return ("uniform",) * self.base.space.size

    def check_consistency(self) -> Iterable[Diagnostic]:
        if not isinstance(self.base, WithQuantile):
            yield mistakes.NoQuantile(field="base", base=self.base.title)
        elif not self.low < self.high:
            yield mistakes.UnsortedInterval(field="high", low_field="low")
        elif any(cut is None for cut in self.space.supports):
            yield mistakes.EmptyCut(field="low", gives=self.base.space.supports[0].words)
        elif not self.base.varies and self._least_piece() < SMALLEST_PIECE:
            yield mistakes.ThinCut(field="low", base=self.base.title, least=f"{SMALLEST_PIECE:g}")

    def _least_piece(self) -> float:
        with np.errstate(all="ignore"):
            _, _, piece = bound_to_reference(self)._probabilities(REFERENCE)
        return float(np.min(piece))

    def _probabilities(self, ops):
        """P(X < low), P(X > high) and what lies between."""
        # An end beyond the support cuts nothing, and the formulas are not for points out there.
        cuts_low = any(self.low > part.low for part in self.base.space.supports)
        cuts_high = any(self.high < part.high for part in self.base.space.supports)
        below = self.base.cdf(ops, self.low) if cuts_low else 0.0
        above = self.base.survival(ops, self.high) if cuts_high else 0.0
        up_to_high = self.base.cdf(ops, self.high) if cuts_high else 1.0
        from_low = self.base.survival(ops, self.low) if cuts_low else 1.0
        # From the side on which the piece lies: 1 - below - above would be 0 far out.
        piece = ops.where(below < 0.5, up_to_high - below, from_low - above)
        return below, above, ops.maximum(piece, float(np.finfo(ops.dtype).tiny))

    def sample(self, ops: Ops, noise: Array) -> Array:
        below, above, piece = self._probabilities(ops)
        u = noise[0] if self.base.space.scalar else noise
        p, q = below + u * piece, above + (1 - u) * piece
        # From the nearer tail: beyond the median a probability below has lost the digits of the one above.
        upper = p > 0.5
        low = self.base.quantile(ops, ops.where(upper, 0.5, p))
        return ops.where(upper, self.base.upper_quantile(ops, ops.where(upper, q, 0.5)), low)

    def log_prob(self, ops: Ops, x: Array) -> Array:
        _, _, piece = self._probabilities(ops)
        return self.base.log_prob(ops, x) - over_event(ops, ops.log(piece), x)

    def outside(self, ops: Ops, x: Array) -> Array | None:
        return self.base.outside(ops, x)


def _cut(part, low: float, high: float) -> Interval | None:
    """The part of an interval between two numbers, them included; None where nothing is left."""
    low_end = (part.low, part.closed_low) if part.low >= low else (low, True)
    high_end = (part.high, part.closed_high) if part.high <= high else (high, True)
    if low_end[0] >= high_end[0]:
        return None
    return Interval(low_end[0], high_end[0], low_end[1], high_end[1])
