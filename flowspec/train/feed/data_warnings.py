"""Warnings of data that can be trained on, but that a density cannot fit well."""

from __future__ import annotations

import inspect
from typing import ClassVar

from flowspec.diagnostics.diagnostic import Diagnostic, code_of, mistake
from flowspec.diagnostics.render import Level

DOUBLE = "train in float64 (`--precision 64`, in Python `precision=64`)"


@mistake
class DataWarning(Diagnostic):
    """A kind of warnings: of rows that a density cannot fit well.

    rows   the rows that were looked at, in words
    """

    level: ClassVar[Level] = "warning"
    rows: str


@mistake
class WholeNumbers(DataWarning):
    """A column of `event` that holds few different whole numbers only, and is not dequantized.

    To do: `train { dequantize = [column] }`, so that k stands for all of [k, k + 1).
    """

    message = "column `{name}` holds whole numbers only, {distinct} different ones in {rows}"
    note = "the density of a number that stands alone has no bound, and the loss falls without end"
    help = "{advice}"
    name: str
    advice: str
    distinct: int


@mistake
class WholeSteps(DataWarning):
    """A column of `event` that holds multiples of one whole number only: 5, 10, 15.

    To do: divide it by that number, and dequantize it.
    """

    message = "column `{name}` holds multiples of {step} only, {distinct} different ones in {rows}"
    note = "the density of a number that stands alone has no bound, and the loss falls without end"
    help = "divide it by {step}, and {advice}"
    name: str
    advice: str
    step: int
    distinct: int


@mistake
class RepeatedValue(DataWarning):
    """A value that a large share of the rows has, to the last digit: zeros among real numbers.

    To do: train on the other rows, with a context or a model of its own for who has the value.
    """

    message = "column `{name}` is {value} in {count} of {rows}"
    note = "the density of a value that many rows have has no bound, and the loss falls without end"
    help = "{advice}"
    name: str
    value: str
    count: int
    advice: str


@mistake
class RepeatedRows(DataWarning):
    """Rows that occur more than once, more of them than rounding explains.

    To do: keep one of each, with the number of its copies as a weight.
    """

    message = "{count} of {rows} occur more than once"
    note = (
        "of rows that are trained on and held out alike, the validation loss tells nothing; "
        "it falls without end"
    )
    help = "{advice}"
    count: int
    advice: str


@mistake
class LinearColumn(DataWarning):
    """A column that is a linear function of others, or nearly: a sum, a total, another unit.

    To do: leave it out of `event`, and compute it from the others.
    """

    message = "column `{name}` is a linear function of {others}, in {rows}"
    note = "then the rows lie in a plane, where a density has no bound: the loss falls without end"
    help = "leave `{name}` out of `event`, and compute it from the others"
    name: str
    others: str


@mistake
class Sentinel(DataWarning):
    """A value far outside all others that stands in many rows: -999 for what is missing.

    To do: leave these rows out, or leave the cells empty and give `--drop-bad-rows`.
    """

    message = "column `{name}` is {value} in {count} of {rows}, far outside the others"
    note = "half of the others lie between {low} and {high}"
    help = (
        "if it stands for a missing number, leave these rows out, or leave the cells empty and "
        "give `--drop-bad-rows`"
    )
    name: str
    value: str
    count: int
    low: str
    high: str


@mistake
class FarRows(DataWarning):
    """Single rows, or a tail, that make the standard deviation many times the width of the rest.

    To do: leave wrong rows out; give a tail a support, `positive`, or steps with heavy tails.
    """

    message = (
        "column `{name}` has a standard deviation of {deviation}, "
        "made by {count} of {rows}; the farthest is {value}"
    )
    note = "half of the rows lie between {low} and {high}: so scaled, they are all alike"
    help = "look at these rows, and leave them out; if they are right, {advice}"
    name: str
    deviation: str
    count: int
    value: str
    low: str
    high: str
    advice: str


@mistake
class NearRounding(DataWarning):
    """A column whose spread is few steps of the float type at its size: a time in seconds.

    To do: subtract what all rows have in common, or train in float64 (`--precision 64`).
    """

    message = (
        "column `{name}` hardly moves more than {dtype} rounds: its spread is {spread}, "
        "and the steps of {dtype} at {size} are {step}"
    )
    help = "{advice}"
    name: str
    dtype: str
    spread: str
    size: str
    step: str
    advice: str


@mistake
class LostToRounding(NearRounding):
    """A column whose spread is lost to the float type: a training of it is refused.

    To do: subtract what all rows have in common, or train in float64 (`--precision 64`).
    """

    level: ClassVar[Level] = "error"
    message = (
        "column `{name}` is lost to {dtype}: its spread is {spread}, "
        "and the steps of {dtype} at {size} are {step}"
    )


def explained(code: str) -> str | None:
    """A warning at length, by its code; None if there is none of that code."""
    kind = kinds().get(code)
    if kind is None:
        return None
    level = "an error" if kind.level == "error" else "a warning"
    told = f"{code}: {level} of data, told by `flowspec fit` and `flowspec check FILE --data TABLE`"
    return f"{told}\n\n{inspect.cleandoc(kind.__doc__ or '')}"


def kinds() -> dict[str, type[DataWarning]]:
    """Everything that is told of data before a training, by its code."""
    found = [DataWarning]
    for kind in found:
        found += kind.__subclasses__()
    return {code_of(kind): kind for kind in found if "message" in vars(kind)}
