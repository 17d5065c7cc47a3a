"""Parameters of a part: what a field may hold, and how its value reaches a formula.

A part (transform, base) is a frozen dataclass. Its numeric fields are declared with `parameter`,
its settings (counts, orders, flags) with `setting`; both carry what the checker, the schema and
the documentation need to know. A parameter holds a number, a float64 array, a `Learn` (trained or
measured later) or a `FromContext` (one value per row).
"""

from __future__ import annotations

import dataclasses
import functools
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from flowspec.support import REAL, Interval


@dataclass(frozen=True)
class Nonzero:
    """Every number but zero. A trained value stays on the side of zero it starts on."""

    def component(self, value: float) -> Interval:
        return Interval(0.0) if value > 0 else Interval(high=0.0)

    def __contains__(self, value: float) -> bool:
        return value != 0 and math.isfinite(value)

    def contains(self, interval: Interval) -> bool:
        return 0.0 not in interval and not (interval.low < 0 < interval.high)

    @property
    def words(self) -> str:
        return "numbers other than 0"


Constraint = Interval | Nonzero
NONZERO = Nonzero()


def component(constraint: Constraint, value: float) -> Interval:
    """The connected part of a constraint in which `value` lies: where training keeps it."""
    return constraint.component(value) if isinstance(constraint, Nonzero) else constraint


@dataclass(frozen=True)
class Learn:
    """A value found from data, starting at `init`.

    low, high   bounds narrower than the field's own constraint
    trained     by gradients; else measured once from the training data
    spread      training starts from random numbers, uniform within `init` +- `spread`: weights of networks
    """

    init: float | np.ndarray = 0.0
    low: float = -math.inf
    high: float = math.inf
    trained: bool = True
    spread: float = 0.0

    def start(self, path: str, seed: int = 0) -> np.ndarray:
        """Where training starts. What is random depends on the seed and the path of the parameter alone."""
        init = np.asarray(self.init, np.float64)
        if not self.spread:
            return init
        bits = np.random.Philox(key=philox_key(seed, zlib.crc32(path.encode())))
        uniform = (bits.random_raw(init.size) >> 11) * 2.0**-53
        return init + self.spread * (2.0 * uniform.reshape(init.shape) - 1.0)


def philox_key(seed: int, purpose: int) -> np.ndarray:
    """The key of numpy's generator for a seed of 64 bits with its sign. (A list goes through float64: many seeds become one.)"""
    return np.array([seed % 2**64, purpose], np.uint64)


@dataclass(frozen=True)
class Predicted:
    """A value that a network gives, anew for each row.

    start    what it gives where its output is 0
    offset   what is added to the output
    steps    what takes the sum into the constraint: transforms
    """

    start: Learn
    offset: float = 0.0
    steps: tuple[Any, ...] = ()


@dataclass(frozen=True)
class FromContext:
    """The value of a context variable: one number for each row."""

    index: int
    name: str
    support: Interval


@dataclass(frozen=True)
class WholeContext:
    """All context variables together, (C, N): what a network takes."""

    size: int


Value = Any
"""float | np.ndarray | Learn | FromContext | Predicted | WholeContext in a checked flow; the interpreter's arrays once bound."""

ShapeRule = Callable[[Any, tuple[int, ...]], tuple[int, ...]]
"""(part, event shape) -> shape of a parameter, event axes last."""


