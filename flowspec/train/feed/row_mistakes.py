"""The mistakes that rows of data can hold."""

from __future__ import annotations

from flowspec.diagnostics.diagnostic import Diagnostic, mistake

LEAVE_OUT = "leave these rows out (`flowspec fit --drop-bad-rows` does)"
DOUBLE = "`--precision 64`, in Python `precision=64`, computes in float64"
ROUNDED = f"that comes of rounding to float32; {DOUBLE}"


@mistake
class NotFiniteRows(Diagnostic):
    message = (
        "column `{name}` is missing or not finite in {count} of {rows:row}, "
        "first in row {row}: {value}"
    )
    note = "{reason}"
    help = LEAVE_OUT + ", or fill them in"
    name: str
    count: int
    rows: int
    row: int
    value: str
    reason: str = ""


@mistake
class OutsideRows(Diagnostic):
    message = (
        "{count} of {rows:row} lie outside the support of {names} {support}, "
        "the first is row {row}: {value}"
    )
    note = "{reason}"
    help = "{advice}, or " + LEAVE_OUT
    names: str
    support: str
    count: int
    rows: int
    row: int
    value: str
    advice: str
    reason: str = ""


@mistake
class ConstantContext(Diagnostic):
    message = "context `{name}` is {value} in all {rows:row}"
    note = "{reason}"
    help = "leave it out of `context`: from one value nothing can be learned of others"
    name: str
    value: str
    rows: int
    reason: str = ""


@mistake
class ConstantColumn(Diagnostic):
    message = "column `{name}` is {value} in all {rows:row}"
    note = "{reason}"
    help = "leave it out of `event`: what never changes has no density"
    name: str
    value: str
    rows: int
    reason: str = ""


@mistake
class NotWholeRows(Diagnostic):
    message = (
        "`{name}` has {count} of {rows:row} that are not whole numbers, "
        "so it cannot be dequantized; the first is row {row}: {value}"
    )
    help = "leave `{name}` out of `dequantize`, or round it"
    name: str
    value: str
    count: int
    rows: int
    row: int


@mistake
class TooLargeToDequantize(Diagnostic):
    message = (
        "`{name}` is to be dequantized, but too large for that in {count} of {rows:row}, "
        "first in row {row}: {value}"
    )
    note = "{reason}"
    help = "leave `{name}` out of `dequantize`, or count from another number on"
    name: str
    value: str
    count: int
    rows: int
    row: int
    reason: str


@mistake
class BadWeights(Diagnostic):
    message = (
        "the weight is {value} in row {row}; "
        "it is missing, negative or infinite in {count} of {rows:row}"
    )
    help = LEAVE_OUT + ", or correct them"
    value: str
    count: int
    rows: int
    row: int


@mistake
class NoWeight(Diagnostic):
    message = "all weights are 0"
    help = "give positive weights"


@mistake
class TooFewRows(Diagnostic):
    message = "the data has {count}"
    help = "give at least two"
    count: str


@mistake
class NoOutputToDequantize(Diagnostic):
    family = "not-dequantizable"
    message = "`{name}` cannot be dequantized: it is no output of the flow"
    help = "{advice}"
    name: str
    advice: str


@mistake
class JointToDequantize(Diagnostic):
    family = "not-dequantizable"
    message = "`{name}` cannot be dequantized: it is one of {values}"
    help = "leave it out of `dequantize`"
    name: str
    values: str
