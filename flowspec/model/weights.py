"""Weights: a flat mapping from path to array, as safetensors. Nothing is pickled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

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
    if wrong := list(_check(flow, arrays)):
        raise FlowError(wrong)
    return {name: np.asarray(value, np.float64) for name, value in arrays.items()}


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        return load(path.read_bytes())
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        reason = getattr(error, "strerror", None) or "it is no safetensors file"
        raise FlowError(UnreadableWeights(where=str(path), reason=reason.lower())) from None


def _check(flow: Flow, weights: Mapping[str, np.ndarray]) -> Iterator[Diagnostic]:
    """Mistakes in weights that are meant for a flow."""
    learned = flow.learned()
    for name in sorted(set(weights) - set(learned)):
        near = suggest(name, learned)
        advice = f"did you mean `{near}`?" if near else "`flowspec show` lists what it learns"
        yield UnknownWeight(name=name, advice=advice)
    allowed = _allowed(flow)
    for name, value in learned.items():
        if name not in weights:
            yield MissingWeight(name=name)
        else:
            array = np.asarray(weights[name], np.float64)
            if what := _flaw(array, np.shape(value.init), allowed[name]):
                yield WrongWeight(name=name, what=what)


def _allowed(flow: Flow) -> dict[str, Interval]:
    """The range of every parameter, by path."""
    return {
        path: value_range(value, parameters(owner)[name].within)
        for prefix, component in flow.components
        for path, owner, name, value in values(component, prefix)
        if isinstance(value, Learn)
    }


def _flaw(array: np.ndarray, shape: tuple[int, ...], allowed: Interval) -> str:
    """The reason why a weight does not fit; "" if it does."""
    if array.shape != shape:
        return f"has shape {list(array.shape)}, not {list(shape)}"
    if not np.isfinite(array).all():
        return "is not finite"
    return f"lies outside {allowed}" if allowed.excludes(array).any() else ""


def to_bytes(weights: Mapping[str, np.ndarray]) -> bytes:
    """The weights as a safetensors file."""
    return save({name: np.asarray(weights[name], order="C") for name in sorted(weights)})
