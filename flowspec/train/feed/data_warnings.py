"""Warnings of data that can be trained on, but that a density cannot fit well."""

from __future__ import annotations

from typing import ClassVar

from flowspec.diagnostics.diagnostic import Diagnostic, mistake
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
    message = "column `{name}` holds whole numbers only, {distinct} different ones in {rows}"
    note = "the density of a number that stands alone has no bound, and the loss falls without end"
    help = "{advice}"
    name: str
    advice: str
    distinct: int


@mistake
class WholeSteps(DataWarning):
    message = "column `{name}` holds multiples of {step} only, {distinct} different ones in {rows}"
    note = "the density of a number that stands alone has no bound, and the loss falls without end"
    help = "divide it by {step}, and {advice}"
    name: str
    advice: str
    step: int
    distinct: int


@mistake
class RepeatedValue(DataWarning):
    message = "column `{name}` is {value} in {count} of {rows}"
    note = "the density of a value that many rows have has no bound, and the loss falls without end"
    help = "{advice}"
    name: str
    value: str
    count: int
    advice: str


@mistake
class RepeatedRows(DataWarning):
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
    message = "column `{name}` is a linear function of {others}, in {rows}"
    note = "then the rows lie in a plane, where a density has no bound: the loss falls without end"
    help = "leave `{name}` out of `event`, and compute it from the others"
    name: str
    others: str


@mistake
class Sentinel(DataWarning):
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
    level: ClassVar[Level] = "error"
    message = (
        "column `{name}` is lost to {dtype}: its spread is {spread}, "
        "and the steps of {dtype} at {size} are {step}"
    )
