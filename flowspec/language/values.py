"""Expressions to values: numbers, arrays, words, `learn(...)`, context variables, components."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic, suggest
from flowspec.language import call_mistakes as mistakes
from flowspec.language import syntax
from flowspec.language.coordinates import Coordinates, coordinates
from flowspec.language.scope import UNKNOWN, Scope, Unknown
from flowspec.parts.limits import LARGEST_ARRAY, MOST_AXES
from flowspec.parts.values import FromContext, Learn
from flowspec.support.support import number

CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "true": True, "false": False}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "tanh": np.tanh, "abs": np.abs,
}  # fmt: skip
REVERSED = "reversed"
"""The function of the prelude for flows that turn their coordinates round."""

LEARN_ARGUMENTS = ("init", "low", "high")

Builder = Callable[[syntax.Call | syntax.Pipeline, Scope], Any]
"""The component in value position (`Normal(0, 1)` inside `Join(...)`), or None."""


def evaluate(node: syntax.Node, scope: Scope, build: Builder) -> Any:
    """The value of an expression; UNKNOWN, with the mistake noted in the scope, if it has none."""
    if isinstance(node, syntax.Number):
        return node.value if math.isfinite(node.value) else scope.report(_too_large(node))
    if isinstance(node, syntax.String):
        return node.text
    if isinstance(node, syntax.Group):
        return evaluate(node.value, scope, build)
    if isinstance(node, syntax.Vector):
        return _vector(node, scope, build)
    if isinstance(node, syntax.Call):
        return _call(node, scope, build)
    if isinstance(node, syntax.Pipeline):
        return build(node, scope)
    return _arithmetic(node, scope, build)


def _too_large(node: syntax.Number) -> Diagnostic:
    return mistakes.NumberTooLarge(span=node.span)


def in_words(value: Any) -> str:
    """The kind of a value, as a message says it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, str):
        return f'the word "{value}"'
    if isinstance(value, Learn):
        return "a trained parameter"
    if isinstance(value, FromContext):
        return f"the context `{value.name}`"
    if isinstance(value, np.ndarray):
        return "a vector" if value.ndim == 1 else "a matrix"
    if isinstance(value, Coordinates):
        return "the `event`"
    return f"`{value.title}`"


# --- vectors --------------------------------------------------------------------------------------


def _vector(node: syntax.Vector, scope: Scope, build: Builder) -> Any:
    items = [evaluate(item, scope, build) for item in node.items]
    if any(isinstance(item, Unknown) for item in items):
        return UNKNOWN
    for item, written in zip(items, node.items, strict=True):
        if isinstance(item, bool) or not isinstance(item, int | float | np.ndarray):
            advice = (
                "write `learn([...])` around the whole vector"
                if isinstance(item, Learn)
                else "write numbers"
            )
            return scope.report(
                mistakes.MixedVector(span=written.span, found=in_words(item), advice=advice)
            )
        if not np.size(item):
            return scope.report(mistakes.EmptyVector(span=written.span))
    if (
        sum(np.size(item) for item in items) > LARGEST_ARRAY
        or max((np.ndim(item) for item in items), default=0) >= MOST_AXES
    ):
        return scope.report(
            mistakes.ArrayTooLarge(span=node.span, limit=LARGEST_ARRAY, deepest=MOST_AXES)
        )
    lengths = [np.shape(item) for item in items]
    if len(set(lengths)) > 1:
        lengths_in_words = ", ".join(
            str(shape[0]) if shape else "a number" for shape in lengths[:8]
        )
        return scope.report(mistakes.RaggedMatrix(span=node.span, lengths=lengths_in_words))
    return np.array(items, float)


# --- names and calls ------------------------------------------------------------------------------


def _call(node: syntax.Call, scope: Scope, build: Builder) -> Any:
    name = node.name.text
    if name == "event" and node.arguments is None:
        return _event(node, scope)
    value = scope.lookup(name)
    if value is None and name in CONSTANTS:
        value = CONSTANTS[name]
    if value is not None:
        if node.arguments is not None or node.copies is not None:
            return scope.report(mistakes.CalledName(span=node.span, name=name, what="a value"))
        return value
    if name == "learn":
        return _learn(node, scope, build)
    if name in FUNCTIONS:
        return _function(node, scope, build)
    if name == REVERSED and name not in scope.macros and len(node.arguments or ()) == 2:
        return _reversed(node, scope, build)
    component = build(node, scope)
    return scope.report(_unknown_value(node, scope)) if component is None else component


def _event(node: syntax.Call, scope: Scope) -> Coordinates | Unknown:
    """The coordinates of the event, where a number of them can stand."""
    if scope.event is None:
        return scope.report(mistakes.NoEvent(span=node.span))
    return coordinates(scope.event)


def _reversed(node: syntax.Call, scope: Scope, build: Builder) -> Any:
    """A number of coordinates as it is; those of an event, turned round so many times."""
    count, turns = (evaluate(argument.value, scope, build) for argument in node.arguments or ())
    if isinstance(count, Coordinates) and isinstance(turns, float | int) and turns % 2 == 1:
        return count.reversed()
    return turns if isinstance(turns, Unknown) else count


