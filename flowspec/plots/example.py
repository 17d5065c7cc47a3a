"""The flow and the transform that stand for an entry of the catalogue: of its first example."""

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

Rows = NDArray[np.float64]


@cache
def model_of(entry: Entry) -> Model:
    """The model of the first example, behind the pipeline of its class if it is a step."""
    return Model(_flow(entry))


def _flow(entry: Entry) -> Flow:
    if entry.kind == "base":
        return parse(entry.example)
    return example_flow(named_transforms()[entry.name], entry.example)


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
