"""The example that stands for an entry of the catalogue, and its flow."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from flowspec.ir.flow import Flow
from flowspec.ir.registry import named_transforms
from flowspec.language.catalogue import Entry, example_flow
from flowspec.language.reading import parse
from flowspec.model.model import Model
from flowspec.ops.numpy import REFERENCE
from flowspec.support.circle import Circle
from flowspec.support.support import Interval
from flowspec.transforms.transform import Univariate, bound_to_reference

Rows = NDArray[np.float64]


STRAIGHT = 1e-3
"""The largest distance to a line that is called straight."""


@cache
def example_of(entry: Entry) -> str:
    """The first example; of a flexible function that starts as a line, the first that bends."""
    if entry.kind == "base":
        return entry.example
    return next((text for text in entry.examples if _bends(entry, text)), entry.example)


@cache
def model_of(entry: Entry) -> Model:
    """The model of the example, behind the pipeline of its class if it is a step."""
    return _model(entry, example_of(entry))


def _model(entry: Entry, example: str) -> Model:
    if entry.kind == "base":
        return Model(parse(example))
    return Model(example_flow(named_transforms()[entry.name], example))


def _bends(entry: Entry, example: str) -> bool:
    """True for a map of numbers that is no line between -2 and 2."""
    step = _model(entry, example).fixed.steps[-1]
    transform = bound_to_reference(step.transform)
    (support, *_) = step.input.supports
    if not isinstance(transform, Univariate) or not isinstance(support, Interval | Circle):
        return False
    if support.low > -2 or support.high < 2:
        return False
    x = np.linspace(-2, 2, 41)
    y = np.asarray(transform.forward(REFERENCE, np.tile(x, (step.input.size, 1))))
    line = y[:, :1] + (y[:, -1:] - y[:, :1]) * (x - x[0]) / (x[-1] - x[0])
    return bool(np.abs(y - line).max() > STRAIGHT)


def samples(flow: Flow | Model, rows: int) -> Rows:
    """Samples of a flow (N, D), the same ones in every build."""
    model = flow if isinstance(flow, Model) else Model(flow)
    random = np.random.default_rng(1)
    draws: dict[str, Callable[[int], Rows]] = {
        "normal": lambda count: random.standard_normal(count),
        "uniform": lambda count: random.random(count),
    }
    noise = np.stack([draws[kind](rows) for kind in model.flow.noise], axis=1)
    return model.from_noise(noise)[0].reshape(rows, -1)