def per_coordinate(part: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    """One value for each coordinate; a single number serves all of them."""
    return event


def square_matrix(part: Any, event: tuple[int, ...]) -> tuple[int, ...]:
    """A matrix that acts on the event."""
    return (*event, *event)


@dataclass(frozen=True)
class ParameterSpec:
    """What a numeric field may hold."""

    within: Constraint
    shape: ShapeRule
    doc: str
    infinite: bool
    trainable: bool
    by_row: bool
    matrix: bool

    @property
    def batched(self) -> bool:
        """Does the value take part in elementwise formulas (and so carry the batch axis)?"""
        return not self.matrix


@dataclass(frozen=True)
class SettingSpec:
    """What a field that is no parameter may hold: a whole number, a flag, a word, a list of whole numbers."""

    kind: type
    low: float
    high: float
    choices: tuple[str, ...]
    doc: str


@dataclass(frozen=True)
class PartSpec:
    """A field that holds other parts: one, or all that are given."""

    many: bool
    doc: str
    univariate: bool = False


@dataclass(frozen=True)
class GrownSpec:
    """A field whose parts follow from the other fields and the event: the layers of a network. Nobody writes it."""


def part(*, many: bool = False, univariate: bool = False, doc: str = "") -> Any:
    """Declare a field that holds another part, or (`many`) a tuple of parts.

    univariate   the part is a step of one number, whose parameters something else decides; else it is a base
    """
    return dataclasses.field(metadata={"spec": PartSpec(many, doc, univariate)})


def grown() -> Any:
    """Declare a field of parts that follow from the other fields, once the event is known."""
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
    spec = ParameterSpec(within, shape, doc, infinite, trainable, by_row, matrix or shape is square_matrix)
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
    """Declare a field that is no parameter. `kind` is int, float, bool, str or tuple (whole numbers)."""
    spec = SettingSpec(kind, low, high, choices, doc)
    return dataclasses.field(default=default, metadata={"spec": spec})


Specs = Mapping[str, ParameterSpec | SettingSpec | PartSpec]


def _of_class(function: Callable[[type], Any]) -> Callable[[type], Any]:
    """Remember what follows from a class. (torch.compile sees through this, but not through `functools.cache`.)"""
    known: dict[type, Any] = {}

    @functools.wraps(function)
    def look_up(kind: type) -> Any:
        if kind not in known:
            known[kind] = function(kind)
        return known[kind]

    return look_up


def specs(part: Any) -> Specs:
    """The declared fields of a part (an instance or its class), in order."""
    return _specs(part if isinstance(part, type) else type(part))


@_of_class
def _specs(kind: type) -> Specs:
    return MappingProxyType({f.name: f.metadata["spec"] for f in dataclasses.fields(kind) if "spec" in f.metadata})


def parameters(part: Any) -> Mapping[str, ParameterSpec]:
    """The numeric fields of a part."""
    return _parameters(part if isinstance(part, type) else type(part))


@_of_class
def _parameters(kind: type) -> Mapping[str, ParameterSpec]:
    return MappingProxyType({name: spec for name, spec in _specs(kind).items() if isinstance(spec, ParameterSpec)})


@_of_class
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@_of_class
def _inner_names(kind: type) -> tuple[tuple[str, bool], ...]:
    """The fields that hold other parts, and whether each holds many."""
    given = [(name, spec.many) for name, spec in _specs(kind).items() if isinstance(spec, PartSpec)]
    return (*given, *((field.name, True) for field in dataclasses.fields(kind) if "grown" in field.metadata))


def value_range(value: Value, within: Constraint = REAL) -> Interval:
    """All values that a parameter can take: before training, for any row."""
    if isinstance(value, Learn):
        init = np.asarray(value.init, float)
        side = component(within, float(init.flat[0]))
        low, high = max(value.low, side.low), min(value.high, side.high)
        return Interval(low, high, low == side.low and side.closed_low, high == side.high and side.closed_high)
    if isinstance(value, Predicted):
        return value_range(value.start, within)
    if isinstance(value, FromContext):
        return value.support
    flat = np.asarray(value, float)
    return Interval(float(flat.min()), float(flat.max()), True, True)


def value_ranges(value: Value, count: int, within: Constraint = REAL) -> list[Interval]:
    """The range of a parameter for each of `count` coordinates."""
    if varies(value):
        return [value_range(value, within)] * count
    return [value_range(each) for each in np.broadcast_to(np.asarray(value, float), (count,))]


def varies(value: Value) -> bool:
    """Is the value unknown until the flow is trained or called?"""
    return isinstance(value, Learn | FromContext | Predicted | WholeContext)


# --- trees of parts: a composite part holds others in its fields -------------------------------


def children(part: Any) -> Iterator[tuple[str, Any]]:
    """The parts inside a composite part, with their paths: `bases.0`, `transform`."""
    for name, many in _inner_names(type(part)):
        if many:
            yield from ((f"{name}.{index}", item) for index, item in enumerate(getattr(part, name)))
        else:
            yield name, getattr(part, name)


def values(part: Any, path: str) -> Iterator[tuple[str, Any, str, Value]]:
    """Every parameter in a tree of parts: (path, the part that owns it, field, value)."""
    for name in parameters(part):
        yield f"{path}.{name}", part, name, getattr(part, name)
    for name, child in children(part):
        yield from values(child, f"{path}.{name}")


def rebuild(part: Any, path: str, replacement: Callable[[str, Any, str, Value], Value], *, keep_derived: bool = False) -> Any:
    """The same tree with every parameter passed through `replacement(path, owner, field, value)`.

    keep_derived   keep what the parts have derived from their fields (their support): for values that an
                   interpreter puts in place of the checked ones
    """
    changed: dict[str, Any] = {name: replacement(f"{path}.{name}", part, name, getattr(part, name)) for name in parameters(part)}
    inner = {name: rebuild(child, f"{path}.{name}", replacement, keep_derived=keep_derived) for name, child in children(part)}
    copy = with_fields(with_children(part, inner), changed)
    if keep_derived:
        copy.__dict__.update({name: value for name, value in part.__dict__.items() if name not in copy.__dict__})
    return copy


def with_children(part: Any, inner: Mapping[str, Any]) -> Any:
    """A copy of a composite part with other parts inside: `inner` maps the paths of `children` to them."""
    changed: dict[str, Any] = {}
    for path, child in inner.items():
        name, _, index = path.partition(".")
        changed[name] = (*changed.get(name, ()), child) if index else child
    return with_fields(part, changed)


def with_fields(part: Any, changed: Mapping[str, Any]) -> Any:
    """A copy of a part with other field values. Unlike `dataclasses.replace` it does not check them again."""
    copy = object.__new__(type(part))
    for name in _field_names(type(part)):
        object.__setattr__(copy, name, changed[name] if name in changed else getattr(part, name))
    return copy
