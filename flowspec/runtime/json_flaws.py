"""JSON held against a schema: the part of JSON Schema that `flow.schema.json` is written in.

The package jsonschema takes longer to load than a bundle takes to open; a test holds the two
against each other. A schema becomes nested functions, each when it is first needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

Schema = Mapping[str, Any] | bool
Flaw = tuple[str, str]
"""The path of a value from where it was looked for, and what is wrong with it."""

Check = Callable[[Any], Flaw | None]
"""The first flaw of a value; None if it has none."""

TYPES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "object": (lambda value: isinstance(value, dict), "an object"),
    "array": (lambda value: isinstance(value, list), "a list"),
    "string": (lambda value: isinstance(value, str), "text"),
    "number": (lambda value: type(value) in (int, float), "a number"),
    "integer": (
        lambda value: type(value) is int or (type(value) is float and value.is_integer()),
        "a whole number",
    ),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "null": (lambda value: value is None, "null"),
}
RANGE = frozenset({"minimum", "maximum", "exclusiveMinimum"})
SIZES = {"Items": list, "Properties": dict, "Length": str}
OBJECT = frozenset({"properties", "required", "additionalProperties"})
LONGEST = 40
"""Characters of a value that a message shows."""


class Checker:
    """A schema that values are held against; `$ref` refers to the `$defs` of its root."""

    def __init__(self, root: Mapping[str, Any]):
        self._root = root
        self._named: dict[str, Check] = {}
        self._whole: Check | None = None

    def first_flaw(self, value: Any, path: str = "") -> Flaw | None:
        """The first place where a value does not follow the schema; None if it does.

        path   the place of the value, for messages
        """
        if self._whole is None:
            self._whole = self._check(self._root)
        flaw = self._whole(value)
        return flaw and ((path + flaw[0]).lstrip("."), flaw[1])

    def _check(self, schema: Schema) -> Check:
        if isinstance(schema, bool):
            return lambda value: None
        checks = list(self._checks(schema))
        if len(checks) == 1:
            return checks[0]

        def all_of(value: Any) -> Flaw | None:
            for check in checks:
                if flaw := check(value):
                    return flaw
            return None

        return all_of

    def _checks(self, schema: Mapping[str, Any]) -> Iterator[Check]:
        if "$ref" in schema:
            yield partial(self._by_name, schema["$ref"].rsplit("/", 1)[1])
        if "anyOf" in schema:
            yield partial(_any_of, [self._check(option) for option in schema["anyOf"]])
        if "type" in schema:
            kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
            yield partial(_type, [TYPES[kind][0] for kind in kinds], kinds)
        if "const" in schema:
            yield partial(_const, schema["const"])
        if "enum" in schema:
            yield partial(_enum, schema["enum"])
        if RANGE & schema.keys():
            yield partial(_range, schema)
        for words, kind in SIZES.items():
            if {f"min{words}", f"max{words}"} & schema.keys():
                low, high = schema.get(f"min{words}", 0), schema.get(f"max{words}")
                yield partial(_size, kind, low, high)
        if OBJECT & schema.keys():
            properties = {n: self._check(s) for n, s in schema.get("properties", {}).items()}
            is_open = schema.get("additionalProperties", True) is not False
            yield partial(_object, properties, schema.get("required", ()), is_open)
        if "items" in schema:
            yield partial(_items, self._check(schema["items"]))
        if "allOf" in schema:
            yield self._branches(schema["allOf"])

    def _by_name(self, name: str, value: Any) -> Flaw | None:
        if name not in self._named:
            self._named[name] = self._check(self._root["$defs"][name])
        return self._named[name](value)

    def _branches(self, branches: list[dict[str, Any]]) -> Check:
        """Schemas that are told apart by the constant in one property."""
        ((name, _),) = branches[0]["if"]["properties"].items()
        schemas = {each["if"]["properties"][name]["const"]: each["then"] for each in branches}
        made: dict[str, Check] = {}

        def branch(value: Any) -> Flaw | None:
            kind = value.get(name) if isinstance(value, dict) else None
            if not isinstance(kind, str) or kind not in schemas:
                return None
            if kind not in made:
                made[kind] = self._check(schemas[kind])
            return made[kind](value)

        return branch


def _any_of(options: list[Check], value: Any) -> Flaw | None:
    flaw = None
    for option in options:
        if (flaw := option(value)) is None:
            return None
    return flaw and ("", f"is {_shown(value)}")


def _type(tests: list[Callable[[Any], bool]], kinds: list[str], value: Any) -> Flaw | None:
    for test in tests:
        if test(value):
            return None
    words = " or ".join(TYPES[kind][1] for kind in kinds)
    return "", f"is {_shown(value)}, and should be {words}"


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON, where 1 is no true."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _const(constant: Any, value: Any) -> Flaw | None:
    if _same(value, constant):
        return None
    return "", f"is {_shown(value)}, and should be {_shown(constant)}"


def _enum(options: list[Any], value: Any) -> Flaw | None:
    if any(_same(value, option) for option in options):
        return None
    return "", f"is {_shown(value)}, which is not known"


def _range(schema: Mapping[str, Any], value: Any) -> Flaw | None:
    if type(value) not in (int, float) or (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
        and not ("exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"])
    ):
        return None
    return "", f"is {_shown(value)}, which is out of range"


def _size(kind: type[Any], low: int, high: int | None, value: Any) -> Flaw | None:
    if not isinstance(value, kind) or low <= len(value) <= (len(value) if high is None else high):
        return None
    return "", f"has {len(value)} entries, which are too {'few' if len(value) < low else 'many'}"


def _object(
    properties: Mapping[str, Check], required: list[str], is_open: bool, value: Any
) -> Flaw | None:
    if not isinstance(value, dict):
        return None
    for name in required:
        if name not in value:
            return f".{name}", "is missing"
    for name, entry in value.items():
        if name in properties:
            if flaw := properties[name](entry):
                return f".{name}{flaw[0]}", flaw[1]
        elif not is_open:
            return f".{name}", "is not known"
    return None


def _items(check: Check, value: Any) -> Flaw | None:
    if isinstance(value, list):
        for index, item in enumerate(value):
            if flaw := check(item):
                return f"[{index}]{flaw[0]}", flaw[1]
    return None


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
