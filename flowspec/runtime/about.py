"""The content of `flow.json`: what each field may hold, and how the fields go together."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from flowspec.runtime.json_flaws import Checker, Flaw, Schema
from flowspec.runtime.targets import TARGETS
from flowspec.support.registry import from_json as support_from_json

_NAMES = {"type": "array", "items": {"type": "string", "minLength": 1}}
_TEXT = {"type": "string"}

FIELDS: Mapping[str, Schema] = {
    "format": {"type": "integer", "minimum": 1},
    "flowspec": _TEXT,
    "dtype": {"enum": ["float32", "float64"]},
    "opset": {"type": "integer", "minimum": 1},
    "batch": {"type": ["integer", "null"], "minimum": 1},
    "columns": {**_NAMES, "minItems": 1},
    "context": _NAMES,
    "scalar": {"type": "boolean"},
    "noise": {"type": "array", "items": {"enum": ["normal", "uniform"]}, "minItems": 1},
    "support": _TEXT,
    "certificate": {"type": "object"},
    "files": {"type": "object"},
}
SEALED: Mapping[str, Schema] = {**FIELDS, "digest": _TEXT}
WITH_LATENT: Mapping[str, Schema] = {
    **SEALED,
    "latent": {**_NAMES, "minItems": 1},
    "target": {"enum": list(TARGETS)},
}
FORMATS: Mapping[int, Mapping[str, Schema]] = {1: FIELDS, 2: SEALED, 3: WITH_LATENT}
"""The fields of each format beside `flow`, which is held against `flow.schema.json`."""


@cache
def _flow_checker() -> Checker:
    # `importlib.resources` takes longer to load than all the rest here
    data = pkgutil.get_data("flowspec.grammar", "flow.schema.json")
    return Checker(json.loads(data or "{}"))


@cache
def _field_checker(number: int) -> Checker:
    fields = FORMATS[number]
    return Checker({"properties": {**fields, "flow": True}, "required": [*fields, "flow"]})


def about_flaw(about: dict[str, Any]) -> Flaw | None:
    """The first field that is not what it should be, and what is wrong with it."""
    return (
        _field_checker(about["format"]).first_flaw(about)
        or _flaw_of_entries(about)
        or _flow_checker().first_flaw(about["flow"], "flow")
        or _discord(about)
    )


def _flaw_of_entries(about: Mapping[str, Any]) -> Flaw | None:
    """Flaws that a schema would need longer words for."""
    for name, digest in about["files"].items():
        if not isinstance(digest, str):
            return f"files.{name}", "is no hash"
    for name, figure in about["certificate"].items():
        if figure is not None and type(figure) not in (int, float):
            return f"certificate.{name}", "is no number"
    for kind in ("columns", "context"):
        if len({*about[kind]}) < len(about[kind]):
            return kind, "has a name twice"
    return None


def _discord(about: Mapping[str, Any]) -> Flaw | None:
    """The first field that contradicts the flow."""
    flow = about["flow"]
    output = [flow["base"], *flow["steps"]][-1].get("output")
    if output is not None:
        size = sum(support_from_json(part).size for part in output["supports"])
        if about["scalar"] != output["scalar"]:
            return "scalar", "is not that of the flow"
        if len(about["columns"]) != size:
            return "columns", f"has {len(about['columns'])} names, and the flow {size} outputs"
    if "event" in flow and about["columns"] != _declared(flow["event"]):
        return "columns", "are not those of the flow's `event`"
    if about["context"] != _declared(flow.get("context", ())):
        return "context", "is not that of the flow"
    for name in flow.get("train", {}).get("dequantize", ()):
        if name not in about["columns"]:
            return "flow.train.dequantize", f"has {name}, which is no column"
    return None


def _declared(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    return [name for group in groups for name in group["names"]]
