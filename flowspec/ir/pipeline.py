"""Pipelines: a base, steps with the supports between them, and the names of what goes in
and out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from flowspec.bases.base import Base
from flowspec.diagnostics.prompt import headline
from flowspec.diagnostics.records import Record, record
from flowspec.diagnostics.source import Span
from flowspec.ir.glance import glance
from flowspec.networks.context import StandardContext
from flowspec.parts.values import FromContext
from flowspec.support.space import Space
from flowspec.support.support import REAL, Support
from flowspec.transforms.chain import Step
from flowspec.transforms.transform import Transform


@record
class Vector(Record):
    """Neighboring variables that were declared together: `t[3]` stands for t0, t1 and t2."""

    name: str
    start: int
    size: int

    @property
    def places(self) -> range:
        """The places of its variables in the declaration."""
        return range(self.start, self.start + self.size)


@dataclass(frozen=True)
class Declaration:
    """Named variables and their supports, in order: the `event` or the `context` of a
    file.
    """

    names: tuple[str, ...]
    space: Space
    span: Span | None = field(default=None, compare=False)
    spans: tuple[Span, ...] = field(default=(), compare=False)
    vectors: tuple[Vector, ...] = ()

    @property
    def groups(self) -> Iterator[tuple[slice, Support, str]]:
        """Places, their support, and the name of the vector that they are, "" if they are none.

        A vector whose variables are tied together falls apart into their names.
        """
        starts = {vector.start: vector for vector in self.vectors}
        end = 0
        for block, support in self.space.blocks:
            vector = None if support.joint else starts.get(block.start)
            if vector:
                end = vector.places.stop
                yield slice(block.start, end), support, vector.name
            elif block.start >= end:
                yield block, support, ""

    @property
    def words(self) -> tuple[str, ...]:
        """Everything that `places` finds: names of variables and of vectors."""
        return (*self.names, *(vector.name for vector in self.vectors))

    def places(self, name: str) -> range | None:
        """The places of the variable or the vector of that name; None if there is neither."""
        if name in self.names:
            return range(self.names.index(name), self.names.index(name) + 1)
        return next((vector.places for vector in self.vectors if vector.name == name), None)

    def value(self, name: str) -> FromContext | None:
        """The value that a name of the context stands for; None if it is none."""
        places = self.places(name)
        if places is None:
            return None
        support = self.space.supports[places.start].interval or REAL
        size = None if name in self.names else len(places)
        return FromContext(places.start, name, support, size)


@dataclass(frozen=True, eq=False, repr=False)
class Pipeline:
    """A base, the steps from it to the data, and the names of what goes in and out.

    The part that a flow keeps in all its phases: see `Flow` and
    `flowspec.model.fixed.FixedFlow`.
    """

    base: Base
    steps: tuple[Step, ...]
    context: Declaration | None = None
    event: Declaration | None = None
    standard: StandardContext | None = None
    """The context as networks see it; None where no network sees it."""

    def __repr__(self) -> str:
        names = self.context.names if self.context else ()
        head = headline(type(self).__name__, self.columns, names, None)
        return glance(head, self.base, [step.transform for step in self.steps])

    @property
    def base_space(self) -> Space:
        """The support of the base, as far as the first step takes it."""
        return self.steps[0].input if self.steps else self.base.space

    @property
    def space(self) -> Space:
        """The support of the data."""
        return self.steps[-1].output if self.steps else self.base.space

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one data point: `()` or `(D,)`."""
        return self.space.shape

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the coordinates: those of `event`, else `x` or `x0`, `x1`, ..."""
        if self.event:
            return self.event.names
        return ("x",) if self.space.scalar else tuple(f"x{i}" for i in range(self.space.size))

    @property
    def noise(self) -> tuple[str, ...]:
        """The kind of each standard draw of the base: `normal` or `uniform`."""
        return self.base.noise

    @property
    def components(self) -> tuple[tuple[str, Base | Transform | StandardContext], ...]:
        """The base, the transforms and the context for networks, each with its path:
        `steps.0`.
        """
        steps = ((f"steps.{i}", step.transform) for i, step in enumerate(self.steps))
        return ("base", self.base), *steps, *([("context", self.standard)] if self.standard else [])
