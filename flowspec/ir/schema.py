"""The JSON Schema of a flow, made from the registry, as `grammar/flow.schema.json` holds
it.

Components are told apart by `if`/`then` on their name: a mistake is reported at its own
field.
"""

from __future__ import annotations

import dataclasses
import json
import math
from functools import cache
from typing import Any

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ir import json_mistakes, registry
from flowspec.ir.settings import Range, ranges
from flowspec.parts.fields import ComponentSpec, ParameterSpec, SettingSpec, specs
from flowspec.parts.limits import LARGEST_EVENT
from flowspec.support.registry import kinds
from flowspec.version import IR_VERSION

_NUMBERS = {
    "anyOf": [
        {"type": "number"},
        {"type": "array", "items": {"$ref": "#/$defs/numbers"}, "minItems": 1},
    ]
}
_END = {"type": ["number", "null"]}
_LEARN = {
    "type": "object",
    "properties": {
        "init": {"$ref": "#/$defs/numbers"},
        "low": _END,
        "high": _END,
        "spread": {"type": "number", "minimum": 0},
    },
    "required": ["init"],
    "additionalProperties": False,
}
_VALUE = {
    "type": ["number", "array", "object"],
    "items": {"$ref": "#/$defs/numbers"},
    "properties": {"learn": _LEARN, "measure": _LEARN, "context": {"type": "string"}},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}


def _support() -> dict[str, Any]:
    """One support: its kind, and the fields of that kind."""
    fields: dict[str, Any] = {}
    for kind in kinds().values():
        for name in kind.schema["properties"]:
            fields.setdefault(name, {})
    return {
        "type": "object",
        "properties": {"kind": {"enum": list(kinds())}, **fields},
        "required": ["kind"],
        "additionalProperties": False,
        "allOf": [
            {"if": {"properties": {"kind": {"const": name}}}, "then": kind.schema}
            for name, kind in kinds().items()
        ],
    }


_SPACE = {
    "type": "object",
    "properties": {
        "scalar": {"type": "boolean"},
        "supports": {"type": "array", "items": {"$ref": "#/$defs/support"}},
    },
    "required": ["scalar", "supports"],
    "additionalProperties": False,
}
_DECLARATION = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "properties": {
            "names": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            "support": {"$ref": "#/$defs/support"},
            "vector": {"type": "string", "minLength": 1},
        },
        "required": ["names", "support"],
        "additionalProperties": False,
    },
}


def build() -> dict[str, Any]:
    """The schema of every flow that the registry can make."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "FlowSpec flow",
        "type": "object",
        "properties": {
            "flowspec": {"const": IR_VERSION},
            "context": {"$ref": "#/$defs/declaration"},
            "event": {"$ref": "#/$defs/declaration"},
            "base": {"$ref": "#/$defs/base"},
            "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
            "train": _settings(),
        },
        "required": ["flowspec", "base", "steps"],
        "additionalProperties": False,
        "$defs": {
            "numbers": _NUMBERS,
            "value": _VALUE,
            "support": _support(),
            "space": _SPACE,
            "declaration": _DECLARATION,
            "base": _one_of(dict(registry.bases()), "base"),
            "step": _one_of(dict(registry.transforms()), "step"),
        },
    }


def _settings() -> dict[str, Any]:
    properties = {name: _limited(limits, limits.doc) for name, limits in ranges().items()}
    for name, limits in ranges().items():
        if limits.above:
            properties[name]["exclusiveMinimum"] = properties[name].pop("minimum")
        if limits.kind is tuple:
            properties[name] = {
                "type": "array",
                "items": {"type": "string"},
                "description": limits.doc,
            }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def text() -> str:
    """The schema as `grammar/flow.schema.json` holds it."""
    return json.dumps(build(), indent=1) + "\n"


def _one_of(kinds: dict[str, type], what: str) -> dict[str, Any]:
    cases = [
        {"if": {"properties": {"name": {"const": name}}}, "then": _fields(kind, what)}
        for name, kind in sorted(kinds.items())
    ]
    return {
        "type": "object",
        "properties": {"name": {"enum": sorted(kinds)}},
        "required": ["name"],
        "allOf": cases,
    }


def _fields(kind: type, what: str) -> dict[str, Any]:
    properties: dict[str, Any] = {"name": True, "output": {"$ref": "#/$defs/space"}}
    if any(field.name == "size" for field in dataclasses.fields(kind)):
        properties["size"] = {"type": "integer", "minimum": 1, "maximum": LARGEST_EVENT}
    for name, spec in specs(kind).items():
        properties[name] = _field(spec, what)
    required = [
        f.name
        for f in dataclasses.fields(kind)
        if f.name in specs(kind) and f.default is dataclasses.MISSING
    ]
    for name in required:
        if properties[name].get("type") == "array":
            properties[name]["minItems"] = 1
    return {"properties": properties, "required": required, "additionalProperties": False}


def _field(spec: Any, what: str) -> dict[str, Any]:
    if isinstance(spec, ComponentSpec):
        inner = {"$ref": f"#/$defs/{'step' if spec.transforms else what}"}
        return {"type": "array", "items": inner, "minItems": 1} if spec.many else inner
    if isinstance(spec, ParameterSpec):
        return {"$ref": "#/$defs/value", "description": spec.doc}
    if spec.kind in (tuple, list):
        items: dict[str, Any] = {"type": "integer", "minimum": 0}
        if spec.kind is list:
            items = {"type": "array", "items": items, "minItems": 1}
        return {"type": "array", "items": items, "description": spec.doc}
    return _limited(spec, spec.doc) | ({"type": ["number", "null"]} if spec.kind is float else {})


def _limited(spec: SettingSpec | Range, doc: str) -> dict[str, Any]:
    """A number between its limits, a flag, or one of some words."""
    names = {int: "integer", float: "number", bool: "boolean", str: "string", tuple: "array"}
    schema: dict[str, Any] = {"type": names[spec.kind], "description": doc}
    if math.isfinite(spec.low):
        schema["minimum"] = spec.low
    if math.isfinite(spec.high):
        schema["maximum"] = spec.high
    return schema | ({"enum": list(spec.choices)} if spec.choices else {})


@cache
def _validator() -> Any:
    # jsonschema takes a third of the time in which `flowspec check` has to be done, and `check`
    # needs none of it.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(build())


def schema_mistakes(data: Any) -> list[Diagnostic]:
    """The places where plain data does not follow the schema, at most ten."""
    errors = sorted(
        _validator().iter_errors(data),
        key=lambda error: (len(error.absolute_path), str(error.json_path)),
    )
    return [
        json_mistakes.SchemaMismatch(
            where=error.json_path.replace("$.", "").replace("$", "the file"),
            what=error.message[:300],
        )
        for error in errors[:10]
    ]
