"""Targets of graphs: a table of the abilities of each, and its refusals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

import onnx_ir as ir

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.ops.tape import Entry, Tape

LARGEST_BATCH = 2**24


@mistake
class UnknownDtype(Diagnostic):
    message = "there is no dtype {dtype}"
    help = "choose {known}"
    dtype: str
    known: str


@mistake
class ImpossibleBatch(Diagnostic):
    message = "a batch of {batch} rows cannot be"
    help = "give a positive number of rows, up to 2^24"
    batch: int


@mistake
class BatchNeeded(Diagnostic):
    message = "{target} runs graphs of a fixed number of rows only"
    help = "say how many with `batch`"
    target: str


@mistake
class OpsetUnsupported(Diagnostic):
    message = "opset {opset} is not supported"
    help = "choose {lowest} to {highest}; {lowest} opens everywhere"
    opset: int
    lowest: int
    highest: int


@mistake
class OperatorMissing(Diagnostic):
    message = "{target} has no operator {operator}, which {place} needs"
    help = "write the flow with another step, or choose another target"
    target: str
    operator: str
    place: str


@mistake
class LoopsMissing(Diagnostic):
    message = "{target} has no loops, and {place} needs one"
    help = "write the flow with another step, or choose another target"
    target: str
    place: str


@mistake
class WholeNumbersMissing(Diagnostic):
    message = "{target} does not compute with 64-bit whole numbers, and {place} needs them"
    help = "write the flow with another step, or choose another target"
    target: str
    place: str


@dataclass(frozen=True)
class Profile:
    """The abilities of a target.

    name            as messages call it
    ir_versions     opset -> the oldest IR version that carries it, so that the oldest
                    runtimes open
                    the file
    operators       of ai.onnx; None for all
    dtypes          of the graphs' inputs and outputs
    loops           True if it runs `Loop`
    any_batch       True if it runs graphs whose number of rows is open
    int64           True if it computes with int64
    """

    name: str
    ir_versions: Mapping[int, int]
    operators: frozenset[str] | None = None
    dtypes: tuple[str, ...] = ("float32", "float64")
    loops: bool = True
    any_batch: bool = True
    whole_numbers: bool = True

    @property
    def lowest_opset(self) -> int:
        return min(self.ir_versions)

    @property
    def highest_opset(self) -> int:
        return max(self.ir_versions)


ONNXRUNTIME = Profile("onnxruntime", {18: 8, 19: 9, 20: 9, 21: 10, 22: 10})

PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in (ONNXRUNTIME,)}
"""Every target, by name."""


@dataclass(frozen=True)
class Target:
    """The target of the graphs of a bundle.

    dtype     "float32" or "float64"
    opset     version of the ONNX operators
    batch     None for any number of rows, else a fixed one
    profile   its abilities
    data      the float type in which points come, where it is another than that of the graphs
    """

    dtype: str = "float32"
    opset: int = ONNXRUNTIME.lowest_opset
    batch: int | None = None
    profile: Profile = ONNXRUNTIME
    data: str | None = None

    @property
    def ir_version(self) -> int:
        return self.profile.ir_versions[self.opset]


def checked(target: Target) -> Target:
    """The target.

    Errors:  FlowError, where it is not to be had.
    """
    if problems := list(_impossible(target)):
        raise FlowError(problems)
    return target


def _impossible(target: Target) -> Iterable[Diagnostic]:
    profile = target.profile
    if target.dtype not in profile.dtypes:
        yield UnknownDtype(dtype=repr(target.dtype), known=" or ".join(profile.dtypes))
    if target.batch is not None and not 1 <= target.batch <= LARGEST_BATCH:
        yield ImpossibleBatch(batch=target.batch)
    if target.batch is None and not profile.any_batch:
        yield BatchNeeded(target=profile.name)
    if target.opset not in profile.ir_versions:
        lowest, highest = profile.lowest_opset, profile.highest_opset
        yield OpsetUnsupported(opset=target.opset, lowest=lowest, highest=highest)


def check_graph(tape: Tape, graph: ir.Graph, target: Target) -> None:
    """Refuse what the target cannot run.

    Each thing is told once, with the first place that needs it.

    Errors:  FlowError.
    """
    if problems := list(_refused(tape, graph, target.profile)):
        raise FlowError(problems)


def _refused(tape: Tape, graph: ir.Graph, profile: Profile) -> Iterable[Diagnostic]:
    if not profile.loops:
        loops = (entry for entry in tape.entries if entry.op == "loop")
        for entry in _first(loops):
            yield LoopsMissing(target=profile.name, place=place_of(entry.scope))
    if not profile.whole_numbers:
        whole = (entry for entry in _all_entries(tape) if entry.dtype == "int64")
        for entry in _first(whole):
            yield WholeNumbersMissing(target=profile.name, place=place_of(entry.scope))
    if profile.operators is not None:
        needed: dict[str, str] = {}
        for node in graph.all_nodes():
            needed.setdefault(node.op_type, node.name or "")
        for operator in sorted(needed.keys() - profile.operators - {"Loop"}):
            yield OperatorMissing(
                target=profile.name, operator=operator, place=place_of(needed[operator])
            )


def _first(entries: Iterable[Entry]) -> Iterable[Entry]:
    yield from [entry for entry, _ in zip(entries, range(1), strict=False)]


def _all_entries(tape: Tape) -> Iterable[Entry]:
    bodies = (x for entry in tape.entries for x in entry.operands if isinstance(x, Tape))
    return chain(tape.inputs.values(), tape.entries, *(_all_entries(body) for body in bodies))


def place_of(path: str) -> str:
    """The owner of a node or a scope, in words: "steps.1.tanh/Mul_3" is step 2, tanh."""
    scope = path.partition("/")[0] if "/" in path else ""
    kind, _, rest = scope.partition(".")
    if kind != "steps":
        return f"the {scope}" if scope else "the graph"
    places, _, name = rest.partition(".")
    numbers = [int(place) + 1 for place in places.split("+")]
    steps = " and ".join(map(str, numbers))
    return f"step{'s' if len(numbers) > 1 else ''} {steps}, {name}"
