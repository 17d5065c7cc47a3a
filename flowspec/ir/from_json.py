"""A flow from plain data (JSON): the architecture, checked.

A support that a file states is never believed: it is derived anew and compared.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from flowspec.diagnostics.collector import raise_any
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.ir import json_mistakes, registry
from flowspec.ir.assembly import assemble
from flowspec.ir.flow import Flow
from flowspec.ir.pipeline import Declaration, Vector
from flowspec.ir.schema import schema_mistakes
from flowspec.ir.settings import ranges
from flowspec.parts.fields import ComponentSpec, ParameterSpec, Spec, specs
from flowspec.parts.origin import Origin, placed
from flowspec.parts.values import Learn, Value
from flowspec.support.registry import from_json as support_from_json
from flowspec.support.space import Space
from flowspec.support.support import Support

Json = dict[str, Any]


def from_json(data: Any) -> Flow:
    """The checked flow that plain data describes.

    Errors:  FlowError, where the data does not follow the schema, describes no sound
             flow, or
             states a support that is not the derived one.
    """
    try:
        return _flow(data)
    except RecursionError:
        raise FlowError(
            json_mistakes.SchemaMismatch(where="the file", what="it is nested too deeply")
        ) from None
    except OverflowError:
        raise FlowError(
            json_mistakes.SchemaMismatch(where="the file", what="a number in it is too large")
        ) from None


def _flow(data: Any) -> Flow:
    raise_any(schema_mistakes(data))
    raise_any(_false_declarations(data))
    reader = _Reader(data)
    base = reader.component(data["base"], "base")
    transforms = [reader.component(step, f"steps[{i}]") for i, step in enumerate(data["steps"])]
    flow = assemble(base, transforms, reader.context, reader.event)
    raise_any([*_false_supports(flow, data), *_false_columns(flow, data)])
    return dataclasses.replace(flow, train=_settings(data.get("train", {})))


def _settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Hyper-parameters of their own types: in JSON 2 is 2.0, and there are no tuples."""
    return {name: ranges()[name].kind(value) for name, value in settings.items()}


class _Reader:
    """Components from plain data that follows the schema, each with its place in the
    file.
    """

    def __init__(self, data: Json) -> None:
        self.context = _declaration(data.get("context"))
        self.event = _declaration(data.get("event"))

    def component(self, data: Json, path: str) -> Any:
        kind = _kind(data["name"])
        fields = {
            n: self._field(data[n], n, spec, f"{path}.{n}", kind)
            for n, spec in specs(kind).items()
            if n in data
        }
        if "size" in data:
            fields["size"] = int(data["size"])
        return placed(kind(**fields), Origin(path=path))

    def _field(self, value: Any, name: str, spec: Spec, path: str, kind: type) -> Any:
        if isinstance(spec, ComponentSpec):
            if spec.many:
                return tuple(self.component(child, f"{path}[{i}]") for i, child in enumerate(value))
            return self.component(value, path)
        if isinstance(spec, ParameterSpec):
            return self._value(value, path)
        if value is None:
            return next(f.default for f in dataclasses.fields(kind) if f.name == name)
        if isinstance(value, list):
            return tuple(
                tuple(int(v) for v in inner) if isinstance(inner, list) else int(inner)
                for inner in value
            )
        return int(value) if spec.kind is int else value  # in JSON, 2 is 2.0

    def _value(self, value: Any, path: str) -> Value:
        if isinstance(value, list):
            return _array(value, path)
        if not isinstance(value, dict):
            return float(value)
        if "context" in value:
            named = self.context.value(value["context"]) if self.context else None
            if named is None:
                raise FlowError(json_mistakes.UnknownContext(where=path, name=value["context"]))
            return named
        (kind, content), *_ = value.items()
        low, high = content.get("low"), content.get("high")
        init = content["init"]
        return Learn(
            _array(init, path) if isinstance(init, list) else float(init),
            -math.inf if low is None else low,
            math.inf if high is None else high,
            trained=kind == "learn",
            spread=float(content.get("spread", 0.0)),
        )


def _array(rows: list[Any], path: str) -> np.ndarray:
    try:
        return np.array(rows, np.float64)
    except ValueError:
        raise FlowError(json_mistakes.RaggedArray(where=path)) from None


def _kind(name: str) -> type:
    return registry.bases().get(name) or registry.transforms()[name]


def _declaration(data: list[Json] | None) -> Declaration | None:
    if not data:
        return None
    names: list[str] = []
    supports: list[Support] = []
    vectors: list[Vector] = []
    for group in data:
        own = group["names"]
        supports += [support_from_json(group["support"])] * (len(own) if "vector" in group else 1)
        vectors += [Vector(group["vector"], len(names), len(own))] if "vector" in group else []
        names += own
    return Declaration(tuple(names), Space(tuple(supports)), vectors=tuple(vectors))


def _false_declarations(data: Json) -> Iterator[Diagnostic]:
    """Mistakes in the names and supports of variables, beyond what a schema can say."""
    names: set[str] = set()
    for kind in ("context", "event"):
        for i, group in enumerate(data.get(kind, ())):
            support = support_from_json(group["support"])
            if flaw := _flaw_of(group, support, names, kind):
                yield json_mistakes.SchemaMismatch(where=f"{kind}[{i}]", what=flaw)
            names.update(_all_names(group))


def _all_names(group: Json) -> list[str]:
    """The names of the variables, and that of the vector that they are."""
    return [*group["names"], *([group["vector"]] if "vector" in group else [])]


def _flaw_of(group: Json, support: Support, taken: set[str], kind: str) -> str:
    names = _all_names(group)
    if repeated := next(
        (name for i, name in enumerate(names) if name in taken or name in names[:i]), ""
    ):
        return f"`{repeated}` is declared twice"
    count = len(group["names"])
    if "vector" in group and support.joint:
        return "the support of a vector is that of each of its variables"
    if "vector" not in group and support.size != count:
        return f"there are {count} names for a support of {support.size}"
    if kind == "context" and support.interval is None:
        return "a context variable is one number in an interval"
    return support.flaw()


def _false_supports(flow: Flow, data: Json) -> Iterator[Diagnostic]:
    derived = [
        ("base", flow.base_space),
        *((f"steps[{i}]", step.output) for i, step in enumerate(flow.steps)),
    ]
    for (path, space), stated in zip(derived, [data["base"], *data["steps"]], strict=True):
        if "output" in stated and not _same(space, stated["output"]):
            yield json_mistakes.FalseSupport(where=f"{path}.output", derived=str(space))


def _false_columns(flow: Flow, data: Json) -> Iterator[Diagnostic]:
    for name in data.get("train", {}).get("dequantize", ()):
        if name not in flow.columns:
            yield json_mistakes.SchemaMismatch(
                where="train.dequantize", what=f"there is no output `{name}`"
            )


def _same(space: Space, stated: Json) -> bool:
    parts = tuple(support_from_json(part) for part in stated["supports"])
    return Space(parts, stated["scalar"]).same(space)
