"""Fields of a component: their declarations, and the way of a value into a formula.

A component (transform, base) is a frozen dataclass. Its numeric fields are declared with
`parameter`, its settings (counts, orders, flags) with `setting`; both carry what the
checker, the schema and the documentation need to know. A parameter holds a number, a
float64 array, a `Learn` (trained or measured later) or a `FromContext` (one value per
row).
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from flowspec.diagnostics.records import Record, record
from flowspec.parts.values import Constraint, Value
from flowspec.support.support import REAL

ShapeRule = Callable[[Any, tuple[int, ...]], tuple[int, ...]]
"""(part, event shape) -> shape of a parameter, event axes last."""


def per_coordinate(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    """One value for each coordinate; a single number serves all of them."""
    return event


def square_matrix(component: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    """A matrix that acts on the event."""
    return (*event, *event)


@record
class ParameterSpec(Record):
    """The values that a numeric field may hold."""

    within: Constraint
    shape: ShapeRule
    doc: str
    infinite: bool
    trainable: bool
    by_row: bool
    matrix: bool

    @property
    def batched(self) -> bool:
        """True if the value takes part in elementwise formulas, and so carries the batch
        axis.
        """
        return not self.matrix


@record
class SettingSpec(Record):
    """The values of a field that is no parameter: whole numbers, flags, words, lists of
    them.
    """

    kind: type
    low: float
    high: float
    choices: tuple[str, ...]
    doc: str


@record
class ComponentSpec(Record):
    """A field that holds other parts: one, or all that are given."""

    many: bool
    doc: str
    univariate: bool = False
    transforms: bool = False


@record
class GrownSpec(Record):
    """A field of components that follow from the other fields and the event, as layers
    do.

    Nobody writes it.
    """


def component(
    *, many: bool = False, univariate: bool = False, transforms: bool = False, doc: str = ""
) -> Any:
    """Declare a field that holds another part, or (`many`) a tuple of parts.

    univariate   a step of one number, whose parameters something else decides
    transforms   steps in a base; a base else
    """
    return dataclasses.field(metadata={"spec": ComponentSpec(many, doc, univariate, transforms)})


def grown() -> Any:
    """Declare a field of parts that follow from the other fields, once the event is
    known.
    """
    return dataclasses.field(default=(), metadata={"grown": GrownSpec()}, repr=False)


def parameter(
    default: Value = dataclasses.MISSING,
    *,
    within: Constraint = REAL,
    shape: ShapeRule = per_coordinate,
    infinite: bool = False,
    trainable: bool = True,
    by_row: bool = True,
    matrix: bool = False,
    doc: str = "",
) -> Any:
    """Declare a numeric field: its constraint, shape and meaning.

    default    a number, an array or `Learn(...)`; without one the user must give it
    within     the values it may take
    shape      how many of them there are, given the event
    infinite   may it be infinite (an open end)?
    trainable  may it be learned, or come from the context?
    by_row     may it come from the context, which gives one number for each row?
    matrix     does it act by matrix products (and so carry no batch axis)?
    doc        half a sentence for `flowspec explain`
    """
    spec = ParameterSpec(
        within, shape, doc, infinite, trainable, by_row, matrix or shape is square_matrix
    )
    return dataclasses.field(default=default, metadata={"spec": spec})


def setting(
    default: Any = dataclasses.MISSING,
    *,
    kind: type = int,
    low: float = -math.inf,
    high: float = math.inf,
    choices: tuple[str, ...] = (),
    doc: str = "",
) -> Any:
    """Declare a field that is no parameter.

    kind   int, float, bool, str, or tuple (whole numbers)
    """
    spec = SettingSpec(kind, low, high, choices, doc)
    return dataclasses.field(default=default, metadata={"spec": spec})


Spec = ParameterSpec | SettingSpec | ComponentSpec
Specs = Mapping[str, Spec]


def _of_class(function: Callable[[type], Any]) -> Callable[[type], Any]:
    """Remember what follows from a class: torch.compile does not see through
    `functools.cache`.
    """
    known: dict[type, Any] = {}

    @functools.wraps(function)
    def look_up(kind: type) -> Any:
        if kind not in known:
            known[kind] = function(kind)
        return known[kind]

    return look_up


def specs(component: Any) -> Specs:
    """The declared fields of a part (an instance or its class), in order."""
    declared: Specs = _specs(component if isinstance(component, type) else type(component))
    return declared


@_of_class
def _specs(kind: type) -> Specs:
    return MappingProxyType(
        {f.name: f.metadata["spec"] for f in dataclasses.fields(kind) if "spec" in f.metadata}
    )


def parameters(component: Any) -> Mapping[str, ParameterSpec]:
    """The numeric fields of a part."""
    declared: Mapping[str, ParameterSpec] = _parameters(
        component if isinstance(component, type) else type(component)
    )
    return declared


@_of_class
def _parameters(kind: type) -> Mapping[str, ParameterSpec]:
    return MappingProxyType(
        {name: spec for name, spec in _specs(kind).items() if isinstance(spec, ParameterSpec)}
    )


@_of_class
def field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@_of_class
def inner_names(kind: type) -> tuple[tuple[str, bool], ...]:
    """The fields that hold other parts, and whether each holds many."""
    written = [
        (name, spec.many) for name, spec in _specs(kind).items() if isinstance(spec, ComponentSpec)
    ]
    return (
        *written,
        *((field.name, True) for field in dataclasses.fields(kind) if "grown" in field.metadata),
    )
