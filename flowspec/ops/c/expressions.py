"""Elementwise operations as expressions of C."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flowspec.ops.c.values import FLAG, INDEX, REAL, WORD

# t stands for f or d, R for float or double.
UNARY: Mapping[str, str] = {
    "exp": "exp_t({0})",
    "log": "log_t({0})",
    "log1p": "log1p_t({0})",
    "expm1": "expm1_t({0})",
    "sqrt": "sqrt_t({0})",
    "abs": "abs_t({0})",
    "sign": "sign_t({0})",
    "floor": "floor_t({0})",
    "sin": "sin_t({0})",
    "cos": "cos_t({0})",
    "asin": "asin_t({0})",
    "acos": "acos_t({0})",
    "atan": "atan_t({0})",
    "sinh": "sinh_t({0})",
    "asinh": "asinh_t({0})",
    "tanh": "tanh_t({0})",
    "atanh": "atanh_t({0})",
    "sigmoid": "sigmoid_t({0})",
    "softplus": "softplus_t({0})",
    "relu": "relu_t({0})",
    "square": "{0} * {0}",
    "negative": "-{0}",
    "isinf": "abs_t({0}) == INFINITY",
    "logical_not": "!{0}",
    "number": "{0} ? (R)1 : (R)0",
    "to_index": "index_t({0})",
    "low_word": "{0} & UINT64_C(0xFFFFFFFF)",
    "high_word": "{0} >> 32",
}
BINARY: Mapping[str, str] = {
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "equal": "{0} == {1}",
    "logical_and": "{0} & {1}",
    "logical_or": "{0} | {1}",
    "maximum": "max_t({0}, {1})",
    "minimum": "min_t({0}, {1})",
    "power": "power_t({0}, {1})",
    "xor": "{0} ^ {1}",
}
TERNARY: Mapping[str, str] = {
    "where": "{0} ? {1} : {2}",
    "clip": "clip_t({0}, {1}, {2})",
}
TEMPLATES: Mapping[str, str] = {**UNARY, **BINARY, **TERNARY}

SPECIAL = frozenset(
    ("lgamma", "digamma", "erfc", "normal_cdf", "normal_quantile", "elu", "gelu", "tan")
)
"""Functions that are formulas of the vocabulary: each is one function of the file."""

ELEMENTWISE = frozenset((*TEMPLATES, *SPECIAL, "to_float", "take_along", "with_batch"))

REDUCTIONS: Mapping[str, tuple[str, str]] = {
    "sum": ("0", "{0} + {1}"),
    "any": ("0", "{0} | {1}"),
    "max": ("-INFINITY", "max_t({0}, {1})"),
}
"""Operations along the first axis: the start, and how the next one joins."""

COMPARISONS = frozenset(("less", "less_equal", "greater", "greater_equal", "equal"))
MOST_CHOICES = 16
"""Up to so many rows `take_along` chooses by comparisons, which vectors have."""


def typed(text: str, single: bool) -> str:
    """A template for float or for double."""
    letter, real = ("f", "float") if single else ("d", "double")
    return re.sub(r"(?<=[a-z0-9])_t\(", f"_{letter}(", text).replace("(R)", f"({real})")


def kinds_of_operands(op: str, kind: str, kinds: Sequence[str | None]) -> list[str]:
    """What each operand is, given the kinds of those that are values (None for numbers)."""
    known = next((k for k in kinds if k is not None), REAL)
    if op == "where":
        return [FLAG, kind, kind]
    if op in COMPARISONS or op in ("number", "isinf", "to_float"):
        return [known] * len(kinds)
    if op == "to_index":
        return [REAL]
    if op == "take_along":
        return [kind, INDEX]
    return [kind] * len(kinds)


def extreme_of_number(op: str, x: str, number: str) -> str:
    """The maximum or minimum with a fixed number; NaN stays NaN."""
    sign = "<" if op == "maximum" else ">"
    return f"{x} {sign} {number} ? {number} : {x}"


def to_float(x: str, kind: str, real: str) -> str:
    return f"({real})(int64_t){x}" if kind == WORD else f"({real}){x}"
