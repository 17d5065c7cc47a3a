"""Independent bases side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from flowspec.bases.base import Base, Noise
from flowspec.bases.transformed import Transformed
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import component
from flowspec.support.membership import either
from flowspec.support.space import Space


@dataclass(frozen=True, eq=False)
class Join(Base):
    """The product of independent bases: their coordinates one after the other.

    They may be whole flows: `Join(Normal(0, 1) |> Exp, Uniform(0, 1))`.

    Source: zuko.distributions.Joint.
    """

    examples = (
        "Join(Normal(0, 1), Uniform(0, 1)[2])",
        "Join(Exponential(learn(2)), Gamma(2, 1), VonMises(0, 1))",
        "Join(Uniform(learn(0, high=1), 2), Uniform([0, 1], learn(3, low=2)))",
    )

    bases: tuple[Base, ...] = component(
        many=True, doc="the bases, in the order of their coordinates"
    )

    @property
    def event_shape(self) -> tuple[int, ...]:
        return (sum(math.prod(base.event_shape) for base in self.bases),)

    @cached_property
    def space(self) -> Space:
        return Space(tuple(support for base in self.bases for support in base.space.supports))

    @property
    def noise(self) -> tuple[Noise, ...]:
        return tuple(kind for base in self.bases for kind in base.noise)

    @property
    def latent(self) -> tuple[str, ...]:
        return tuple(kind for base in self.bases for kind in base.latent)

    def to_latent(self, ops: Ops, x: Array) -> Array:
        rows = [(base, base.to_latent(ops, point)) for base, point in self._points(x)]
        return ops.concat([z[None] if base.space.scalar else z for base, z in rows])

    def shared_out(self, x: Any) -> Iterator[tuple[str, Base, Any]]:
        for index, (base, point) in enumerate(self._points(x)):
            yield f"bases.{index}", base, point

    def sample(self, ops: Ops, noise: Array) -> Array:
        drawn = []
        pairs = self._rows(noise, [len(base.noise) for base in self.bases])
        for index, (base, rows) in enumerate(pairs):
            with ops.scope(self._scope(index)):
                point = base.sample(ops, rows)
            drawn.append(point[None] if base.space.scalar else point)
        return drawn[0] if len(drawn) == 1 else ops.concat(drawn)

    def log_prob(self, ops: Ops, x: Array) -> Array:
        return self.log_prob_and_outside(ops, x)[0]

    def outside(self, ops: Ops, x: Array) -> Array | None:
        return self.log_prob_and_outside(ops, x)[1]

    def log_prob_and_outside(self, ops: Ops, x: Array) -> tuple[Array, Array | None]:
        total, outside = None, None
        for index, (base, point) in enumerate(self._points(x)):
            with ops.scope(self._scope(index)):
                log_prob, beyond = base.log_prob_and_outside(ops, point)
                total = log_prob if total is None else total + log_prob
                outside = either(outside, beyond)
        return cast(Array, total), outside

    def _scope(self, index: int) -> str:
        """The name of a base in graphs, where there is more to it than a few nodes."""
        return f"bases.{index}" if isinstance(self.bases[index], Transformed) else ""

    def _rows(self, x: Array, sizes: Sequence[int]) -> Iterator[tuple[Base, Array]]:
        """Each base with its rows."""
        first = 0
        for base, size in zip(self.bases, sizes, strict=True):
            yield base, x[first : first + size]
            first += size

    def _points(self, x: Array) -> Iterator[tuple[Base, Array]]:
        """Each base with its coordinates of a point."""
        for base, rows in self._rows(x, [base.space.size for base in self.bases]):
            yield base, (rows[0] if base.space.scalar else rows)
