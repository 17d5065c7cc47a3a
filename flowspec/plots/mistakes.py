"""The mistakes in what is to be drawn."""

from __future__ import annotations

from flowspec.diagnostics.diagnostic import mistake
from flowspec.diagnostics.inputs import WrongInput


@mistake
class NotConditional(WrongInput):
    message = "there is no context for `--kind {kind}`: this bundle is not conditional"
    help = "draw it without `--kind`"
    kind: str


@mistake
class DataNeeded(WrongInput):
    message = "this bundle is conditional: there is nothing to draw without contexts"
    help = "add --data and a table with columns {columns}"
    columns: str


@mistake
class NothingVaries(WrongInput):
    message = "`--context` names what varies in a picture of kind `conditional`"
    help = "add `--kind conditional`"


@mistake
class SeveralVariables(WrongInput):
    message = "the context has several variables: {variables}"
    help = "add `--context {first}` to vary this one"
    variables: str
    first: str


@mistake
class NoSuchVariable(WrongInput):
    message = "the context has no variable `{name}`"
    help = "{advice}"
    name: str
    advice: str


@mistake
class ConstantVariable(WrongInput):
    message = "`{name}` is {value} in every row: there is nothing to vary"
    help = "draw `--kind calibration`"
    name: str
    value: str


@mistake
class NoFiniteRow(WrongInput):
    message = "{table} has no row whose numbers are all finite"
    help = "fill in what is missing"
    table: str


@mistake
class ContextOutsideInTable(WrongInput):
    message = "context `{name}` is {value} in row {row} of {table}, outside of {support}"
    help = "leave such rows out ({count} of {rows}), or {advice}"
    name: str
    value: str
    row: int
    table: str
    support: str
    count: int
    rows: int
    advice: str
