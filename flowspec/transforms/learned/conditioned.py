"""Transforms whose parameters a network gives: the common part of `Autoregressive`,
`Coupling` and `Elementwise`.

The univariate step inside runs from data to base, as in zuko: so the density is explicit
whatever the univariate is, and sampling inverts it.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.networks.inputs import angular_rates, feature_count, tamed
from flowspec.networks.layers import ContextInput, Layer, run
from flowspec.networks.settings import too_large
from flowspec.ops import Ops
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.vocabulary import Array
from flowspec.parts.fields import component, grown, parameters, setting
from flowspec.parts.trees import with_fields
from flowspec.parts.values import Constraint, Learn, Predicted, WholeContext, branch_of, value_range
from flowspec.support.space import Image, Space
from flowspec.transforms.elementwise.standard import from_real
from flowspec.transforms.transform import Transform, Univariate


def sees_angles() -> bool:
    """The setting `periodic`."""
    return setting(
        True, kind=bool, doc="does the network see an angle as cosine and sine, without a seam?"
    )


@dataclass(frozen=True, eq=False)
class Conditioned(Transform):
    """x = f(y), coordinate by coordinate, where a network gives the parameters of f; f
    runs from data to base.
    """

    univariate: Univariate = component(
        univariate=True, doc="the step of one number, from data to base, whose parameters are given"
    )
    network: tuple[Layer, ...] = grown()
    context: tuple[ContextInput, ...] = grown()
    rates: tuple[float, ...] = ()
    """The factor that turns each input into an angle, as `angular_rates` gives it."""

    takes_scalars = True
    has_reach = True
    before = "Normal([-0.5, 0, 0.5], 1)"

    # --- what the network is for ----------------------------------------------------------------

    @abstractmethod
    def make_network(
        self, space: Space, rates: Sequence[float], context_rates: Sequence[float], outputs: int
    ) -> tuple[Layer, ...]:
        """The network for an event; () if nothing could be its input.

        rates     of the coordinates, as `angular_rates` gives them
        context_rates   the same of the context variables
        outputs   how many numbers a coordinate takes
        """

    def is_free(self, size: int) -> Sequence[bool]:
        """For each coordinate, True if its parameters do not depend on others."""
        return (True,) * size

    def straight(self, before: Sequence[bool]) -> tuple[bool, ...]:
        free = self.is_free(len(before))
        inner = self.univariate.straight(before)
        return tuple(a and b for a, b in zip(inner, free, strict=True))

    def grow(self, space: Space, context_rates: Sequence[float]) -> Transform:
        # Parameters that are learned are from then on what the network gives.
        if self.network:
            return self
        predicted = {
            name: value
            for name in parameters(self.univariate)
            if isinstance(value := getattr(self.univariate, name), Learn)
        }
        event = self.inner_space(space).shape
        outputs = sum(_count(self.univariate, name, event) for name in predicted)
        rates = angular_rates(space) if getattr(self, "periodic", False) else (0.0,) * space.size
        network = self.make_network(space, rates, context_rates, outputs) if outputs else ()
        if not network:
            return self
        specs = parameters(self.univariate)
        univariate = with_fields(
            self.univariate,
            {n: _predicted(value, specs[n].within) for n, value in predicted.items()},
        )
        context_size = feature_count(context_rates)
        context = (ContextInput(WholeContext(context_size)),) if context_size else ()
        return with_fields(
            self, {"univariate": univariate, "network": network, "context": context, "rates": rates}
        )

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        hidden = getattr(self, "hidden", ())
        event = self.inner_space(space).shape
        values = {name: getattr(self.univariate, name) for name in parameters(self.univariate)}
        outputs = sum(
            _count(self.univariate, n, event)
            for n, value in values.items()
            if isinstance(value, Learn | Predicted)
        )
        yield from too_large([2 * space.size, *hidden, outputs * math.prod(event)])

    @property
    def varies(self) -> bool:
        return True

    def outputs(self, ops: Ops, x: Array | None) -> Array:
        """The output (outputs, N) of the network for the features `x`.

        Without features it sees the context alone."""
        contexts = [layer.context for layer in self.context]
        inputs = (
            ops.concat([x, *contexts])
            if x is not None and contexts
            else contexts[0]
            if x is None
            else x
        )
        return run(ops, self.network, tamed(ops, inputs))

    def given(self, ops: Ops, raw: Array, size: int | None) -> Univariate:
        """The univariate step with the parameters that the network gives, as `with_given`
        takes them.
        """
        return with_given(ops, self.univariate, raw, size)

    # --- supports: those of the univariate, backwards ---------------------------------------------

    def check_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        return self.univariate.check_image_coordinates(self.inner_space(space), giver)

    def check_image_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        return self.univariate.check_coordinates(self.inner_space(space), giver)

    def domain_for(self, space: Space) -> Space:
        return self.placed(space, self.univariate.range_for(self.inner_space(space)))

    def range_for(self, space: Space) -> Space:
        return self.placed(space, self.univariate.domain_for(self.inner_space(space)))

    def image(self, space: Space) -> Image:
        return self._placed_image(space, self.univariate.preimage(self.inner_space(space)))

    def preimage(self, space: Space) -> Image:
        return self._placed_image(space, self.univariate.image(self.inner_space(space)))

    def _placed_image(self, space: Space, inner: Image) -> Image:
        return Image(self.placed(space, inner.space), inner.exact)

    def placed(self, space: Space, inner: Space) -> Space:
        """The whole support, with `inner` over the coordinates that change."""
        return inner


def with_given(ops: Ops, univariate: Univariate, raw: Array, size: int | None) -> Univariate:
    """A univariate step with the parameters that a network gives.

    raw    (P size, N), parameter by parameter
    size   how many coordinates there are; None for a scalar
    """
    event = () if size is None else (size,)
    predicted = {
        n: v for n in parameters(univariate) if isinstance(v := getattr(univariate, n), Predicted)
    }
    shapes = [parameters(univariate)[name].shape(univariate, event) for name in predicted]
    pieces = ops.split(raw, [math.prod(shape) for shape in shapes])
    values = {}
    for (name, value), shape, rows in zip(predicted.items(), shapes, pieces, strict=True):
        free = rows[0] if not shape else rows if len(shape) == 1 else ops.unflatten(rows, shape)
        values[name] = _constrained(ops, free, value)
    return with_fields(univariate, values)


def _count(univariate: Univariate, name: str, event: tuple[int, ...]) -> int:
    """The number of entries of a parameter for each coordinate."""
    shape = parameters(univariate)[name].shape(univariate, event)
    return math.prod(shape[: len(shape) - len(event)])


def _predicted(start: Learn, within: Constraint) -> Predicted:
    """The output of a network in the place of a learned parameter."""
    offset = np.asarray(start.init).flat[0]
    steps = from_real(value_range(start, branch_of(within, float(offset))))
    for step in reversed(steps):
        offset = step.inverse(REFERENCE, offset)
    return Predicted(start, float(offset), steps)


def _constrained(ops: Ops, free: Array, predicted: Predicted) -> Array:
    """A parameter from the free number that a network gives."""
    if predicted.offset:
        free = free + predicted.offset
    for step in predicted.steps:
        free = step.forward(ops, free)
    return free
