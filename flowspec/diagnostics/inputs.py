"""Mistakes in what is given to a flow that runs."""

from __future__ import annotations

from flowspec.diagnostics.diagnostic import Diagnostic, mistake


@mistake
class WrongInput(Diagnostic):
    message = "{what}"
    help = "{advice}"
    what: str
    advice: str


@mistake
class ContextMissing(Diagnostic):
    message = "this flow is conditional: it needs {names}"
    help = "give `context`, an array of shape (rows, {count})"
    names: str
    count: int
