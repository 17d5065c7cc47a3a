"""Mistakes of a transform behind a support: its domain, its coordinates, the event."""

from __future__ import annotations

from flowspec.diagnostics.diagnostic import Diagnostic, mistake
from flowspec.diagnostics.repairs import Edit, before
from flowspec.parts.mistakes import InComponent


@mistake
class DomainMismatch(InComponent):
    message = "{part} cannot take every value that {giver} gives it"
    label = "takes only {takes}"
    contrast = "gives {gives}"
    note = "{cause}"
    help = "{adapter}"
    repair = before("{steps} |> ")
    giver: str
    takes: str
    gives: str
    cause: str = ""
    adapter: str = ""
    steps: str = ""
    bounds: tuple[Edit, ...] = ()


@mistake
class NeedsVector(InComponent):
    message = "{part} acts on a vector, but {giver} gives a single number"
    contrast = "gives a single number"
    help = "make the base a vector, for example `Normal(0, 1)[2]`"
    giver: str


@mistake
class TiedCoordinates(InComponent):
    message = "{part} acts on single coordinates, but {giver} gives {gives}"
    contrast = "gives {gives}"
    help = "put {part} before the step that ties the coordinates together"
    giver: str
    gives: str


@mistake
class WrongSize(InComponent):
    message = "{part} is for {expected}, but {giver} gives {found}"
    contrast = "gives {found}"
    help = "{advice}"
    expected: str
    found: str
    giver: str
    advice: str = ""


@mistake
class EventMismatch(Diagnostic):
    message = "`{name}` is declared {declared}, but the flow gives {gives}"
    label = "declared here"
    note = "{cause}"
    help = "{advice}"
    name: str
    declared: str
    gives: str
    advice: str
    cause: str = ""
    derived: str = ""
    onto: bool = False


@mistake
class EventCount(Diagnostic):
    message = "`event` names {names}, but the flow gives {found}"
    help = "{advice}"
    found: str
    names: str
    advice: str


@mistake
class WrongCoordinate(InComponent):
    message = "there is no coordinate {found}: the flow has {size} here"
    help = "coordinates are counted from 0, so the last is {last}"
    found: int
    size: int
    last: int


@mistake
class RepeatedCoordinate(InComponent):
    message = "a coordinate is named twice"
    help = "name each coordinate once"


@mistake
class SplitGroup(InComponent):
    message = "the coordinates cut through a group that belongs together"
    contrast = "ties coordinates together"
    help = "name the whole group, in its order, or none of it"
    giver: str


@mistake
class ScatteredCoordinates(InComponent):
    message = "{inner} changes the number of coordinates, so it acts on neighbours only"
    help = "name coordinates that stand side by side, in their order"
    inner: str
