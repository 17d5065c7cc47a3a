"""Settings of a component: counts, orders, flags and words, and the check of one."""

from __future__ import annotations

import math
from typing import Any

from flowspec.parts.fields import SettingSpec
from flowspec.support.support import number

KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a word in quotes",
    list: "a matrix of whole numbers",
    tuple: "a vector of whole numbers",
}
"""The kinds of setting, in words."""


def setting_fits(spec: SettingSpec, value: Any) -> bool:
    """True if a setting may have this value."""
    if spec.kind is bool or spec.kind is str:
        return isinstance(value, spec.kind) and (not spec.choices or value in spec.choices)
    if spec.kind is list:
        return _is_matrix(spec, value)
    if spec.kind is tuple:
        return _is_vector(spec, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return spec.low <= value <= spec.high and (spec.kind is float or is_integer(value))


def _is_vector(spec: SettingSpec, value: Any) -> bool:
    """True for a tuple of whole numbers within the limits."""
    if not isinstance(value, tuple):
        return False
    return all(is_integer(entry) and spec.low <= entry <= spec.high for entry in value)


def _is_matrix(spec: SettingSpec, value: Any) -> bool:
    """True for a tuple of vectors of one length."""
    if not isinstance(value, tuple) or not all(_is_vector(spec, row) for row in value):
        return False
    return len({len(row) for row in value}) < 2


def is_integer(value: Any) -> bool:
    """True for a whole number, whatever its type; not for truth values."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value == int(value)


def setting_in_words(spec: SettingSpec) -> str:
    """The values that a setting takes."""
    if spec.choices:
        return " or ".join(f'"{choice}"' for choice in spec.choices)
    kind = KINDS[spec.kind]
    if math.isfinite(spec.low) and math.isfinite(spec.high):
        return f"{kind} from {number(spec.low)} to {number(spec.high)}"
    return f"{kind} of at least {number(spec.low)}" if math.isfinite(spec.low) else kind
