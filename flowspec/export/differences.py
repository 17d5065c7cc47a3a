"""Where two flows differ: in their texts, in their weights, in their densities."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from flowspec.export.targets import Target
from flowspec.export.vectors import graph_inputs, outputs
from flowspec.ir.flow import Flow
from flowspec.language.writing import text_by_steps
from flowspec.model.model import Model


@dataclass(frozen=True)
class WeightDifference:
    """A learned array that two flows have alike, or only one of them.

    what      "differs", "has another shape", "is missing", "is new"
    largest   the largest absolute difference, of one that differs
    """

    name: str
    what: str
    largest: float | None = None


@dataclass(frozen=True)
class DensityDifference:
    """Log-densities at the points of both flows' conformance vectors, in nats.

    mean      of the absolute differences, where both are finite
    support   points that only one of the flows can give
    """

    points: int
    mean: float
    largest: float
    support: int


@dataclass(frozen=True)
class FlowDifference:
    """All differences of two flows.

    text      a unified diff of the flows as the language writes them, line by line
    density   None where their densities are not of the same variables, and why
    """

    text: tuple[str, ...]
    weights: tuple[WeightDifference, ...]
    density: DensityDifference | None
    not_comparable: str = ""

    @property
    def is_none(self) -> bool:
        same = self.density is not None and self.density.largest == 0 and not self.density.support
        return not self.text and not self.weights and same

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "same": self.is_none}


def differences(old: Model, new: Model, names: tuple[str, str] = ("old", "new")) -> FlowDifference:
    """Compare two flows with their weights."""
    text = difflib.unified_diff(
        text_by_steps(old.flow), text_by_steps(new.flow), *names, lineterm=""
    )
    reason = _no_comparison(old.flow, new.flow)
    density = None if reason else _density(old, new)
    return FlowDifference(tuple(text), tuple(_weights(old, new)), density, reason)


def _weights(old: Model, new: Model) -> Iterator[WeightDifference]:
    before, after = old.complete_weights, new.complete_weights
    for name in before:
        if name not in after:
            yield WeightDifference(name, "is missing")
        elif before[name].shape != after[name].shape:
            yield WeightDifference(name, "has another shape")
        elif not np.array_equal(before[name], after[name]):
            gap = float(np.max(np.abs(before[name] - after[name])))
            yield WeightDifference(name, "differs", gap)
    yield from (WeightDifference(name, "is new") for name in after if name not in before)


def _no_comparison(old: Flow, new: Flow) -> str:
    """Why the densities of two flows cannot be compared, or nothing."""
    if old.columns != new.columns or old.space.scalar != new.space.scalar:
        return "they are densities of other variables"
    contexts = [flow.context.names if flow.context else () for flow in (old, new)]
    return "" if contexts[0] == contexts[1] else "they take other contexts"


def _density(old: Model, new: Model) -> DensityDifference:
    target = Target("float64")
    before, after = [], []
    for model in (old, new):
        feeds = graph_inputs("log_prob", model, target)
        before.append(outputs("log_prob", old, target, feeds)["log_prob"])
        after.append(outputs("log_prob", new, target, feeds)["log_prob"])
    one, other = np.concatenate(before), np.concatenate(after)
    both = np.isfinite(one) & np.isfinite(other)
    gaps = np.abs(one[both] - other[both])
    outside = np.isneginf(one) != np.isneginf(other)
    largest, mean = (float(gaps.max()), float(gaps.mean())) if gaps.size else (0.0, 0.0)
    return DensityDifference(len(one), mean, largest, int(outside.sum()))
