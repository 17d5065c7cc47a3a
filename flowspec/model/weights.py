"""Weights: a flat mapping from path to array, as safetensors. Nothing is pickled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake, suggest
from flowspec.ir.flow import Flow
from flowspec.parts.fields import parameters
from flowspec.parts.trees import values
from flowspec.parts.values import value_range


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
    """Checked weights of a flow: from a mapping, a file, or (None) the starts of what it learns.

    Errors:  FlowError, where one is missing, too many, of the wrong shape, not finite, or outside its constraint.
    """
    if weights is None:
        return {}
    given = dict(weights) if isinstance(weights, Mapping) else _read(Path(weights))
    if problems := list(_problems(flow, given)):
        raise FlowError(problems)
    return {name: np.asarray(value, np.float64) for name, value in given.items()}


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        return load(path.read_bytes())
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        reason = getattr(error, "strerror", None) or "it is no safetensors file"
        raise FlowError(UnreadableWeights(where=str(path), reason=reason.lower())) from None


def _problems(flow: Flow, given: Mapping[str, np.ndarray]):
    learned = flow.learned()
    allowed = {
        path: value_range(value, parameters(owner)[name].within)
        for prefix, part in flow.components
        for path, owner, name, value in values(part, prefix)
        if path in learned
    }
    for name in sorted(set(given) - set(learned)):
        near = suggest(name, learned)
        advice = f"did you mean `{near}`?" if near else "`flowspec show` lists what it learns"
        yield UnknownWeight(name=name, advice=advice)
    for name, value in learned.items():
        if name not in given:
            yield MissingWeight(name=name)
            continue
        array, expected = np.asarray(given[name], np.float64), np.shape(value.init)
        if array.shape != expected:
            yield WrongWeight(
                name=name, what=f"has shape {list(array.shape)}, not {list(expected)}"
            )
        elif not np.isfinite(array).all():
            yield WrongWeight(name=name, what="is not finite")
        elif allowed[name].excludes(array).any():
            yield WrongWeight(name=name, what=f"lies outside {allowed[name]}")


def to_bytes(weights: Mapping[str, np.ndarray]) -> bytes:
    """The weights as a safetensors file."""
    return save({name: np.asarray(weights[name], order="C") for name in sorted(weights)})
