"""The checks of one component's fields against their declarations: they answer with mistakes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.parts import mistakes
from flowspec.parts.fields import (
    ParameterSpec,
    PartSpec,
    SettingSpec,
    per_coordinate,
    specs,
    square_matrix,
)
from flowspec.parts.trees import with_fields
from flowspec.parts.values import (
    Constraint,
    FromContext,
    Learn,
    Predicted,
    Value,
    WholeContext,
    component,
)
from flowspec.parts.writing import in_short
from flowspec.support.interval import Interval
from flowspec.support.support import number

_Component = TypeVar("_Component")

Event = tuple[int, ...] | None
"""The shape of an event; None where it is not known."""


def canonical(part: _Component, event: Event) -> _Component:
    """The component, its fixed values floats or float64 arrays, of full shape where that fits."""
    changed = {}
    event = _known(part, event)
    for name, spec in specs(part).items():
        if isinstance(spec, ParameterSpec):
            changed[name] = _canonical(getattr(part, name), spec, part, event)
    return with_fields(part, changed)


def _known(part: Any, event: Event) -> Event:
    """The event, if the settings fit on which the shapes of parameters depend; else None."""
    settings = (
        (getattr(part, name), spec)
        for name, spec in specs(part).items()
        if isinstance(spec, SettingSpec)
    )
    return (
        event
        if all(value is None or _setting_fits(spec, value) for value, spec in settings)
        else None
    )


def _canonical(value: Value, spec: ParameterSpec, part: Any, event: Event) -> Value:
    if isinstance(value, Learn):
        return replace(
            value, init=_full(_canonical(value.init, spec, part, event), spec, part, event)
        )
    if isinstance(value, FromContext | Predicted | WholeContext):
        return value
    array = np.asarray(value, np.float64)
    if array.ndim == 0:
        return float(array)
    if event is None:
        return array
    expected = spec.shape(part, event)
    if (
        event
        and array.shape
        and array.shape == expected[: -len(event)]
        and spec.shape is not square_matrix
    ):
        # Given once for all coordinates.
        array = np.broadcast_to(array[..., None], expected)
    if array.strides and not any(array.strides):
        return array
    array = array.copy()
    array.setflags(write=False)
    return array


def _full(init: Value, spec: ParameterSpec, part: Any, event: Event) -> Value:
    """The start of a learned parameter in its full shape: one trained number for each entry."""
    if event is None or np.ndim(init) or not spec.shape(part, event):
        return init
    # One number in memory: 4096 coordinates have matrices of 17 million.
    return np.broadcast_to(np.float64(init), spec.shape(part, event))


def field_problems(part: Any, event: Event) -> Iterator[Diagnostic]:
    """Mistakes in the fields of a canonical component that meets an event of this shape."""
    name = type(part).__name__
    event = _known(part, event)
    for field, spec in specs(part).items():
        value = getattr(part, field)
        if isinstance(spec, PartSpec):
            continue
        if isinstance(spec, SettingSpec):
            yield from _setting_problems(name, field, spec, value)
        elif isinstance(value, Learn):
            yield from _learn_problems(name, field, spec, value, part, event)
        elif isinstance(value, FromContext):
            yield from _context_problems(name, field, spec, value)
        elif not isinstance(value, Predicted | WholeContext):
            yield from _constant_problems(name, field, spec, value, part, event)


def _constant_problems(
    part_name: str, field: str, spec: ParameterSpec, value: Value, part: Any, event: Event
) -> Iterator[Diagnostic]:
    array = np.asarray(value, float)
    if problem := _shape_problem(part_name, field, spec, array, part, event):
        yield problem
        return
    bad = array[np.isnan(array) | (np.isinf(array) & (not spec.infinite))]
    if bad.size:
        yield mistakes.NotFinite(part=part_name, field=field, value=_first_not_finite(bad))
        return
    outside = _outside(array[np.isfinite(array)], spec.within)
    if outside.size:
        yield mistakes.OutOfRange(
            part=part_name,
            field=field,
            value=number(outside[0]),
            takes=spec.within.words,
            advice=_nearest(spec, outside[0]),
        )


def _outside(array: np.ndarray, constraint: Constraint) -> np.ndarray:
    """The entries that a constraint does not allow."""
    if isinstance(constraint, Interval):
        outside: np.ndarray = constraint.excludes(array) | np.isnan(array)
    else:
        outside = (array == 0) | ~np.isfinite(array)
    entries: np.ndarray = array[outside]
    return entries


def _distinct(array: np.ndarray) -> np.ndarray:
    """The entries of an array, once where one number stands for a whole axis."""
    return array[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in array.strides)]


def _first_not_finite(values: np.ndarray) -> str:
    bad = values[~np.isfinite(values)].flat[0]
    return "NaN" if np.isnan(bad) else number(bad)


def _nearest(spec: ParameterSpec, value: float) -> str:
    """The help text for a number outside its constraint: another inside."""
    if value == 0 and not isinstance(spec.within, Interval):
        return "0 would squash everything to one point"
    if isinstance(spec.within, Interval) and -value in spec.within:
        return f"did you mean {number(-value)}?"
    return (
        f"write {number(spec.within.inner_point)}, or another of the {spec.within.words}"
        if isinstance(spec.within, Interval)
        else ""
    )


def _shape_problem(
    part_name: str, field: str, spec: ParameterSpec, array: np.ndarray, part: Any, event: Event
) -> Diagnostic | None:
    if event is None:
        return None
    expected = spec.shape(part, event)
    if array.shape == expected or (array.ndim == 0 and spec.shape is not square_matrix):
        return None
    found = shape_in_words(array.shape)
    if spec.shape is square_matrix:
        size = event[0] if event else 1
        return mistakes.NotAMatrix(
            part=part_name, field=field, size=size, found=found, example=_identity(size)
        )
    if spec.shape is per_coordinate and array.ndim == 1:
        if not event:
            return mistakes.VectorForScalar(
                part=part_name, field=field, found=found, size=array.size
            )
        return mistakes.SizeMismatch(
            part=part_name, field=field, found=found, expected=coordinates(event[0]), size=event[0]
        )
    return mistakes.WrongShape(
        part=part_name, field=field, expected=shape_in_words(expected), found=found
    )


def _identity(size: int) -> str:
    if size > 3:
        return "`[[1, 0, ...], [0, 1, ...], ...]`"
    return "`[" + ", ".join(str([int(i == j) for j in range(size)]) for i in range(size)) + "]`"


def shape_in_words(shape: tuple[int, ...]) -> str:
    """`3 numbers`, `a 2 x 3 matrix`."""
    if not shape:
        return "one number"
    if len(shape) == 1:
        return f"{shape[0]} number{'s' if shape[0] != 1 else ''}"
    return (
        f"a {' x '.join(map(str, shape))} matrix"
        if len(shape) == 2
        else f"an array of {' x '.join(map(str, shape))}"
    )


def coordinates(count: int) -> str:
    """`1 coordinate`, `5 coordinates`."""
    return f"{count} coordinate{'s' if count != 1 else ''}"


def _learn_problems(
    part_name: str, field: str, spec: ParameterSpec, value: Learn, part: Any, event: Event
) -> Iterator[Diagnostic]:
    if not spec.trainable:
        yield mistakes.NotTrainable(part=part_name, field=field, advice="give fixed numbers")
        return
    init = np.asarray(value.init, float)
    if problem := _shape_problem(part_name, field, spec, init, part, event):
        yield problem
        return
    init = _distinct(init)
    if not np.all(np.isfinite(init)):
        yield mistakes.NotFinite(part=part_name, field=field, value=_first_not_finite(init))
        return
    if not value.low < value.high:
        low, high = number(value.low), number(value.high)
        example = number(Interval(value.high, value.low).inner_point)
        yield mistakes.UnsortedBounds(
            part=part_name, field=field, low=low, high=high, example=example
        )
        return
    side = component(spec.within, float(init.flat[0]))
    bounds = _bounds(value, side)
    if not bounds.low < bounds.high:
        yield mistakes.LearnOutOfRange(
            part=part_name, field=field, low=number(value.low), high=number(value.high),
            takes=spec.within.words, advice=f"`learn({number(side.inner_point)})`",
        )  # fmt: skip
    elif (outside := _outside(init, bounds.opened())).size:
        yield mistakes.LearnStart(
            part=part_name,
            field=field,
            value=number(outside.flat[0]),
            bounds=bounds.opened().brackets,
            example=number(bounds.inner_point),
        )


def _bounds(value: Learn, side: Interval) -> Interval:
    low, high = max(value.low, side.low), min(value.high, side.high)
    return Interval(low, high) if low < high else Interval(low, low)


def _context_problems(
    part_name: str, field: str, spec: ParameterSpec, value: FromContext
) -> Iterator[Diagnostic]:
    if not spec.batched or not spec.trainable:
        yield mistakes.NotTrainable(part=part_name, field=field, advice="give fixed numbers")
    elif not spec.by_row:
        yield mistakes.NotByRow(part=part_name, field=field)
    elif not spec.within.contains(value.support):
        fitting = spec.within if isinstance(spec.within, Interval) else Interval(0.0)
        yield mistakes.ContextOutOfRange(
            part=part_name, field=field, takes=spec.within.words, name=value.name,
            gives=value.support.words, example=str(fitting),
        )  # fmt: skip


def _setting_problems(
    part_name: str, field: str, spec: SettingSpec, value: Any
) -> Iterator[Diagnostic]:
    if value is None:
        return
    expected = _setting_in_words(spec)
    if not _setting_fits(spec, value):
        yield mistakes.SettingOutOfRange(
            part=part_name, field=field, expected=expected, found=in_short(value)
        )


def _setting_fits(spec: SettingSpec, value: Any) -> bool:
    if spec.kind is bool or spec.kind is str:
        return isinstance(value, spec.kind) and (not spec.choices or value in spec.choices)
    if spec.kind is list:
        return isinstance(value, tuple) and all(isinstance(row, tuple) for row in value) and all(
            _is_integer(v) and spec.low <= v <= spec.high for row in value for v in row
        ) and len({len(row) for row in value}) < 2  # fmt: skip
    if spec.kind is tuple:
        return isinstance(value, tuple) and all(
            _is_integer(v) and spec.low <= v <= spec.high for v in value
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return spec.low <= value <= spec.high and (spec.kind is float or _is_integer(value))


def _is_integer(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value == int(value)
    )


def _setting_in_words(spec: SettingSpec) -> str:
    if spec.choices:
        return " or ".join(f'"{choice}"' for choice in spec.choices)
    kind = {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "a word in quotes",
        list: "a matrix of whole numbers",
    }.get(spec.kind, "a vector of whole numbers")
    if math.isfinite(spec.low) and math.isfinite(spec.high):
        return f"{kind} from {number(spec.low)} to {number(spec.high)}"
    return f"{kind} of at least {number(spec.low)}" if math.isfinite(spec.low) else kind
