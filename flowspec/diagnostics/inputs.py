"""Mistakes in what is given to a flow that runs, and the checks of it that bundles, models and
modules share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

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
    help = "leave such rows out ({count} of {rows}), or declare a wider support"
    name: str
    value: str
    row: int
    support: str
    count: int
    rows: int


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


def context_rows(
    names: Sequence[str], context: Any, rows: int | None, dtype: DTypeLike
) -> NDArray[Any] | None:
    """The context as an array (rows, C), one row repeated for all; None for a flow that has none.

    rows      how many are needed; None for as many as there are
    Errors:   FlowError, where it does not fit.
    """
    if not is_conditional(names, context):
        return None
    given = table(context, "context", len(names), dtype)
    if rows is None or len(given) == rows:
        return given
    if len(given) != 1:
        found = f"{len(given)} row{'s' * (len(given) != 1)}"
        raise FlowError(WrongContextRows(found=found, needed=rows))
    return np.repeat(given, rows, axis=0)


def numbers(values: Any, name: str, dtype: DTypeLike) -> NDArray[Any]:
    """An array of numbers.

    Errors:   FlowError, where it holds anything else.
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biuf":
            raise ValueError
    except ValueError:
        raise FlowError(NotNumbers(name=name)) from None
    with np.errstate(over="ignore"):  # what is too large for a float32 is infinite there
        return array.astype(dtype)


def table(
    values: Any, name: str, width: int, dtype: DTypeLike, columns: Sequence[str] = ()
) -> NDArray[Any]:
    """An array (rows, width); one row may be given as a vector.

    columns   their names, for the message
    Errors:   FlowError, where it is of another shape.
    """
    array = numbers(values, name, dtype)
    array = array[None] if array.ndim == 1 and len(array) == width else array
    if array.ndim != 2 or array.shape[1] != width:
        listed = f" ({', '.join(columns[:LISTED])})" if columns else ""
        raise wrong_width(name, array.shape, width, "an array of shape (rows, {})", listed)
    return array


def vector(values: Any, name: str, dtype: DTypeLike) -> NDArray[Any]:
    """An array (rows,), for a flow of numbers; (rows, 1) is one too.

    Errors:   FlowError, where it is of another shape.
    """
    array = np.atleast_1d(numbers(values, name, dtype))
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise FlowError(
            WrongShape(
                name=name,
                shape=written_shape(array.shape),
                needed="the flow is a scalar",
                wanted="a vector of numbers",
            )
        )
    return array


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
