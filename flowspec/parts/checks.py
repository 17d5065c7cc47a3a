"""Checks of one component: its fields against what their declarations allow.

They answer with mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.diagnostics.quantities import amount
from flowspec.diagnostics.records import Record, record
from flowspec.parts import mistakes
from flowspec.parts.canonical import Event, known_event
from flowspec.parts.fields import (
    ParameterSpec,
    SettingSpec,
    parameters,
    per_coordinate,
    specs,
    square_matrix,
)
from flowspec.parts.settings import setting_fits, setting_in_words
from flowspec.parts.values import (
    Constraint,
    FromContext,
    Learn,
    Predicted,
    WholeContext,
    branch_of,
)
from flowspec.parts.writing import declared, in_short
from flowspec.support.support import Interval, number


@record
class _Field(Record):
    """A numeric field of a component that meets an event."""

    component: Any
    name: str
    spec: ParameterSpec
    event: Event

    @property
    def place(self) -> dict[str, Any]:
        """The fields of a mistake that say where it is."""
        return {"part": type(self.component).__name__, "field": self.name}

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape that the event asks for; None if the event is not known."""
        return None if self.event is None else self.spec.shape(self.component, self.event)


def check_fields(component: Any, event: Event) -> Iterator[Diagnostic]:
    """Mistakes in the fields of a canonical component that meets an event of this shape."""
    event = known_event(component, event)
    numeric = parameters(component)
    for name, spec in specs(component).items():
        value = getattr(component, name)
        if name in numeric:
            yield from _check_parameter(_Field(component, name, numeric[name], event), value)
        elif isinstance(spec, SettingSpec) and value is not None and not setting_fits(spec, value):
            yield mistakes.SettingOutOfRange(
                part=type(component).__name__,
                field=name,
                expected=setting_in_words(spec),
                found=in_short(value),
            )


def _check_parameter(field: _Field, value: Any) -> Iterator[Diagnostic]:
    if isinstance(value, Learn):
        yield from _check_learned(field, value)
    elif isinstance(value, FromContext):
        yield from _check_context(field, value)
    elif not isinstance(value, Predicted | WholeContext):
        yield from _check_constant(field, np.asarray(value, float))


# --- fixed numbers --------------------------------------------------------------------------------


def _check_constant(field: _Field, array: np.ndarray) -> Iterator[Diagnostic]:
    if mistake := _check_shape(field, array):
        yield mistake
        return
    spec = field.spec
    bad = array[np.isnan(array) | (np.isinf(array) & (not spec.infinite))]
    if bad.size:
        yield mistakes.NotFinite(value=_first_not_finite(bad), **field.place)
        return
    outside = _excluded(array[np.isfinite(array)], spec.within)
    if outside.size:
        yield mistakes.OutOfRange(
            value=number(outside[0]),
            takes=spec.within.words,
            advice=_instead_of(outside[0], spec.within),
            suggestion=_suggestion(array, spec.within),
            **field.place,
        )


def _excluded(array: np.ndarray, constraint: Constraint) -> np.ndarray:
    """The entries that a constraint does not allow."""
    if not isinstance(constraint, Interval):
        return array[(array == 0) | ~np.isfinite(array)]
    return array[constraint.excludes(array) | np.isnan(array)]


def _first_not_finite(values: np.ndarray) -> str:
    bad = values[~np.isfinite(values)].flat[0]
    return "NaN" if np.isnan(bad) else number(bad)


def _instead_of(value: float, constraint: Constraint) -> str:
    """Advice on what to write in the place of a number outside its constraint."""
    if not isinstance(constraint, Interval):
        return "0 would squash everything to one point" if value == 0 else ""
    if -value in constraint:
        return f"did you mean {number(-value)}?"
    return f"write {number(constraint.inner_point)}, or another of the {constraint.words}"


def _suggestion(value: np.ndarray, constraint: Constraint) -> str:
    """What to write in the place of one number outside its constraint; "" if that is not known."""
    if value.ndim or not isinstance(constraint, Interval):
        return ""
    opposite = -float(value)
    return number(opposite if opposite in constraint else constraint.inner_point)


