"""`event` as a value: the coordinates that a flow onto it begins with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from flowspec.bases.base import Base
from flowspec.bases.join import Join
from flowspec.bases.uniform import CircularUniform
from flowspec.ir.pipeline import Declaration
from flowspec.parts.trees import with_fields
from flowspec.support.circle import Circle
from flowspec.support.support import REAL, Support


@dataclass(frozen=True)
class Coordinates:
    """Coordinates that `Onto` takes to the event, each a number or an angle."""

    supports: tuple[Support, ...]

    @property
    def size(self) -> int:
        return len(self.supports)

    def reversed(self) -> Coordinates:
        """The same ones, the last first."""
        return Coordinates(self.supports[::-1])

    def copies(self, base: Base) -> Base:
        """A copy of the base for each number; for an angle the uniform one of its circle."""
        runs = tuple(_run(base, support, size) for support, size in self._runs())
        return runs[0] if len(runs) == 1 else Join(bases=runs)

    def _runs(self) -> Iterator[tuple[Support, int]]:
        """Each support, with how many neighbors have it."""
        for support, run in groupby(self.supports):
            yield support, len(list(run))


def coordinates(event: Declaration) -> Coordinates:
    """The coordinates of an event: angles stay, a simplex has one less than shares."""
    supports: list[Support] = []
    for support in event.space.supports:
        supports += [support] if support.period else [REAL] * support.free_size
    return Coordinates(tuple(supports))


def _run(base: Base, support: Support, size: int) -> Base:
    if isinstance(support, Circle):
        base = CircularUniform(support.low, support.high)
    return with_fields(base, {"size": size})
