"""The grammar, the settings of a training and the fields of components in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from flow_site.markdown import cell, fenced, table_of
from flowspec.ir import schema


def grammar() -> str:
    """The grammar as the parser reads it."""
    return fenced((files("flowspec.grammar") / "flow.lark").read_text("utf-8"))


def settings() -> str:
    """A line for each setting of `train { }`."""
    properties = schema.build()["properties"]["train"]["properties"]
    rows = [
        (f"`{name}`", _kind(held), cell(held["description"])) for name, held in properties.items()
    ]
    return table_of(["setting", "takes", "meaning"], rows)


def components() -> str:
    """The fields of each base and step in JSON."""
    definitions = schema.build()["$defs"]
    return "\n\n".join(
        f"## {heading}\n\n{_cases(definitions[kind]['allOf'])}"
        for heading, kind in (("Fields of bases", "base"), ("Fields of steps", "step"))
    )


def _cases(cases: list[dict[str, Any]]) -> str:
    rows = [
        (f"`{case['if']['properties']['name']['const']}`", _fields(case["then"])) for case in cases
    ]
    return table_of(["`name`", "further fields"], rows)


def _fields(then: Mapping[str, Any]) -> str:
    usual = ("name", "output")
    return ", ".join(
        f"`{name}`" + ("" if name in then["required"] else "?")
        for name in then["properties"]
        if name not in usual
    )


def _kind(held: Mapping[str, Any]) -> str:
    if "enum" in held:
        return ", ".join(f'"{word}"' for word in held["enum"])
    if held["type"] == "array":
        return "names of columns"
    word = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}
    limits = [
        f"{sign} {held[key]:g}"
        for key, sign in (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"))
        if key in held
    ]
    return " ".join([word.get(held["type"], held["type"]), *limits])
