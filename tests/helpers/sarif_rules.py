"""The rules of SARIF 2.1.0 (OASIS Standard, 2020) that a log of `flowspec check` is under.

Written from sections 3.13 to 3.57 of the standard: what an object must hold, of what kind each
property is, and no property that the standard does not name.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_LEVELS = {"enum": ["none", "note", "warning", "error"]}
_COUNT = {"type": "integer", "minimum": 1}


def _object(required: list[str], **properties: Json) -> Json:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def _array(items: Json, least: int = 0) -> Json:
    return {"type": "array", "items": items, "minItems": least}


_TEXT = {"type": "string"}
_MESSAGE = _object(["text"], text=_TEXT, markdown=_TEXT)
_ARTIFACT = _object([], uri={"type": "string", "pattern": r"^[^\s\\\\]+$"}, uriBaseId=_TEXT)
_REGION = _object(
    ["startLine"], startLine=_COUNT, startColumn=_COUNT, endLine=_COUNT, endColumn=_COUNT
)
_PHYSICAL = _object(["artifactLocation"], artifactLocation=_ARTIFACT, region=_REGION)
_LOCATION = _object([], physicalLocation=_PHYSICAL, message=_MESSAGE)
_REPLACEMENT = _object(
    ["deletedRegion"], deletedRegion=_REGION, insertedContent=_object([], text=_TEXT)
)
_CHANGE = _object(
    ["artifactLocation", "replacements"],
    artifactLocation=_ARTIFACT, replacements=_array(_REPLACEMENT, 1),
)  # fmt: skip
_FIX = _object(["artifactChanges"], description=_MESSAGE, artifactChanges=_array(_CHANGE, 1))
_RESULT = _object(
    ["message"],
    ruleId=_TEXT, ruleIndex={"type": "integer", "minimum": -1}, level=_LEVELS, message=_MESSAGE,
    locations=_array(_LOCATION), relatedLocations=_array(_LOCATION), fixes=_array(_FIX),
)  # fmt: skip
_RULE = _object(
    ["id"],
    id=_TEXT, name=_TEXT, shortDescription=_MESSAGE, fullDescription=_MESSAGE, help=_MESSAGE,
)  # fmt: skip
_DRIVER = _object(["name"], name=_TEXT, version=_TEXT, rules=_array(_RULE))
_RUN = _object(
    ["tool"],
    tool=_object(["driver"], driver=_DRIVER), results=_array(_RESULT),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
)  # fmt: skip

RULES = _object(
    ["version", "runs"], version={"const": "2.1.0"}, runs=_array(_RUN), **{"$schema": _TEXT}
)
