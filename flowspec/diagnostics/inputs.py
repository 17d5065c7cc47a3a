"""Mistakes in what is given to a flow that runs, and what bundles, models and modules say alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

LISTED = 8
"""So many columns are listed in a message."""


@mistake
class WrongInput(Diagnostic):
    """A kind of mistakes, in what is given to be trained on or drawn. Each has words of its own."""

    family = "wrong-input"


@mistake
class NotNumbers(Diagnostic):
    message = "`{name}` does not hold real numbers only"
    help = "give an array of numbers"
    name: str


@mistake
class WrongShape(Diagnostic):
    message = "`{name}` has shape {shape}, but {needed}"
    help = "give {wanted}"
    name: str
    shape: str
    needed: str
    wanted: str


@mistake
class NotWhole(Diagnostic):
    message = "`{name}` is {value}, which is not a whole number"
    help = "give a whole number"
    name: str
    value: str


@mistake
class OutOfRange(Diagnostic):
    message = "`{name}` is {value}, which is out of range"
    help = "give a number {ends}"
    name: str
    value: int
    ends: str


@mistake
class NoContext(Diagnostic):
    message = "this flow has no context"
    help = "leave `{name}` out"
    name: str = "context"


@mistake
class ContextMissing(Diagnostic):
    message = "this flow is conditional: it needs {names}"
    help = "give `context`, an array of shape (rows, {count})"
    names: str
    count: int


@mistake
class WrongContextRows(Diagnostic):
    message = "`context` has {found}, and {needed} are needed"
    help = "give one row for each, or one for all"
    found: str
    needed: int


@mistake
class ContextOutside(Diagnostic):
    message = "context `{name}` is {value} in row {row}, outside of {support}"
    help = "{leave} ({count} of {rows}), or {advice}"
    name: str
    value: str
    row: int
    support: str
    count: int
    rows: int
    advice: str
    leave: str = "leave such rows out"


# --- checks ---------------------------------------------------------------------------------------


def is_conditional(names: Sequence[str], context: object) -> bool:
    """True if the flow has a context, and it is given; false if neither is so.

    names     the conditioning variables
    Errors:   FlowError, where a context is missing, or given to a flow that has none.
    """
    if names and context is None:
        raise FlowError(ContextMissing(names=", ".join(names), count=len(names)))
    if context is not None and not names:
        raise FlowError(NoContext())
    return bool(names)


def wrong_width(
    name: str, shape: Sequence[int], width: int, wanted: str, columns: str = ""
) -> FlowError:
    """That an array has not as many columns as are needed. `wanted` has a {} for their number."""
    needed = f"{width} column{'s are' if width != 1 else ' is'} needed{columns}"
    return FlowError(
        WrongShape(
            name=name, shape=written_shape(shape), needed=needed, wanted=wanted.format(width)
        )
    )


def whole(name: str, value: Any, low: int, high: int = 2**63 - 1) -> int:
    """A whole number from `low` to `high`; 2.0 is one.

    Errors:   FlowError, where it is none.
    """
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or isinstance(value, str) or number != value:
        raise FlowError(NotWhole(name=name, value=repr(value)))
    if not low <= number <= high:
        ends = f"from {low} to {high}" if high < 2**63 - 1 or low < 0 else f"from {low} on"
        raise FlowError(OutOfRange(name=name, value=number, ends=ends))
    return number


def written_shape(shape: Sequence[int]) -> str:
    """(2,), (2, 3), as numpy writes shapes."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
