"""Targets of graphs: what can be asked of each, and its refusals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import onnx_ir as ir

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake, suggest
from flowspec.export.profiles import FLOATS, ONNXRUNTIME, PROFILES, Profile
from flowspec.ops.tape import Entry, Tape
from flowspec.runtime.targets import OF_ONE_VECTOR

LARGEST_BATCH = 2**24

MOST_UNROLLED = 100_000
"""Operations that a loop may be written out to."""


@mistake
class UnknownTarget(Diagnostic):
    message = "there is no target {name}"
    help = "{advice}"
    name: str
    advice: str


@mistake
class UnknownDtype(Diagnostic):
    message = "there is no dtype {dtype}"
    help = "choose {known}"
    dtype: str
    known: str


@mistake
class DtypeMissing(Diagnostic):
    message = "{target} does not compute in {dtype}"
    help = "choose {known}, or another target"
    target: str
    dtype: str
    known: str


@mistake
class ImpossibleBatch(Diagnostic):
    message = "a batch of {batch:row} cannot be"
    help = "give a positive number of rows, up to 2^24"
    batch: int


@mistake
class BatchNeeded(Diagnostic):
    message = "{target} runs graphs of a fixed number of rows only"
    help = "say how many with `batch`"
    target: str


@mistake
class RowsFixed(Diagnostic):
    message = "graphs for {target} take {rows} row at a time, not {batch}"
    help = "leave `batch` out"
    target: str
    rows: int
    batch: int


@mistake
class GraphsMissing(Diagnostic):
    message = "{target} gets no graphs of gradients"
    help = "leave `gradient` out, or choose another target"
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
    message = "{target} has no loops, and that of {place} would be {operations:,} operations"
    help = "give it fewer coordinates, layers or steps, or choose another target"
    target: str
    place: str
    operations: int


@dataclass(frozen=True)
class Target:
    """The target of the graphs of a bundle.

    dtype     "float32" or "float64"
    opset     version of the ONNX operators
    batch     None for any number of rows, else a fixed one
    profile   its abilities
    data      the float type in which points come, where it is another than that of the graphs
    keeps_stages   True where what masked networks have worked out is kept, stage by stage: in C
    """

    dtype: str = "float32"
    opset: int = ONNXRUNTIME.lowest_opset
    batch: int | None = None
    profile: Profile = ONNXRUNTIME
    data: str | None = None
    keeps_stages: bool = False

    @property
    def one_vector(self) -> bool:
        """True where one row goes in as one vector."""
        return self.profile.name in OF_ONE_VECTOR

    @property
    def ir_version(self) -> int:
        return self.profile.ir_versions[self.opset]


def of_rows(target: Target) -> Target:
    """The target, or for graphs of one vector one with the same numbers in rows."""
    if not target.one_vector:
        return target
    return Target(target.dtype, target.opset)


def checked(target: Target) -> Target:
    """The target.

    Errors:  FlowError, where it is not to be had.
    """
    if problems := list(_impossible(target)):
        raise FlowError(problems)
    return target


def target_of(
    name: str = ONNXRUNTIME.name,
    dtype: str = "float32",
    opset: int = ONNXRUNTIME.lowest_opset,
    batch: int | None = None,
) -> Target:
    """The target of this name.

    Errors:  FlowError, where it is not to be had.
    """
    if name not in PROFILES:
        near = suggest(name, PROFILES)
        advice = f"did you mean {near}?" if near else "`flowspec targets` lists them"
        raise FlowError(UnknownTarget(name=repr(name), advice=advice))
    profile = PROFILES[name]
    return checked(Target(dtype, opset, profile.rows if batch is None else batch, profile))


def _impossible(target: Target) -> Iterable[Diagnostic]:
    profile, batch = target.profile, target.batch
    if target.dtype not in FLOATS:
        yield UnknownDtype(dtype=repr(target.dtype), known=" or ".join(FLOATS))
    elif target.dtype not in profile.dtypes:
        known = " or ".join(profile.dtypes)
        yield DtypeMissing(target=profile.name, dtype=target.dtype, known=known)
    if batch is not None and not 1 <= batch <= LARGEST_BATCH:
        yield ImpossibleBatch(batch=batch)
    elif batch is not None and profile.rows not in (None, batch):
        yield RowsFixed(target=profile.name, rows=profile.rows, batch=batch)
    if batch is None and not profile.any_batch:
        yield BatchNeeded(target=profile.name)
    if target.opset not in profile.ir_versions:
        lowest, highest = profile.lowest_opset, profile.highest_opset
        yield OpsetUnsupported(opset=target.opset, lowest=lowest, highest=highest)


def check_loops(tape: Tape, target: Target) -> None:
    """Refuse loops that would be too long to write out, where the target has none.

    Errors:  FlowError, with the step of the first one.
    """
    if target.profile.dialect.loops:
        return
    for entry in tape.entries:
        if entry.op == "loop" and (length := _length(entry)) > MOST_UNROLLED:
            place = place_of(entry.scope)
            raise FlowError(
                LoopsMissing(target=target.profile.name, place=place, operations=length)
            )


def _length(entry: Entry) -> int:
    """The number of operations of an entry, loops written out."""
    if entry.op != "loop":
        return 1
    count, body = entry.operands[:2]
    return int(count) * sum(map(_length, body.entries))


def check_graph(graph: ir.Graph, target: Target) -> None:
    """Refuse operators that the target lacks.

    Each is told once, with the first place that needs it.

    Errors:  FlowError.
    """
    profile = target.profile
    if profile.operators is None:
        return
    needed: dict[str, str] = {}
    for node in graph.all_nodes():
        needed.setdefault(node.op_type, node.name or "")
    if missing := sorted(needed.keys() - profile.operators):
        raise FlowError(
            [
                OperatorMissing(
                    target=profile.name, operator=operator, place=place_of(needed[operator])
                )
                for operator in missing
            ]
        )


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
