"""The cost of a flow's graphs, estimated from their tapes before any of them is built.

Tapes are recorded in a fraction of a second. What takes time behind them is the writing of
nodes, and the runs that measure the certificate and the conformance vectors.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.export.graphs import GRAPHS
from flowspec.export.memory import check_memory
from flowspec.export.targets import Target
from flowspec.ir.flow import Flow
from flowspec.ir.size import may_be_large
from flowspec.model.matrices import spare
from flowspec.model.model import Model
from flowspec.ops.tape import Tape
from flowspec.ops.tape.tape import Entry
from flowspec.parts.limits import LONGEST_COMPILATION

RUNS = 200
"""Rows that are evaluated in all: those of the vectors, in two float types and directions."""
QUADRATURE = 4000
"""Rows more, where the density of a scalar flow is integrated."""


@mistake
class TooCostly(Diagnostic):
    message = "compiling this flow would take about {minutes} minutes, more than {limit} s"
    label = "{share} of it are for this step"
    note = "{operations:,} operations of graphs, loops counted as often as they run"
    help = "give it fewer or smaller layers, fewer steps of a solver, or repeat it less often"
    minutes: int
    limit: int
    share: str
    operations: int


class Expense(NamedTuple):
    """What a compilation takes, as estimated: seconds of one core, bytes of memory."""

    seconds: float
    memory: float


class Cost(NamedTuple):
    """The cost of a tape.

    entries     operations that are written
    operations  operations that are run, loops counted as often as they turn
    products    multiplications of matrix products for one row
    """

    entries: int = 0
    operations: int = 0
    products: float = 0.0

    def plus(self, other: Cost, times: int = 1) -> Cost:
        operations = self.operations + times * other.operations
        products = self.products + times * other.products
        return Cost(self.entries + other.entries, operations, products)

    def seconds(self, rows: int) -> float:
        """The time that it takes on one core. Measured; long graphs take more than long."""
        written = 1.5e-4 * self.entries * (1 + self.entries / 1e5)
        return written + 3e-5 * self.operations + 1.2e-9 * rows * self.products


def check_cost(flow: Flow, tapes: Mapping[str, Tape]) -> Expense:
    """What it takes to build the graphs of a flow; what takes too much is refused.

    tapes     its graphs, recorded
    Errors:   FlowError, with the step that is to blame.
    """
    needed = check_memory(flow, tapes)
    rows = RUNS + (QUADRATURE if flow.space.scalar else 0)
    steps = _by_step(tapes.values())
    total = Cost()
    for cost in steps.values():
        total = total.plus(cost)
    seconds = total.seconds(rows)
    if seconds <= LONGEST_COMPILATION:
        return Expense(seconds, needed)
    scope, worst = max(steps.items(), key=lambda item: item[1].seconds(rows))
    raise FlowError(
        TooCostly(
            span=next((step.span for i, step in enumerate(flow.steps) if _is_at(i, scope)), None),
            minutes=max(1, round(seconds / 60)),
            limit=LONGEST_COMPILATION,
            share=_share(worst.seconds(rows) / seconds),
            operations=total.operations,
        )
    )


def _share(part: float) -> str:
    """A share in words; "" where none stands out."""
    return f"{100 * part:.0f} %" if part > 0.1 else ""


def check_compilation(flow: Flow) -> Expense | None:
    """The same for a flow that nobody has recorded yet, if `may_be_large`; None for a small one."""
    if not may_be_large(flow):
        return None
    check_memory(flow)
    fixed, target = Model(flow).fixed, Target("float32")
    spare(fixed.steps)
    return check_cost(flow, {name: record(fixed, target) for name, record in GRAPHS.items()})


def _is_at(index: int, scope: str) -> bool:
    """True if a scope of a graph is that of a step, merged or not: `steps.0+1.affine`."""
    places = scope.removeprefix("steps.").partition(".")[0]
    return scope.startswith("steps.") and str(index) in places.split("+")


def _by_step(tapes: Iterable[Tape]) -> dict[str, Cost]:
    """The cost of each step, by its scope: `steps.1.rqs`."""
    costs: dict[str, Cost] = {}
    for tape in tapes:
        for entry in tape.entries:
            step = entry.scope.partition("/")[0]
            costs[step] = costs.get(step, Cost()).plus(_of_entry(entry))
    return costs


def _of_entry(entry: Entry) -> Cost:
    if entry.op != "loop":
        return Cost(1, 1, _products(entry))
    count, body = entry.operands[:2]
    turn = Cost()
    for inner in body.entries:
        turn = turn.plus(_of_entry(inner))
    return Cost(1, 1).plus(turn, count)


def _products(entry: Entry) -> float:
    if entry.op not in ("matmul", "linear", "combine", "solve"):
        return 0.0
    matrix: tuple[int, ...] = getattr(entry.operands[0], "shape", ())
    return float(math.prod(length or 1 for length in matrix))
