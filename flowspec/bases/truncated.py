"""A base cut to an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from flowspec import mistakes
from flowspec.bases.base import Base, WithQuantile
from flowspec.parameter import part, setting
from flowspec.support import Interval
from flowspec.transforms.transform import over_event


@dataclass(frozen=True, eq=False)
class Truncated(Base):
    """p(x) / P(low < X < high) for low <= x <= high.   Source: zuko.distributions.Truncated.

    Both tails are computed from their own side, so a piece far out keeps its digits.
    """

    examples = (
        "Truncated(Normal(0, 1), -1, 2)",
        "Truncated(Normal(0, 1), 6)",
        "Truncated(Exponential([1, 2]), 0.5, 3)",
        "Truncated(Normal(learn(0.5), learn(2)), high=1)",
    )

    base: Base = part(doc="a base whose distribution function has a closed form")
    low: float = setting(-math.inf, kind=float, doc="lower end")
    high: float = setting(math.inf, kind=float, doc="upper end")

    @property
    def event_shape(self):
        return self.base.event_shape

    @cached_property
    def space(self):
        return self.base.space.with_parts(_cut(part, self.low, self.high) for part in self.base.space.parts)

    @property
    def noise(self):
        return ("uniform",) * (self.base.space.size)

    def problems(self):
        if not isinstance(self.base, WithQuantile):
            yield mistakes.NoQuantile(field="base", base=self.base.title)
        elif not self.low < self.high:
            yield mistakes.UnsortedInterval(field="high", low_field="low")
        elif any(cut is None for cut in self.space.parts):
            yield mistakes.EmptyCut(field="low", gives=self.base.space.parts[0].words)

    def _ends(self, ops):
        """The probabilities below `low` and above `high`."""
        below = 0.0 if math.isinf(self.low) else self.base.cdf(ops, self.low)
        above = 0.0 if math.isinf(self.high) else self.base.survival(ops, self.high)
        return below, above

    def sample(self, ops, noise):
        below, above = self._ends(ops)
        u = noise[0] if self.base.space.scalar else noise
        p = below + u * (1 - below - above)
        q = above + (1 - u) * (1 - below - above)
        # From the nearer tail: beyond the median a probability below has lost the digits of the one above.
        upper = p > 0.5
        low = self.base.quantile(ops, ops.where(upper, 0.5, p))
        return ops.where(upper, self.base.upper_quantile(ops, ops.where(upper, q, 0.5)), low)

    def log_prob(self, ops, x):
        below, above = self._ends(ops)
        kept = self._kept(ops, below, above)
        return self.base.log_prob(ops, x) - over_event(ops, ops.log(kept), x)

    def _kept(self, ops, below, above):
        """P(low < X < high): a difference of two tails where both ends lie on one side of the median."""
        if math.isinf(self.low) or math.isinf(self.high):
            return self._one_sided(ops)
        from_below = self.base.cdf(ops, self.high) - below
        from_above = self.base.survival(ops, self.low) - above
        return ops.where(below < 0.5, from_below, from_above)

    def _one_sided(self, ops):
        if not math.isinf(self.low):
            return self.base.survival(ops, self.low)
        return 1.0 if math.isinf(self.high) else self.base.cdf(ops, self.high)

    def outside(self, ops, x):
        return self.base.outside(ops, x)


def _cut(part, low: float, high: float) -> Interval | None:
    """The part of an interval between two numbers, them included; None where nothing is left."""
    low_end = (part.low, part.closed_low) if part.low >= low else (low, True)
    high_end = (part.high, part.closed_high) if part.high <= high else (high, True)
    if low_end[0] >= high_end[0]:
        return None
    return Interval(low_end[0], high_end[0], low_end[1], high_end[1])
