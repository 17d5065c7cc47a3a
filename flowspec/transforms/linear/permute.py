"""Changes of the order of the coordinates."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import domain_mistakes, mistakes
from flowspec.parts.checks import coordinates
from flowspec.parts.fields import setting
from flowspec.support.space import Image, Space
from flowspec.transforms.transform import Transform


class Reordering(Transform):
    """y[i] = x[order[i]].   Slope: 1."""

    @abstractmethod
    def order_of(self, size: int) -> tuple[int, ...]:
        """The coordinate that comes to each place."""

    def check_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        if any(support.size > 1 for support in space.supports):
            tied = next(support for support in space.supports if support.size > 1)
            yield domain_mistakes.TiedCoordinates(giver=giver, gives=tied.words)

    def domain_for(self, space: Space) -> Space:
        return space

    def range_for(self, space: Space) -> Space:
        return space

    def image(self, space: Space) -> Image:
        return Image(space.with_supports(space.supports[i] for i in self.order_of(space.size)))

    def preimage(self, space: Space) -> Image:
        return Image(space.with_supports(space.supports[i] for i in self._back(space.size)))

    def straight(self, before: Sequence[bool]) -> tuple[bool, ...]:
        return tuple(before[i] for i in self.order_of(len(before)))

    def _back(self, size: int) -> list[int]:
        order = self.order_of(size)
        return sorted(range(size), key=order.__getitem__)

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        return ops.take(x, self.order_of(x.shape[0])), 0.0

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        return ops.take(y, self._back(y.shape[0])), 0.0


@dataclass(frozen=True, eq=False)
class Reverse(Reordering):
    """y[i] = x[D - 1 - i].

    Source: zuko.transforms.PermutationTransform with the reversed order.
    """

    examples = ("Reverse",)

    def order_of(self, size: int) -> tuple[int, ...]:
        return tuple(range(size - 1, -1, -1))


@dataclass(frozen=True, eq=False)
class Permute(Reordering):
    """y[i] = x[order[i]].   Source: zuko.transforms.PermutationTransform."""

    examples = ("Permute([2, 0, 1])",)

    order: tuple[int, ...] = setting(
        kind=tuple, low=0, doc="which coordinate comes to each place, counted from 0"
    )

    def check_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        if len(self.order) != space.size:
            expected, found = coordinates(len(self.order)), coordinates(space.size)
            advice = f"write each number from 0 to {space.size - 1} once, in the new order"
            yield domain_mistakes.WrongSize(
                expected=expected, found=found, giver=giver, advice=advice
            )
        elif sorted(self.order) != list(range(space.size)):
            yield mistakes.NotAPermutation(field="order", last=space.size - 1)
        else:
            yield from super().check_coordinates(space, giver)

    def order_of(self, size: int) -> tuple[int, ...]:
        return tuple(int(i) for i in self.order)
