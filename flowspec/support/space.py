"""The support of one point of a pipeline, set by set."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, groupby
from typing import Any

from flowspec.support.support import REAL, Interval, Support


@dataclass(frozen=True)
class Space:
    """The support of one point of a pipeline: sets over neighboring coordinates, in
    order.

    `scalar` tells a single number (shape `()`) from a vector of one coordinate (shape
    `(1,)`).
    """

    supports: tuple[Support, ...]
    scalar: bool = False

    @staticmethod
    def of(support: Support, size: int | None = None) -> Space:
        """`size` coordinates of one support; a scalar if no size is given."""
        return Space((support,), scalar=True) if size is None else Space((support,) * size)

    @cached_property
    def size(self) -> int:
        """The number of coordinates."""
        return sum(support.size for support in self.supports)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one point."""
        return () if self.scalar else (self.size,)

    @cached_property
    def is_real(self) -> bool:
        """True if every coordinate can be any real number."""
        return all(support is REAL or support == REAL for support in self.supports)

    @cached_property
    def intervals(self) -> tuple[Interval, ...] | None:
        """The values coordinate by coordinate, as numbers; None if coordinates are tied
        together.
        """
        intervals = [i for support in self.supports if (i := support.interval) is not None]
        return tuple(intervals) if len(intervals) == len(self.supports) else None

    @cached_property
    def blocks(self) -> tuple[tuple[slice, Support], ...]:
        """Each set with the coordinates it covers."""
        ends = list(accumulate((support.size for support in self.supports), initial=0))
        return tuple(zip(map(slice, ends, ends[1:]), self.supports, strict=True))

    @property
    def free_coordinates(self) -> tuple[int, ...]:
        """Those that a density is of: without the last of a simplex, which follows."""
        return tuple(
            i for b, support in self.blocks for i in range(b.start, b.start + support.free_size)
        )

    @cached_property
    def memory(self) -> dict[Any, Any]:
        """Results that `flowspec.support.membership` keeps with the space."""
        return {}

    def same(self, other: Space, *, ignore_ends: bool = False) -> bool:
        """True if both are the same set of points."""
        if self.shape != other.shape or len(self.supports) != len(other.supports):
            return False
        pairs = zip(self.supports, other.supports, strict=True)
        return all(a.same(b, ignore_ends=ignore_ends) for a, b in pairs)

    def narrowed(self, domain: Space) -> Space:
        """The space without those ends of its sets that `domain` leaves out."""
        supports = tuple(
            a.narrowed(b) for a, b in zip(self.supports, domain.supports, strict=False)
        )
        unchanged = len(supports) == len(self.supports) and all(
            map(operator.is_, supports, self.supports)
        )
        return self if unchanged else self.with_supports(supports)

    def with_supports(self, supports: Iterable[Support]) -> Space:
        """The same kind of point (a scalar or a vector) over other sets."""
        return replace(self, supports=tuple(supports))

    def __str__(self) -> str:
        runs = [(support, len(list(run))) for support, run in groupby(self.supports)]
        return ", ".join(f"{support} x {n}" if n > 1 else str(support) for support, n in runs)


@dataclass(frozen=True)
class Image:
    """The support behind a transform, and whether it is the image or only holds it.

    exact   True if every point of `space` is reached. Otherwise `space` holds the image,
            and a point that is
            pulled back is tested again where it came from.
    """

    space: Space
    exact: bool = True
