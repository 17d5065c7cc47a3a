"""A base cut to an interval."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from flowspec.bases.base import Base, Noise, WithQuantile, repeated
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import mistakes
from flowspec.parts.fields import component, setting
from flowspec.support.space import Space
from flowspec.support.support import Interval
from flowspec.transforms.transform import bound_to_reference, over_event

SMALLEST_PIECE = 1e-30
"""Probability that must be left of the base: so little of it can still be divided in
float32.
"""


@dataclass(frozen=True, eq=False)
class Truncated(Base):
    """p(x) / P(low < X < high) for low <= x <= high.

    Source: zuko.distributions.Truncated.

    A vector is cut coordinate by coordinate. Both tails are computed from their own side,
    so a piece far out keeps its digits. Where training or the context leaves the piece
    less than the float type can hold, that least number stands for its probability.
    """

    examples = (
        "Truncated(Normal(0, 1), -1, 2)",
        "Truncated(Normal(0, 1), 3)",
        "Truncated(Gumbel(0, 1), high=-1)",
        "Truncated(Exponential([1, 2]), -1, 3)",
        "Truncated(Normal(learn(0.5), learn(2)), high=1)",
        "Truncated(Uniform([0, 1], learn(3, low=2)), 0.5, 2)",
    )

    base: Base = component(doc="a base whose distribution function has a closed form")
    low: float = setting(-math.inf, kind=float, doc="lower end")
    high: float = setting(math.inf, kind=float, doc="upper end")

    @property
    def event_shape(self) -> tuple[int, ...]:
        return self.base.event_shape

    @cached_property
    def space(self) -> Space:
        return self.base.space.with_supports(
            cut or Interval(self.low, self.low) for cut in self._cuts()
        )

    @property
    def noise(self) -> tuple[Noise, ...]:
        return repeated("uniform", self.base.space.size)

    def check_consistency(self) -> Iterable[Diagnostic]:
        if not isinstance(self.base, WithQuantile):
            yield mistakes.NoQuantile(field="base", base=self.base.title)
        elif not self.low < self.high:
            yield mistakes.UnsortedInterval(field="high", low_field="low")
        elif None in self._cuts():
            yield mistakes.EmptyCut(field="low", gives=self.base.space.supports[0].words)
        elif not self.base.varies and self._least_piece() < SMALLEST_PIECE:
            yield mistakes.ThinCut(field="low", base=self.base.title, least=f"{SMALLEST_PIECE:g}")

    def _cuts(self) -> list[Interval | None]:
        """The piece of each coordinate; None where nothing is left."""
        intervals = self.base.space.intervals or ()
        return [_cut(interval, self.low, self.high) for interval in intervals]

    def _least_piece(self) -> float:
        with np.errstate(all="ignore"):
            _, _, piece = bound_to_reference(self)._probabilities(REFERENCE)
        return float(np.min(np.asarray(piece)))

    @property
    def _whole(self) -> WithQuantile:
        """The base, which `check_consistency` has found to have quantiles."""
        return cast(WithQuantile, self.base)

    def _probabilities(self, ops: Ops) -> tuple[Operand, Operand, Array]:
        """P(X < low), P(X > high) and what lies between."""
        # An end beyond the support cuts nothing, and the formulas are not for points out there.
        intervals = self.base.space.intervals or ()
        cuts_low = any(self.low > interval.low for interval in intervals)
        cuts_high = any(self.high < interval.high for interval in intervals)
        low, high = (
            cast(Array, end) for end in (self.low, self.high)
        )  # numbers are worked out at once
        below = self._whole.cdf(ops, low) if cuts_low else 0.0
        above = self._whole.survival(ops, high) if cuts_high else 0.0
        up_to_high = self._whole.cdf(ops, high) if cuts_high else 1.0
        from_low = self._whole.survival(ops, low) if cuts_low else 1.0
        # From the side on which the piece lies: 1 - below - above would be 0 far out.
        piece = ops.where(below < 0.5, up_to_high - below, from_low - above)
        return below, above, ops.maximum(piece, float(np.finfo(ops.dtype).tiny))

    def sample(self, ops: Ops, noise: Array) -> Array:
        below, above, piece = self._probabilities(ops)
        u = noise[0] if self.base.space.scalar else noise
        p, q = below + u * piece, above + (1 - u) * piece
        # From the nearer tail: beyond the median a probability below has lost the digits of the
        # one above.
        upper = p > 0.5
        low = self._whole.quantile(ops, ops.where(upper, 0.5, p))
        return ops.where(upper, self._whole.upper_quantile(ops, ops.where(upper, q, 0.5)), low)

    @property
    def latent(self) -> tuple[str, ...]:
        return self.noise

    def to_latent(self, ops: Ops, x: Array) -> Array:
        below, above, piece = self._probabilities(ops)
        p, q = self._whole.cdf(ops, x), self._whole.survival(ops, x)
        return ops.clip(
            ops.where(p > 0.5, 1.0 - (q - above) / piece, (p - below) / piece), 0.0, 1.0
        )

    def log_prob(self, ops: Ops, x: Array) -> Array:
        _, _, piece = self._probabilities(ops)
        return self.base.log_prob(ops, x) - over_event(ops, ops.log(piece), x)

    def outside(self, ops: Ops, x: Array) -> Array | None:
        return self.base.outside(ops, x)


def _cut(whole: Interval, low: float, high: float) -> Interval | None:
    """The piece of an interval between two numbers, them included; None where nothing is
    left.
    """
    low_end = (whole.low, whole.closed_low) if whole.low >= low else (low, True)
    high_end = (whole.high, whole.closed_high) if whole.high <= high else (high, True)
    if low_end[0] >= high_end[0]:
        return None
    return Interval(low_end[0], high_end[0], low_end[1], high_end[1])
