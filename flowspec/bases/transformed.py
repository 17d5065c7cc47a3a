"""Whole flows where bases stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, cast

from flowspec.bases.base import Base, BoundedBase, Noise
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import component
from flowspec.support.membership import either, keep_inside, move_to_safety
from flowspec.support.space import Space
from flowspec.transforms.chain import Step, chained, forward, inverse
from flowspec.transforms.transform import Transform, over_event


class Ends(Protocol):
    """A step behind a bounded base, which is asked for points behind it."""

    def shares(self, ops: Ops, y: Array) -> tuple[Array, Array, Array | None]:
        """The distances of y to the two ends as shares of the width, and where y is beyond them."""
        ...

    def log_scale(self, ops: Ops) -> Array:
        """log |dy/dx|."""
        ...


@dataclass(frozen=True, eq=False)
class Chain:
    """A base and the steps behind it, with the supports between them.

    stretch   the first step, where the density of the base is asked for behind it
    """

    base: Base
    steps: tuple[Step, ...]
    base_space: Space
    stretch: Ends | None = None

    def log_prob_and_outside(self, ops: Ops, x: Array) -> tuple[Array, Array | None]:
        """Log-density (N,) of points of the support, and those that are found to lie outside of
        what the parameters leave of it, if there may be any.
        """
        return self.back(ops, x)[1:]

    def back(self, ops: Ops, x: Array) -> tuple[Array, Array, Array | None]:
        """The same, before them the points of the base that give these."""
        if self.stretch is not None:
            return self._stretched(ops, self.stretch, x)
        x, log_det, left = inverse(ops, self.steps, x)
        with ops.scope("base"):
            x = move_to_safety(ops, self.base_space, x, left)
            log_prob, beyond = self.base.log_prob_and_outside(ops, x)
            return x, log_prob - log_det, either(left, beyond)

    def _stretched(self, ops: Ops, stretch: Ends, x: Array) -> tuple[Array, Array, Array | None]:
        """The same, the first step and the base as one, so that ends keep their digits."""
        x, log_det, left = inverse(ops, self.steps[1:], x)
        with ops.scope("base"):
            x = move_to_safety(ops, self.steps[0].output, x, left)
            base = cast(BoundedBase, self.base)
            above, below, beyond = stretch.shares(ops, x)
            density = base.log_density_from_ends(ops, above, below) - stretch.log_scale(ops)
            log_prob = cast(Array, over_event(ops, density, x)) - log_det
            if beyond is not None:
                left = either(left, beyond if self.base_space.scalar else ops.any(beyond))
            low, high = base.support.low, base.support.high
            return low + above * (high - low), log_prob, left


@dataclass(frozen=True, eq=False)
class Transformed(Base):
    """The distribution of a base's points behind steps: a flow inside `Join` or `Mixture`.

    Source: torch.distributions.TransformedDistribution.
    """

    examples = (
        "Mixture(1, Normal(0, 1) |> Exp)",
        "Mixture(learn([1, 1]), Normal(0, 1)[2] |> Exp, Normal(1, 1)[2] |> Softplus)",
        "Join(Normal(0, 1) |> Sigmoid |> Affine(learn(0), learn(2)), Uniform(0, 1))",
        "Mixture([1, 2], MAF(2, hidden=[4]), Join(Normal(0, 1) |> Tanh, Normal(learn(0), 1)))",
    )
    form = "|>"

    base: Base = component(doc="the base")
    steps: tuple[Transform, ...] = component(many=True, transforms=True, doc="the steps behind it")

    @property
    def title(self) -> str:
        return f"{self.base.title} |> {'... |> ' * (len(self.steps) > 1)}{self.steps[-1].title}"

    @property
    def event_shape(self) -> tuple[int, ...]:
        gained = sum(step.gains for step in self.steps)
        return tuple(size + gained for size in self.base.event_shape)

    @cached_property
    def places(self) -> tuple[Step, ...]:
        """The steps with the supports between them."""
        steps = chained(self.base.space, self.steps)
        return tuple(replace(step, places=(index,)) for index, step in enumerate(steps))

    @cached_property
    def chain(self) -> Chain:
        """The base and the steps with their supports; of bound copies, as they are bound."""
        return Chain(self.base, self.places, self.places[0].input)

    @cached_property
    def space(self) -> Space:
        return self.places[-1].output

    @cached_property
    def support_varies(self) -> bool:
        return self.base.support_varies or any(step.retests for step in self.places)

    @property
    def noise(self) -> tuple[Noise, ...]:
        return self.base.noise

    @property
    def latent(self) -> tuple[str, ...]:
        return self.base.latent

    def to_latent(self, ops: Ops, x: Array) -> Array:
        return self.chain.base.to_latent(ops, self.chain.back(ops, x)[0])

    def check_consistency(self) -> Iterable[Diagnostic]:
        for step in self.places:
            yield from step.transform.check_consistency(step.input)

    def sample(self, ops: Ops, noise: Array) -> Array:
        with ops.scope("base"):
            x = keep_inside(ops, self.chain.base_space, self.chain.base.sample(ops, noise))
        return forward(ops, self.chain.steps, x)[0]

    def log_prob(self, ops: Ops, x: Array) -> Array:
        return self.log_prob_and_outside(ops, x)[0]

    def outside(self, ops: Ops, x: Array) -> Array | None:
        return self.log_prob_and_outside(ops, x)[1]

    def log_prob_and_outside(self, ops: Ops, x: Array) -> tuple[Array, Array | None]:
        return self.chain.log_prob_and_outside(ops, x)
