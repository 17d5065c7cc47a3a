"""The canonical form of a component: fixed values as floats, or as float64 arrays of
their full shape.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from flowspec.parts.fields import ParameterSpec, SettingSpec, parameters, specs, square_matrix
from flowspec.parts.settings import setting_fits
from flowspec.parts.trees import with_fields
from flowspec.parts.values import FromContext, Learn, Predicted, Value, WholeContext

Event = tuple[int, ...] | None
"""The shape of an event; None where it is not known."""
_Component = TypeVar("_Component")


def canonical(component: _Component, event: Event) -> _Component:
    """The component with every fixed value in canonical form, where its shape fits."""
    event = known_event(component, event)
    changed = {
        name: _canonical(getattr(component, name), spec, component, event)
        for name, spec in parameters(component).items()
    }
    copy: _Component = with_fields(component, changed)
    return copy


def known_event(component: Any, event: Event) -> Event:
    """The event, if the settings fit on which the shapes of parameters depend; else None."""
    settings = [
        (getattr(component, name), spec)
        for name, spec in specs(component).items()
        if isinstance(spec, SettingSpec)
    ]
    fit = all(value is None or setting_fits(spec, value) for value, spec in settings)
    return event if fit else None


def _canonical(value: Value, spec: ParameterSpec, component: Any, event: Event) -> Value:
    if isinstance(value, Learn):
        init = _canonical(value.init, spec, component, event)
        return replace(value, init=_full(init, spec, component, event))
    if isinstance(value, FromContext | Predicted | WholeContext):
        return value
    array = np.asarray(value, np.float64)
    if array.ndim == 0:
        return float(array)
    return array if event is None else _frozen(_for_all(array, spec, component, event))


def _for_all(
    array: np.ndarray, spec: ParameterSpec, component: Any, event: tuple[int, ...]
) -> np.ndarray:
    """An array that is given once for all coordinates, for each of them."""
    expected = spec.shape(component, event)
    once = event and array.shape == expected[: -len(event)] and spec.shape is not square_matrix
    return np.broadcast_to(array[..., None], expected) if once else array


def _frozen(array: np.ndarray) -> np.ndarray:
    """A copy that nobody can write to; one number that stands for all stays one number in
    memory.
    """
    if array.strides and not any(array.strides):
        return array
    array = array.copy()
    array.setflags(write=False)
    return array


def _full(init: Any, spec: ParameterSpec, component: Any, event: Event) -> Any:
    """The start of a learned parameter in its full shape: one trained number for each
    entry.
    """
    if event is None or np.ndim(init) or not spec.shape(component, event):
        return init
    # One number in memory: 4096 coordinates have matrices of 17 million.
    return np.broadcast_to(np.float64(init), spec.shape(component, event))