# --- shapes ---------------------------------------------------------------------------------------


def _check_shape(field: _Field, array: np.ndarray) -> Diagnostic | None:
    spec, event, expected = field.spec, field.event, field.shape
    is_matrix = spec.shape is square_matrix
    if event is None or expected is None:
        return None
    if array.shape == expected or (array.ndim == 0 and not is_matrix):
        return None
    place = {"found": shape_in_words(array.shape), **field.place}
    if is_matrix:
        size = event[0] if event else 1
        return mistakes.NotAMatrix(size=size, example=_identity(size), **place)
    if spec.shape is not per_coordinate or array.ndim != 1:
        return mistakes.WrongShape(expected=shape_in_words(expected), **place)
    if not event:
        return mistakes.VectorForScalar(size=array.size, **place)
    return mistakes.SizeMismatch(expected=coordinates(event[0]), size=event[0], **place)


def _identity(size: int) -> str:
    if size > 3:
        return "`[[1, 0, ...], [0, 1, ...], ...]`"
    return "`[" + ", ".join(str([int(i == j) for j in range(size)]) for i in range(size)) + "]`"


def shape_in_words(shape: tuple[int, ...]) -> str:
    """`3 numbers`, `a 2 x 3 matrix`."""
    if not shape:
        return "one number"
    if len(shape) == 1:
        return amount(shape[0], "number")
    sizes = " x ".join(map(str, shape))
    return f"a {sizes} matrix" if len(shape) == 2 else f"an array of {sizes}"


def coordinates(count: int) -> str:
    """`1 coordinate`, `5 coordinates`."""
    return amount(count, "coordinate")


# --- learned values, and values from the context --------------------------------------------------


def _check_learned(field: _Field, value: Learn) -> Iterator[Diagnostic]:
    spec, init = field.spec, np.asarray(value.init, float)
    if not spec.trainable:
        yield mistakes.NotTrainable(advice="give fixed numbers", **field.place)
    elif mistake := _check_shape(field, init):
        yield mistake
    elif not np.all(np.isfinite(init := _distinct(init))):
        yield mistakes.NotFinite(value=_first_not_finite(init), **field.place)
    elif not value.low < value.high:
        yield mistakes.UnsortedBounds(
            low=number(value.low),
            high=number(value.high),
            example=number(Interval(value.high, value.low).inner_point),
            **field.place,
        )
    else:
        yield from _check_bounds(field, value, init)


def _distinct(array: np.ndarray) -> np.ndarray:
    """The entries of an array, once where one number stands for a whole axis."""
    return array[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in array.strides)]


def _check_bounds(field: _Field, value: Learn, init: np.ndarray) -> Iterator[Diagnostic]:
    within = field.spec.within
    branch = branch_of(within, float(init.flat[0]))
    low, high = max(value.low, branch.low), min(value.high, branch.high)
    if not low < high:
        yield mistakes.LearnOutOfRange(
            low=number(value.low),
            high=number(value.high),
            takes=within.words,
            advice=f"learn({number(branch.inner_point)})",
            **field.place,
        )
    elif (outside := _excluded(init, bounds := Interval(low, high))).size:
        yield mistakes.LearnStart(
            value=number(outside.flat[0]),
            bounds=bounds.brackets,
            example=number(bounds.inner_point),
            **field.place,
        )


def _check_context(field: _Field, value: FromContext) -> Iterator[Diagnostic]:
    spec = field.spec
    if not spec.batched or not spec.trainable:
        yield mistakes.NotTrainable(advice="give fixed numbers", **field.place)
    elif not spec.by_row:
        yield mistakes.NotByRow(**field.place)
    elif not spec.within.contains(value.support):
        fitting = spec.within if isinstance(spec.within, Interval) else Interval(0.0)
        yield mistakes.ContextOutOfRange(
            takes=spec.within.words,
            name=value.name,
            declared=declared(value),
            gives=value.support.words,
            example=str(fitting),
            **field.place,
        )
    elif value.size is not None and (mistake := _check_shape(field, np.empty(value.size))):
        yield mistake
