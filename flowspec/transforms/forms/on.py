"""A transform of some coordinates only: `on(...) { ... }` makes one of each of its steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import domain_mistakes
from flowspec.parts.fields import component, setting
from flowspec.parts.orders import undone
from flowspec.support.space import Image, Space
from flowspec.support.support import Support
from flowspec.transforms.transform import Transform


@dataclass(frozen=True, eq=False)
class On(Transform):
    """y[coordinates] = f(x[coordinates]); the other coordinates pass unchanged.

    A transform that changes the number of coordinates acts on neighbours only.
    """

    examples = ("on(0, 2) { Exp }", "on(1, 2) { StickBreaking }", "on(2, 0) { inverse { Tanh } }")
    before = "Normal(0, 1)[3] |> Tanh"
    form = "on"

    coordinates: tuple[int, ...] = setting(
        kind=tuple, low=0, doc="which coordinates, counted from 0"
    )
    transform: Transform = component()

    @property
    def has_reach(self) -> bool:  # type: ignore[override]  # that of the inner one
        return self.transform.has_reach

    @property
    def title(self) -> str:
        return self.transform.title

    @property
    def gains(self) -> int:
        return self.transform.gains

    def check_shape(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        if space.scalar:
            return [domain_mistakes.NeedsVector(giver=giver, part="`on`")]
        return self.check_coordinates(space, giver)

    def check_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        if max(self.coordinates) >= space.size:
            yield domain_mistakes.WrongCoordinate(
                found=max(self.coordinates), size=space.size, last=space.size - 1
            )
        elif len(set(self.coordinates)) < len(self.coordinates):
            yield domain_mistakes.RepeatedCoordinate()
        elif self.gains and not consecutive(self.coordinates):
            yield domain_mistakes.ScatteredCoordinates(inner=type(self.transform).__name__)
        elif self._split(space) is None:
            yield domain_mistakes.SplitGroup(giver=giver)
        else:
            yield from self.transform.check_coordinates(self.inner_space(space), giver)

    def inner_space(self, space: Space) -> Space:
        chosen = self._split(space)
        return Space(chosen or ())

    def _split(self, space: Space) -> tuple[Support, ...] | None:
        """The supports of the chosen coordinates, in their order; None if a group is
        chosen in part.
        """
        if max(self.coordinates) < space.size == len(space.supports):
            return tuple(map(space.supports.__getitem__, self.coordinates))
        starts = {block.start: (block, support) for block, support in space.blocks}
        chosen, at = [], 0
        while at < len(self.coordinates):
            block, support = starts.get(self.coordinates[at], (None, None))
            if (
                block is None
                or support is None
                or self.coordinates[at : at + support.size] != tuple(range(block.start, block.stop))
            ):
                return None
            chosen.append(support)
            at += support.size
        return tuple(chosen)

    def _placed(self, space: Space, inner: Space) -> Space:
        """The whole support, with `inner` over the chosen coordinates."""
        if inner.size == len(self.coordinates) and all(
            support.size == 1 for support in inner.supports
        ):
            new = {block.start: support for block, support in space.blocks} | dict(
                zip(self.coordinates, inner.supports, strict=True)
            )
            return space.with_supports(map(new.__getitem__, sorted(new)))
        first, last = min(self.coordinates), max(self.coordinates)
        before = [support for block, support in space.blocks if block.start < first]
        behind = [support for block, support in space.blocks if block.start > last]
        return space.with_supports([*before, *inner.supports, *behind])

    def _placed_image(self, space: Space, inner: Image) -> Image:
        return Image(self._placed(space, inner.space), inner.exact)

    @property
    def output_coordinates(self) -> tuple[int, ...]:
        """The coordinates of the output that it makes."""
        if not self.gains:
            return self.coordinates
        return tuple(range(self.coordinates[0], self.coordinates[-1] + 1 + self.gains))

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        return self.transform.check_consistency(self.inner_space(space))

    def domain_for(self, space: Space) -> Space:
        return self._placed(space, self.transform.domain_for(self.inner_space(space)))

    def image(self, space: Space) -> Image:
        return self._placed_image(space, self.transform.image(self.inner_space(space)))

    def preimage(self, space: Space) -> Image:
        return self._placed_image(space, self.transform.preimage(self.inner_space(space)))

    def straight(self, before: Sequence[bool]) -> tuple[bool, ...]:
        if self.gains:
            return super().straight(before)
        inner = self.transform.straight([before[i] for i in self.coordinates])
        changed = dict(zip(self.coordinates, inner, strict=True))
        return tuple(changed.get(i, is_straight) for i, is_straight in enumerate(before))

    def measurements(
        self,
        y: np.ndarray,
        path: str,
        weights: np.ndarray | None = None,
        features: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        return self.transform.measurements(
            y[list(self.output_coordinates)], f"{path}.transform", weights, features
        )

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        y, log_det = self.transform.forward_and_log_det(ops, _chosen(ops, x, self.coordinates))
        return _put(ops, x, self.coordinates, y), log_det

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        x, log_det = self.transform.inverse_and_log_det(
            ops, _chosen(ops, y, self.output_coordinates)
        )
        return _put(ops, y, self.output_coordinates, x), log_det


def consecutive(coordinates: tuple[int, ...]) -> bool:
    """True if they stand side by side, in order."""
    return coordinates == tuple(range(coordinates[0], coordinates[0] + len(coordinates)))


def _chosen(ops: Ops, x: Array, coordinates: tuple[int, ...]) -> Array:
    return (
        x[coordinates[0] : coordinates[-1] + 1]
        if consecutive(coordinates)
        else ops.take(x, coordinates)
    )


def _put(ops: Ops, x: Array, coordinates: tuple[int, ...], new: Array) -> Array:
    """`x` with `new` in the place of its coordinates."""
    if consecutive(coordinates):
        return joined(ops, [x[: coordinates[0]], new, x[coordinates[-1] + 1 :]])
    taken = {*coordinates}
    kept = [i for i in range(x.shape[0]) if i not in taken]
    order = [*kept, *coordinates]
    everything = joined(ops, [ops.take(x, kept), new]) if kept else new
    return ops.take(everything, undone(order))


def joined(ops: Ops, arrays: Sequence[Array]) -> Array:
    """The parts that are not empty, along the first axis."""
    arrays = [array for array in arrays if array.shape[0]]
    return arrays[0] if len(arrays) == 1 else ops.concat(arrays)
