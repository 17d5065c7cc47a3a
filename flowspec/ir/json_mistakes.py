"""Mistakes in the JSON of a flow."""

from __future__ import annotations

from flowspec.diagnostics.diagnostic import Diagnostic, mistake


@mistake
class SchemaMismatch(Diagnostic):
    message = "the flow does not follow the schema: {what}"
    help = "`flowspec show FILE --format json` writes a flow that does"
    what: str


@mistake
class FalseSupport(Diagnostic):
    message = "the stated support is not the one that follows from the steps"
    help = "leave `output` out, or write: {derived}"
    derived: str


@mistake
class UnknownContext(Diagnostic):
    message = "there is no context variable `{name}`"
    help = "declare it under `context`"
    name: str


@mistake
class RaggedArray(Diagnostic):
    message = "the rows of the array have different lengths"
    help = "give every row the same number of entries"
