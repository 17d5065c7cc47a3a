"""Weights: a flat mapping from path to array, as safetensors. Nothing is pickled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from flowspec.data.numbers import plain_array
from flowspec.data.rows import NO_NUMBERS
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake, suggest
from flowspec.ir.flow import Flow
from flowspec.parts.fields import parameters
from flowspec.parts.trees import values
from flowspec.parts.values import Learn, value_range
from flowspec.support.support import Interval


@mistake
class UnreadableWeights(Diagnostic):
    message = "cannot read the weights: {reason}"
    help = "give a .safetensors file, such as `flowspec fit` writes"
    reason: str


@mistake
class UnknownWeight(Diagnostic):
    message = "the flow learns nothing called `{name}`"
    help = "{advice}"
    name: str
    advice: str


@mistake
class MissingWeight(Diagnostic):
    message = "the weights have no value for `{name}`"
    help = "train the flow again, or give the weights of this flow"
    name: str


@mistake
class WrongWeight(Diagnostic):
    message = "the value of `{name}` {what}"
    help = "give the weights of this flow"
    name: str
    what: str


def as_weights(
    flow: Flow, weights: Mapping[str, np.ndarray] | str | Path | None
) -> dict[str, np.ndarray]:
    """Checked weights of a flow: from a mapping, a file, or (None) the starts of what it
    learns.

    Errors:  FlowError, where one is missing, too many, of the wrong shape, not finite, or
    outside its constraint.
    """
    if weights is None:
        return {}
    arrays = dict(weights) if isinstance(weights, Mapping) else _read(Path(weights))
    missing = (MissingWeight(name=name) for name in flow.learned() if name not in arrays)
    if wrong := [*missing, *weight_mistakes(flow, arrays)]:
        raise FlowError(wrong)
    return {name: plain_array(value).astype(np.float64) for name, value in arrays.items()}


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        return load(path.read_bytes())
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        reason = getattr(error, "strerror", None) or "it is no safetensors file"
        raise FlowError(UnreadableWeights(where=str(path), reason=reason.lower())) from None


def weight_mistakes(flow: Flow, weights: Mapping[str, np.ndarray]) -> Iterator[Diagnostic]:
    """Mistakes in weights that are meant for a flow; some may be missing."""
    learned = flow.learned()
    for name in sorted(set(weights) - set(learned)):
        near = suggest(name, learned)
        advice = f"did you mean `{near}`?" if near else "`flowspec show` lists what it learns"
        yield UnknownWeight(name=name, advice=advice)
    allowed = _allowed(flow)
    for name, value in learned.items():
        if name in weights:
            what = _flaw(weights[name], np.shape(value.init), allowed[name])
            if what:
                yield WrongWeight(name=name, what=what)


def _allowed(flow: Flow) -> dict[str, Interval]:
    """The range of every parameter, by path."""
    return {
        path: value_range(value, parameters(owner)[name].within)
        for prefix, component in flow.components
        for path, owner, name, value in values(component, prefix)
        if isinstance(value, Learn)
    }


def _flaw(weight: Any, shape: tuple[int, ...], allowed: Interval) -> str:
    """The reason why a weight does not fit; "" if it does."""
    try:
        array = plain_array(weight).astype(np.float64)
    except NO_NUMBERS:
        return "is no array of numbers"
    if array.shape != shape:
        return f"has shape {list(array.shape)}, not {list(shape)}"
    if not np.isfinite(array).all():
        return "is not finite"
    return f"lies outside {allowed}" if allowed.excludes(array).any() else ""


def to_bytes(weights: Mapping[str, np.ndarray]) -> bytes:
    """The weights as a safetensors file."""
    return save({name: np.asarray(weights[name], order="C") for name in sorted(weights)})
