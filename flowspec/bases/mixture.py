"""Mixtures of bases."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, cast

from flowspec.bases.base import Base, Noise
from flowspec.bases.transformed import Transformed
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import mistakes
from flowspec.parts.fields import component, parameter
from flowspec.parts.values import Value
from flowspec.support.membership import keep_inside
from flowspec.support.space import Space
from flowspec.support.support import POSITIVE


def _per_component(mixture: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    return (len(mixture.bases),)


@dataclass(frozen=True, eq=False)
class Mixture(Base):
    """sum_k w_k p_k(x), the weights divided by their sum.

    Source: torch.distributions, MixtureSameFamily.

    Scalar components have supports that overlap or meet, so that the union is an
    interval; of vector components, one has a support that holds those of the others.
    Components may be whole flows: `Mixture([1, 1], NSF(2), MAF(2))`.
    """

    examples = (
        "Mixture([1, 3], Normal(-2, 1), Normal(2, 0.5))",
        "Mixture([0.5, 0.5], Uniform(0, 1), Exponential(1))",
        "Mixture([1, 2], Normal(0, 1)[2], Normal([3, 1], 0.5))",
        "Mixture([1, 2], Uniform(-1, 0), Truncated(Normal(0, 1), 0))[2]",
        "Mixture(learn([1, 1]), Normal(learn(-1), 1), Normal(learn(1), 1))",
        "Mixture(1, Uniform(learn(0, high=1), learn(2, low=1)), Normal(0, 1))",
        "Mixture([1, 2], Normal(0, 1) |> Exp, Gamma(2, 1))",
    )
    reparametrized = False

    weights: Value = parameter(
        within=POSITIVE,
        shape=_per_component,
        by_row=False,
        doc="relative weights, one for each base",
    )
    bases: tuple[Base, ...] = component(many=True, doc="the components")

    @property
    def event_shape(self) -> tuple[int, ...]:
        return self.bases[0].event_shape if self.bases else ()

    @cached_property
    def space(self) -> Space:
        return self._union() or self.bases[0].space

    def _union(self) -> Space | None:
        """The union of the components' supports, if it is a box whatever training does;
        None if not.
        """
        fixed = [base.space for base in self.bases if not base.support_varies]
        widest = next(
            (space for space in fixed if all(_covers(space, other) for other in fixed)), None
        )
        union = widest or _joined(fixed)
        return union if union and all(_covers(union, base.space) for base in self.bases) else None

    def check_consistency(self) -> Iterable[Diagnostic]:
        if len({base.space.shape for base in self.bases}) > 1:
            yield mistakes.UnlikeComponents(field="bases")
        elif self._union() is None:
            varying = any(base.support_varies for base in self.bases)
            cause = (
                "a support that training or the context decides counts only "
                "inside one that they do not"
                if varying
                else ""
            )
            yield mistakes.ScatteredComponents(field="bases", cause=cause)

    @property
    def noise(self) -> tuple[Noise, ...]:
        """One uniform that chooses the component, then what each component takes."""
        return ("uniform", *(kind for base in self.bases for kind in base.noise))

    def sample(self, ops: Ops, noise: Array) -> Array:
        draws = self._draws(ops, noise)
        *weights, _ = self._weights(ops)
        point, below = draws[0], cast(Operand, 0.0)
        for drawn, weight in zip(draws[1:], weights, strict=True):
            below = below + weight
            point = ops.where(noise[0] < below, point, drawn)
        return point

    def _draws(self, ops: Ops, noise: Array) -> list[Array]:
        """A point of each component, from its rows behind the first."""
        ends = accumulate((len(base.noise) for base in self.bases), initial=1)
        rows = [noise[start:end] for start, end in pairwise(ends)]
        draws = []
        for index, (base, row) in enumerate(zip(self.bases, rows, strict=True)):
            with ops.scope(self._scope(index)):
                draws.append(keep_inside(ops, base.space, base.sample(ops, row)))
        return draws

    def _weights(self, ops: Ops) -> Sequence[Operand]:
        """The weights divided by their sum, one after the other."""
        count = len(self.bases)
        if isinstance(self.weights, int | float):
            return [1 / count] * count
        weights = self.weights / ops.sum(self.weights)
        return [weights[index] for index in range(count)]

    def log_prob(self, ops: Ops, x: Array) -> Array:
        weighted = []
        for index, weight in enumerate(self._weights(ops)):
            with ops.scope(self._scope(index)):
                weighted.append(ops.log(weight) + self._component(ops, self.bases[index], x))
        return ops.logsumexp(ops.stack(weighted))

    def _component(self, ops: Ops, base: Base, x: Array) -> Array:
        """The log-density of a component at points of the mixture: -inf where it cannot
        be itself.
        """
        if not _covers(base.space, self.space):
            return base.log_prob_anywhere(ops, x)
        log_prob, outside = base.log_prob_and_outside(ops, x)
        return log_prob if outside is None else ops.where(outside, -math.inf, log_prob)

    def _scope(self, index: int) -> str:
        """The name of a component in graphs, where there is more to it than a few nodes."""
        return f"bases.{index}" if isinstance(self.bases[index], Transformed) else ""


def _covers(space: Space, other: Space) -> bool:
    """True if one support holds the other, coordinate by coordinate."""
    if space.shape != other.shape or len(space.supports) != len(other.supports):
        return False
    pairs = zip(space.supports, other.supports, strict=True)
    return all(a.contains(b) for a, b in pairs)


def _joined(spaces: list[Space]) -> Space | None:
    """The interval that scalar supports make together; None if there is a gap."""
    intervals = [space.supports[0].interval for space in spaces if space.scalar]
    pieces = sorted((piece for piece in intervals if piece), key=lambda piece: piece.low)
    if not pieces or len(pieces) < len(spaces):
        return None
    joined = pieces[0]
    for piece in pieces[1:]:
        if not joined.touches(piece):
            return None
        joined = joined.hull(piece)
    return Space((joined,), scalar=True)
