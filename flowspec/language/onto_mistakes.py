"""Mistakes in `Onto`."""

from __future__ import annotations

from flowspec.diagnostics.diagnostic import Diagnostic, mistake
from flowspec.diagnostics.repairs import replace


class BadOnto(Diagnostic):
    """`Onto` where it cannot go."""

    family = "bad-onto"


@mistake
class OntoWithoutEvent(BadOnto):
    message = "there is no `event` statement to go onto"
    help = "declare one: `event x, y: real`"


@mistake
class OntoTarget(BadOnto):
    message = "`Onto` takes `event`, or the name of a support"
    help = "write `Onto(event)` or `Onto(positive)`"
    repair = replace("Onto(event)")


@mistake
class NoSuchEnd(BadOnto):
    message = "`{name}` has no {what}: it holds {support}"
    help = "leave it out of `{option}`"
    name: str
    support: str
    option: str
    what: str


@mistake
class OntoInBlock(BadOnto):
    message = "`Onto` cannot stand inside `{form}`"
    help = "put it behind the block"
    form: str


@mistake
class OntoTied(BadOnto):
    message = "`Onto` starts from single numbers, and these are tied together"
    help = "put it before the step that ties them"


@mistake
class OntoSize(BadOnto):
    message = "`event` needs {needed:coordinate} here, and the flow has {size}"
    help = "a simplex of n names takes n - 1 coordinates; every other name takes one"
    needed: int
    size: int


@mistake
class NoWayOnto(BadOnto):
    message = "there is no standard way from {gives} to {takes}"
    help = "{advice}"
    gives: str
    takes: str
    advice: str = "start these coordinates from a base on the right support"
