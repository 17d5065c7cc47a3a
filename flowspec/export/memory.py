"""The memory that a compilation takes, estimated from the weights of a flow and the tapes of
its graphs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.quantities import size_in_words
from flowspec.export.constants import component_of, constants
from flowspec.ir.flow import Flow
from flowspec.ops.tape import Tape
from flowspec.parts.trees import values
from flowspec.parts.values import Value, shape_of

ANYWHERE = 4e9
LIBRARIES = 1.2e8
COPIES = 4.2
"""Copies of weights and graphs that are held at once: as they are read, checked and written."""
ENTRY = 4e3
"""Bytes for an operation of a graph."""
DENSE = 0.75
"""Bytes of graphs for a byte of weights, where the graphs are not recorded yet."""


@mistake
class TooLarge(Diagnostic):
    message = "compiling this flow would take about {needed} of memory, and {limit} are free"
    label = "{share} of it are for this step"
    note = "{sizes}"
    help = "{advice}"
    needed: str
    limit: str
    share: str
    sizes: str
    advice: str


def check_memory(flow: Flow, tapes: Mapping[str, Tape] | None = None) -> float:
    """The bytes that it takes to build the graphs of a flow; more than are free are refused.

    tapes     its graphs, None where they are not recorded yet
    Errors:   FlowError, with the step that is to blame.
    """
    weights = _weights(flow)
    recorded = _graphs(tapes) if tapes else {}
    graphs = sum(recorded.values()) if tapes else DENSE * sum(weights.values())
    operations = sum(len(tape.entries) for tape in (tapes or {}).values())
    written = sum(weights.values())
    needed = LIBRARIES + COPIES * (written + graphs) + ENTRY * operations
    free = free_memory()
    if needed <= free:
        return needed
    shares = {path: weights[path] + recorded.get(path, 0.0) for path in weights}
    worst = max(shares, key=lambda path: shares[path])
    share = shares[worst] / sum(shares.values())
    raise FlowError(
        TooLarge(
            span=_span(flow, worst),
            needed=size_in_words(needed),
            limit=size_in_words(free),
            share=f"{100 * share:.0f} %" if share > 0.1 else "",
            sizes=f"{size_in_words(written)} of weights, {size_in_words(graphs)} of graphs",
            advice=_advice(flow, worst),
        )
    )


def free_memory() -> float:
    """The bytes of memory that are free, or as much as any machine has."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return 1024 * next(float(line.split()[1]) for line in lines if "MemAvailable" in line)
    except (OSError, StopIteration):
        return ANYWHERE


def _advice(flow: Flow, worst: str) -> str:
    dense = "hidden" not in vars(dict(flow.components)[worst])
    first = "act on fewer coordinates at once" if dense else "give it fewer or smaller layers"
    return f"{first}, or repeat it less often"


def _weights(flow: Flow) -> dict[str, float]:
    """Bytes of the numbers of each component, by its path."""
    return {
        path: sum(8.0 * _count(value) for *_, value in values(part, path))
        for path, part in flow.components
    }


def _count(value: Value) -> int:
    return math.prod(shape_of(value))


def _graphs(tapes: Mapping[str, Tape]) -> dict[str, float]:
    """Bytes of the constants of each component, by its path: the first one of a merged step."""
    sizes = {
        (name, id(array)): (component_of(entry), float(array.size * entry.dtype.itemsize))
        for name, tape in tapes.items()
        for entry, array in constants(tape)
        if isinstance(array, np.ndarray)
    }
    bytes_of: dict[str, float] = {}
    for path, count in sizes.values():
        bytes_of[path] = bytes_of.get(path, 0.0) + count
    return bytes_of


def _span(flow: Flow, path: str) -> Any:
    place = path.removeprefix("steps.")
    return flow.steps[int(place)].span if place.isdigit() else None
