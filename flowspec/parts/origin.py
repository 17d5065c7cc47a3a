"""The place where a component was written: it carries that itself, through every copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flowspec.diagnostics.source import Place, Span

_Component = TypeVar("_Component")


@dataclass(frozen=True)
class Origin:
    """The place of a component.

    span     the whole call, if it was written in a text
    fields   each of its arguments, by the name of the field
    path     its place in a JSON file, if it stood there
    behind   its place in the definition of another file that the call stands for
    """

    span: Span | None = None
    fields: Mapping[str, Span] = field(default_factory=dict)
    path: str = ""
    behind: Origin | None = None

    def place(self, field: str) -> Span | None:
        """The place of an argument, or the whole call."""
        return self.fields.get(field) or self.span

    def definition(self, field: str = "") -> tuple[Place, ...]:
        """The place behind the call, to which a mistake is related."""
        span = self.behind.place(field) if self.behind else None
        return (Place(span, "in its definition"),) if span else ()


NOWHERE = Origin()


def placed(component: _Component, origin: Origin) -> _Component:
    """A copy of a component that was written there."""
    copy: _Component = object.__new__(type(component))
    copy.__dict__.update(component.__dict__)
    copy.__dict__["origin"] = origin
    return copy


def origin_of(component: Any) -> Origin:
    """The place of a component; one that was made in Python has none."""
    origin: Origin = getattr(component, "origin", NOWHERE)
    return origin
