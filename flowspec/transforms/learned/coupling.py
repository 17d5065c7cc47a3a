"""Coupling steps: some coordinates pass, and give the parameters for the others.

Source: Density estimation using Real NVP, Dinh et al., 2016, arXiv:1605.08803;
    zuko.flows.GeneralCouplingTransform.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.networks.inputs import feature_count, features
from flowspec.networks.layers import Layer, mlp
from flowspec.networks.settings import activation_name, hidden_layers, normalizes
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import mistakes
from flowspec.parts.fields import setting
from flowspec.parts.orders import undone
from flowspec.support.space import Space
from flowspec.transforms.forms.on import joined
from flowspec.transforms.learned.conditioned import (
    Conditioned,
    sees_angles,
)
from flowspec.transforms.transform import Univariate, over_event


@dataclass(frozen=True, eq=False)
class Coupling(Conditioned):
    """x_b = f(y_b; network(y_a)), x_a = y_a: one part of the coordinates given the other.

    Source: arXiv:1605.08803.

    Both directions take one pass of the network. `mask` has 1 for the coordinates that
    pass; without it every second one does: those with an odd number for `parity` 0, those
    with an even one for `parity` 1.
    """

    examples = (
        "Coupling(MonotonicAffine, hidden=[16, 16])",
        'Coupling(RQS(bins=4), mask=[1, 0, 0], hidden=[8], activation="silu", normalize=true)',
        "Coupling(Affine(scale=2), parity=1)",
        "Coupling(MonotonicAffine, hidden=[])",
    )

    mask: tuple[int, ...] = setting(
        (), kind=tuple, low=0, high=1, doc="1 for each coordinate that passes"
    )
    parity: int = setting(0, low=0, doc="which half passes if there is no mask: counted modulo 2")
    hidden: tuple[int, ...] = hidden_layers()
    activation: str = activation_name()
    normalize: bool = normalizes()
    periodic: bool = sees_angles()

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        yield from super().check_consistency(space)
        if self.mask and len(self.mask) != space.size:
            yield mistakes.WrongCount(
                field="mask", found=len(self.mask), what="numbers", size=space.size
            )

    def _passing(self, size: int) -> list[int]:
        if size == 1:
            return []
        if len(self.mask) == size:
            return [i for i in range(size) if self.mask[i]]
        return [i for i in range(size) if i % 2 != self.parity % 2]

    def _moved(self, size: int) -> list[int]:
        passing = set(self._passing(size))
        return [i for i in range(size) if i not in passing]

    def straight(self, before: Sequence[bool]) -> tuple[bool, ...]:
        passing = set(self._passing(len(before)))
        inner = super().straight(before)
        return tuple(
            straight if i in passing else inner[i] and not passing
            for i, straight in enumerate(before)
        )

    def inner_space(self, space: Space) -> Space:
        if space.scalar or len(space.supports) < space.size:
            return space
        return Space(tuple(space.supports[i] for i in self._moved(space.size)))

    def check_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        if space.size > 1 and len(set(self.mask)) == 1 and len(self.mask) == space.size:
            yield mistakes.OneSidedMask(field="mask")
        elif len(space.supports) < space.size:
            yield from self.univariate.check_coordinates(space, giver)
        else:
            yield from super().check_coordinates(space, giver)

    check_image_coordinates = check_coordinates

    def placed(self, space: Space, inner: Space) -> Space:
        if space.scalar or len(space.supports) < space.size:
            return inner
        new = dict(zip(self._moved(space.size), inner.supports, strict=True))
        return space.with_supports(new.get(i, support) for i, support in enumerate(space.supports))

    def make_network(
        self, space: Space, rates: Sequence[float], context_rates: Sequence[float], outputs: int
    ) -> tuple[Layer, ...]:
        passing, moved = self._passing(space.size), self._moved(space.size)
        inputs = feature_count([*(rates[i] for i in passing), *context_rates])
        if not inputs:
            return ()
        return mlp(inputs, outputs * len(moved), self.hidden, self.activation, self.normalize)

    def _step(self, ops: Ops, x: Array) -> tuple[Univariate, Array]:
        """The univariate step for the coordinates that change, which are also given."""
        if len(x.shape) == 1:
            return (
                self.given(ops, self.outputs(ops, None), None) if self.network else self.univariate
            ), x
        passing, moved = self._passing(x.shape[0]), self._moved(x.shape[0])
        if not self.network:
            return self.univariate, x
        kept = (
            features(ops, ops.take(x, passing), [self.rates[i] for i in passing])
            if passing
            else None
        )
        return self.given(ops, self.outputs(ops, kept), len(moved)), ops.take(
            x, moved
        ) if passing else x

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        step, moving = self._step(ops, y)
        x, log_slope = step.forward_and_log_slope(ops, moving)
        return self._merged(ops, y, x), -over_event(ops, log_slope, x)

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        step, moving = self._step(ops, x)
        y, log_slope = step.inverse_and_log_slope(ops, moving)
        return self._merged(ops, x, y), -over_event(ops, log_slope, y)

    def _merged(self, ops: Ops, x: Array, moved: Array) -> Array:
        """`x` with the coordinates that change replaced."""
        passing = self._passing(x.shape[0]) if len(x.shape) > 1 else []
        if not passing:
            return moved
        order = [*passing, *self._moved(x.shape[0])]
        everything = joined(ops, [ops.take(x, passing), moved])
        return ops.take(everything, undone(order))
