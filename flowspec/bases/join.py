"""Independent bases side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flowspec.bases.base import Base
from flowspec.parameter import part
from flowspec.support import Space


@dataclass(frozen=True, eq=False)
class Join(Base):
    """The product of independent bases: their coordinates one after the other.   Source: zuko.distributions.Joint."""

    examples = ("Join(Normal(0, 1), Uniform(0, 1)[2])", "Join(Exponential(learn(2)), Gamma(2, 1), VonMises(0, 1))")

    bases: tuple[Base, ...] = part(many=True, doc="the bases, in the order of their coordinates")

    @cached_property
    def space(self):
        return Space(tuple(part for base in self.bases for part in base.space.parts))

    @property
    def noise(self):
        return tuple(kind for base in self.bases for kind in base.noise)

    def _rows(self, x, sizes):
        first = 0
        for base, size in zip(self.bases, sizes, strict=True):
            yield base, x[first : first + size]
            first += size

    def sample(self, ops, noise):
        drawn = []
        for base, rows in self._rows(noise, [len(base.noise) for base in self.bases]):
            point = base.sample(ops, rows)
            drawn.append(point[None] if base.space.scalar else point)
        return drawn[0] if len(drawn) == 1 else ops.concat(drawn)

    def log_prob(self, ops, x):
        total = 0.0
        for base, rows in self._points(x):
            total = total + base.log_prob(ops, rows)
        return total

    def _points(self, x):
        for base, rows in self._rows(x, [base.space.size for base in self.bases]):
            yield base, (rows[0] if base.space.scalar else rows)

    def outside(self, ops, x):
        found = None
        for base, rows in self._points(x):
            here = base.outside(ops, rows)
            found = here if found is None else found if here is None else found | here
        return found
