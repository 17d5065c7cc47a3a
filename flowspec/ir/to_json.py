"""A flow as plain data (JSON): the architecture, with the derived supports for whoever
reads it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from flowspec.ir.pipeline import Declaration, Pipeline
from flowspec.parts.fields import ComponentSpec, Spec, specs
from flowspec.parts.values import FromContext, Learn, Predicted, Value
from flowspec.support.space import Space
from flowspec.support.support import Json
from flowspec.version import IR_VERSION


def pipeline_to_json(pipeline: Pipeline, train: Mapping[str, Any]) -> Json:
    """A flow and its hyper-parameters as plain data. Open ends at infinity are null."""
    data: Json = {"flowspec": IR_VERSION}
    for name, declared in (("context", pipeline.context), ("event", pipeline.event)):
        if declared:
            data[name] = _declaration_to_json(declared)
    data["base"] = _placed(pipeline.base, pipeline.base_space)
    data["steps"] = [_placed(step.transform, step.output) for step in pipeline.steps]
    if train:
        data["train"] = {n: list(v) if isinstance(v, tuple) else v for n, v in train.items()}
    return data


def _placed(component: Any, output: Space) -> Json:
    return {**component_to_json(component), "output": _space_to_json(output)}


def _declaration_to_json(declared: Declaration) -> list[dict[str, Any]]:
    return [
        {"names": list(declared.names[block]), "support": support.to_json()}
        | ({"vector": vector} if vector else {})
        for block, support, vector in declared.groups
    ]


def _space_to_json(space: Space) -> dict[str, Any]:
    return {
        "scalar": space.scalar,
        "supports": [component.to_json() for component in space.supports],
    }


def component_to_json(component: Any) -> dict[str, Any]:
    """A base or a transform, with those inside it, as plain data."""
    data: dict[str, Any] = {"name": type(component).__name__}
    if getattr(component, "size", None) is not None:
        data["size"] = component.size
    for name, spec in specs(component).items():
        data[name] = _field_to_json(getattr(component, name), spec)
    return data


def _field_to_json(value: Value, spec: Spec) -> Any:
    if isinstance(spec, ComponentSpec):
        return (
            [component_to_json(child) for child in value] if spec.many else component_to_json(value)
        )
    if isinstance(value, Learn):
        bounds = {"low": _open_end(value.low), "high": _open_end(value.high)}
        spread = {"spread": value.spread} if value.spread else {}
        return {
            "learn" if value.trained else "measure": {
                "init": _start_to_json(np.asarray(value.init)),
                **bounds,
                **spread,
            }
        }
    if isinstance(value, Predicted):
        return _field_to_json(value.start, spec)
    if isinstance(value, FromContext):
        return {"context": value.name}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return [list(row) if isinstance(row, tuple) else row for row in value]
    return _open_end(value) if isinstance(value, float) else value


def _start_to_json(start: np.ndarray) -> Any:
    """A start as nested lists; one number, where that fills a matrix of thousands."""
    if start.size > LARGEST_LIST and not any(start.strides):
        return float(start.flat[0])
    return start.tolist()


LARGEST_LIST = 4096
"""Numbers of a start that are written out though all are the same."""


def _open_end(value: float) -> float | None:
    return None if math.isinf(value) else value