def _unknown_value(node: syntax.Call, scope: Scope) -> Diagnostic:
    name = node.name.text
    if scope.event and scope.event.places(name):
        advice = f"`{name}` is an output; only context variables can stand in an argument"
        return mistakes.UnknownName(span=node.name.span, kind="value", name=name, advice=advice)
    known = [
        *scope.values,
        *CONSTANTS,
        *FUNCTIONS,
        "learn",
        *(scope.context.words if scope.context else ()),
    ]
    near = suggest(name, known)
    advice = f"did you mean `{near}`?" if near else f"define it before: `let {name} = ...`"
    kind = "value" if node.arguments is None else "function"
    return mistakes.UnknownName(
        span=node.name.span, kind=kind, name=name, advice=advice, suggestion=near
    )


def _function(node: syntax.Call, scope: Scope, build: Builder) -> Any:
    name = node.name.text
    if node.arguments is None or len(node.arguments) != 1 or node.arguments[0].name:
        count = len(node.arguments or ())
        signature = f"{name}(2)"
        return scope.report(
            mistakes.TooManyArguments(
                span=node.span, name=name, most="one number", found=count, signature=signature
            )
        )
    value = _numeric(node.arguments[0].value, scope, build)
    return (
        UNKNOWN if isinstance(value, Unknown) else _finite(FUNCTIONS[name], (value,), node, scope)
    )


def _learn(node: syntax.Call, scope: Scope, build: Builder) -> Any:
    given: dict[str, Any] = {}
    for index, argument in enumerate(node.arguments or ()):
        if argument.name is None and index >= len(LEARN_ARGUMENTS):
            return scope.report(
                mistakes.TooManyArguments(
                    span=argument.span, name="learn", most="a start and two bounds",
                    found=len(node.arguments or ()), signature="learn(0, low=-1, high=1)",
                )
            )  # fmt: skip
        name = argument.name.text if argument.name else LEARN_ARGUMENTS[index]
        if name not in LEARN_ARGUMENTS:
            advice = "it has `init`, `low` and `high`"
            return scope.report(
                mistakes.UnknownArgument(
                    span=argument.span, name="learn", argument=name, advice=advice
                )
            )
        value = _numeric(argument.value, scope, build)
        if isinstance(value, Unknown):
            return UNKNOWN
        if name != "init" and np.ndim(value):
            span = argument.value.span
            problem = mistakes.WrongKind(
                span=span, name="learn", argument=name, expected="one number", found="a vector"
            )
            return scope.report(problem)
        given[name] = value
    return Learn(**{"init": 0.0, **given})


# --- arithmetic -----------------------------------------------------------------------------------


def _numeric(node: syntax.Node, scope: Scope, build: Builder) -> Any:
    """A number or an array; anything else is a mistake."""
    value = evaluate(node, scope, build)
    if isinstance(value, np.ndarray) and not value.size:
        return scope.report(mistakes.EmptyVector(span=node.span))
    if isinstance(value, Unknown) or (
        isinstance(value, int | float | np.ndarray) and not isinstance(value, bool)
    ):
        return value
    return scope.report(mistakes.NotANumber(span=node.span, found=in_words(value)))


def _arithmetic(node: syntax.Node, scope: Scope, build: Builder) -> Any:
    if isinstance(node, syntax.Signed):
        value = _numeric(node.value, scope, build)
        return value if isinstance(value, Unknown) or not node.negative else -value
    if isinstance(node, syntax.Sum):
        return _chain(node, node.terms, {"+": np.add, "-": np.subtract}, scope, build)
    if isinstance(node, syntax.Product):
        return _chain(node, node.factors, {"*": np.multiply, "/": np.divide}, scope, build)
    assert isinstance(node, syntax.Power)
    return _power(node, scope, build)


def _chain(
    node: syntax.Node,
    operands: tuple[tuple[str, syntax.Node], ...],
    functions: Mapping[str, Callable[..., Any]],
    scope: Scope,
    build: Builder,
) -> Any:
    _, first = operands[0]
    total = _numeric(first, scope, build)
    for sign, operand in operands[1:]:
        value = _numeric(operand, scope, build)
        if isinstance(total, Unknown) or isinstance(value, Unknown):
            total = UNKNOWN
            continue
        total = _finite(functions[sign], (total, value), node, scope)
    return total


def _power(node: syntax.Power, scope: Scope, build: Builder) -> Any:
    values = [_numeric(operand, scope, build) for operand in node.operands]
    if any(isinstance(value, Unknown) for value in values):
        return UNKNOWN
    total = values[-1]
    for value in reversed(values[:-1]):
        total = _finite(np.power, (value, total), node, scope)
        if isinstance(total, Unknown):
            return UNKNOWN
    return total


def _finite(
    function: Callable[..., Any], values: tuple[Any, ...], node: syntax.Node, scope: Scope
) -> Any:
    """The result of constant arithmetic, if it has one."""
    try:
        with np.errstate(all="ignore"):
            result = function(*(np.asarray(value, float) for value in values))
    except ValueError:
        return scope.report(mistakes.UnlikeLengths(span=node.span))
    if np.isnan(result).any():
        return scope.report(mistakes.NoValue(span=node.span))
    if np.isinf(result).any() and all(np.isfinite(value).all() for value in values):
        return scope.report(mistakes.ResultTooLarge(span=node.span))
    return float(result) if result.ndim == 0 else result
