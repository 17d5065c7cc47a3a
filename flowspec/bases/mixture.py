"""Mixtures of bases."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flowspec import mistakes
from flowspec.bases.base import Base
from flowspec.bounds import guarded
from flowspec.parameter import Value, parameter, part
from flowspec.support import POSITIVE, Circle, Interval, Space


def _per_component(mixture, event):
    return (len(mixture.bases),)


@dataclass(frozen=True, eq=False)
class Mixture(Base):
    """sum_k w_k p_k(x), the weights divided by their sum.   Source: torch.distributions.MixtureSameFamily, zuko's Mixture."""

    examples = (
        "Mixture([1, 3], Normal(-2, 1), Normal(2, 0.5))",
        "Mixture([0.5, 0.5], Uniform(0, 1), Exponential(1))",
        "Mixture([1, 2], Normal(0, 1)[2], Normal([3, 1], 0.5))",
        "Mixture(learn([1, 1]), Normal(learn(-1), 1), Normal(learn(1), 1))",
    )
    reparametrised = False

    weights: Value = parameter(within=POSITIVE, shape=_per_component, doc="relative weights, one for each base")
    bases: tuple[Base, ...] = part(many=True, doc="the components")

    @property
    def event_shape(self):
        return self.bases[0].space.shape

    @cached_property
    def space(self):
        return self._union() or self.bases[0].space

    def _union(self) -> Space | None:
        """The union of the components' supports, if it is a box; None if not."""
        spaces = [base.space for base in self.bases]
        widest = [s for s in spaces if all(_covers(s, other) for other in spaces)]
        if widest:
            return widest[0]
        if not spaces[0].scalar or any(not isinstance(s.parts[0], Interval) for s in spaces):
            return None
        pieces = sorted((s.parts[0] for s in spaces), key=lambda piece: piece.low)
        joined = pieces[0]
        for piece in pieces[1:]:
            if not joined.touches(piece):
                return None
            joined = joined.hull(piece)
        return Space((joined,), scalar=True)

    def problems(self):
        shapes = {base.space.shape for base in self.bases}
        if len(shapes) > 1:
            yield mistakes.UnlikeComponents()
        elif self._union() is None:
            yield mistakes.ScatteredComponents()

    @property
    def noise(self):
        return ("uniform", *(kind for base in self.bases for kind in base.noise))

    def sample(self, ops, noise):
        weights = self._weights(ops)
        chooser, first = noise[0], 1
        point, below = None, 0.0
        for index, base in enumerate(self.bases):
            rows = noise[first : first + len(base.noise)]
            first += len(base.noise)
            drawn = base.sample(ops, rows)
            point = drawn if point is None else ops.where(chooser < below, point, drawn)
            below = below + weights[index]
        return point

    def _weights(self, ops):
        """The weights (K, ...) divided by their sum."""
        weights = self.weights
        if isinstance(weights, int | float):
            weights = np.full((len(self.bases), 1), float(weights))
        return weights / ops.sum(weights)

    def log_prob(self, ops, x):
        weights = self._weights(ops)
        terms = [ops.log(weights[i]) + guarded(ops, base, x) for i, base in enumerate(self.bases)]
        return ops.logsumexp(ops.stack(terms))

    def outside(self, ops, x):
        found = None
        for base in self.bases:
            here = base.outside(ops, x)
            if here is None:
                return None
            found = here if found is None else found & here
        return found


def _covers(space: Space, other: Space) -> bool:
    return space.shape == other.shape and len(space.parts) == len(other.parts) and all(
        a == b if isinstance(a, Circle) else a.contains(b) for a, b in zip(space.parts, other.parts, strict=True)
    )
