"""The support of one point of a pipeline, set by set."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from flowspec.support.sets import REAL, Interval, Part, as_interval, narrowed


@dataclass(frozen=True)
class Space:
    """The support of one point of a pipeline: sets over neighbouring coordinates, in order.

    `scalar` tells a single number (shape `()`) from a vector of one coordinate (shape `(1,)`).
    """

    parts: tuple[Part, ...]
    scalar: bool = False

    @functools.cached_property
    def size(self) -> int:
        """The number of coordinates."""
        return sum(part.size for part in self.parts)

    @functools.cached_property
    def is_real(self) -> bool:
        """Is every coordinate any real number?"""
        return all(part is REAL or part == REAL for part in self.parts)

    @functools.cached_property
    def intervals(self) -> tuple[Interval, ...] | None:
        """Coordinate by coordinate, as numbers; None if coordinates are tied together."""
        found = tuple(as_interval(part) for part in self.parts)
        return None if None in found else found  # type: ignore[return-value]

    @functools.cached_property
    def blocks(self) -> tuple[tuple[slice, Part], ...]:
        """Each set with the coordinates it covers."""
        ends = list(itertools.accumulate((part.size for part in self.parts), initial=0))
        return tuple(zip(map(slice, ends, ends[1:]), self.parts, strict=True))

    @functools.cached_property
    def memory(self) -> dict[Any, Any]:
        """What follows from the space and is needed again and again: for `flowspec.support.membership`."""
        return {}

    @staticmethod
    def of(part: Part, size: int | None = None) -> Space:
        """`size` coordinates that each take the values of `part`; a scalar if no size is given."""
        return Space((part,), scalar=True) if size is None else Space((part,) * size)

    @property
    def shape(self) -> tuple[int, ...]:
        return () if self.scalar else (self.size,)

    def same(self, other: Space, *, ignore_ends: bool = False) -> bool:
        """Are both the same set of points?"""
        return (
            self.shape == other.shape
            and len(self.parts) == len(other.parts)
            and all(
                a.same(b, ignore_ends=ignore_ends)
                for a, b in zip(self.parts, other.parts, strict=True)
            )
        )

    def narrowed(self, domain: Space) -> Space:
        """The space without those ends of its sets that `domain` leaves out."""
        parts = tuple(map(narrowed, self.parts, domain.parts))
        return self if all(map(operator.is_, parts, self.parts)) else self.with_parts(parts)

    def with_parts(self, parts: Iterable[Part]) -> Space:
        return replace(self, parts=tuple(parts))

    def __str__(self) -> str:
        runs: list[tuple[Part, int]] = []
        for part in self.parts:
            if runs and runs[-1][0] == part:
                runs[-1] = (part, runs[-1][1] + 1)
            else:
                runs.append((part, 1))
        return ", ".join(f"{part} x {count}" if count > 1 else str(part) for part, count in runs)
